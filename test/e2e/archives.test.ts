// Volumes as tarballs, from and to real engines: an independent tar and rsync say whether they are what they should be.
import { createHash } from 'node:crypto'
import { access, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeZoo } from '../../agent/volume/testing/zoo.ts'
import type { VolumeArchive } from '../../shared/api/archives.ts'
import type { Problem } from '../../shared/api/common.ts'
import { CommandFailed, run } from '../lab/command.ts'
import { dray } from '../lab/drayage.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'
import { differences, hugeHoles, mountpoint } from './moving.ts'

let lab: Lab
let one: LabHost
let busybox: string
let folder: string

beforeAll(async () => {
  lab = await startLab({ hosts: 2 })
  one = lab.host('host-1')
  busybox = (await loadImage(one, 'busybox')).ref
  folder = await mkdtemp(join(tmpdir(), 'drayage-archives-'))
})
afterAll(async () => {
  await lab?.stop()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

const env = () => ({ ...process.env, DRAYAGE_URL: lab.coordinator.url, DRAYAGE_TOKEN: lab.coordinator.token })
const cli = (args: readonly string[]): Promise<string> => run([process.execPath, dray, ...args], { env: env() })
const shell = (script: string): Promise<string> =>
  run(['bash', '-c', `set -o pipefail; dray() { "${process.execPath}" "${dray}" "$@"; }; cd "${folder}"; ${script}`], {
    env: env(),
  })
// How it failed.
const failure = (work: Promise<unknown>): Promise<CommandFailed> =>
  work.then(
    (result) => {
      throw new Error(`it did not fail: ${JSON.stringify(result)}`)
    },
    (thrown) => {
      if (thrown instanceof CommandFailed) return thrown
      throw thrown
    },
  )
const problemOf = (failed: CommandFailed): Problem => (JSON.parse(failed.stdout) as { problem: Problem }).problem

const sha256 = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex')

const makeVolume = async (host: LabHost, name: string): Promise<string> => {
  await host.docker(['volume', 'create', name])
  return mountpoint(host, name)
}

const restored = async (tarball: string, options: readonly string[] = []): Promise<string> => {
  const into = await mkdtemp(join(folder, 'restored-'))
  await run([
    ...['tar', '-x', '--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner', '-p'],
    ...[...options, '-f', tarball, '-C', into],
  ])
  return into
}

describe('an export', () => {
  test('is what GNU tar restores to the very same tree, and its figures are those of the file', async () => {
    const root = await makeVolume(one, 'animals')
    await makeZoo(root)
    const file = join(folder, 'animals.tar')
    const archive = JSON.parse(await cli(['volume', 'export', 'host-1/animals', '-o', file, '--json'])) as VolumeArchive
    expect(archive).toMatchObject({ host: 'host-1', volume: 'animals', live: false, archiveSha256: await sha256(file) })
    expect(archive.warnings).toEqual([])
    // GNU tar fails on paths that are longer than the kernel takes: those are the engine's own tests'.
    expect(await differences(root, await restored(file), hugeHoles)).toBe('')
    expect(await readdir(folder)).not.toContainEqual(expect.stringContaining('partial'))
  })

  test('goes through a pipe too, and says on stderr what it was', async () => {
    const root = await makeVolume(one, 'piped')
    await writeFile(join(root, 'file'), 'content')
    expect(await shell('dray volume export host-1/piped 2> said | tar -t')).toBe('./\n./file\n')
    expect(await readFile(join(folder, 'said'), 'utf8')).toContain('host-1/piped was exported.')
  })

  test('of a volume that a container uses is refused by name, unless it is to be live', async () => {
    await makeVolume(one, 'used')
    await one.docker(['run', '-d', '--name', 'user', '-v', 'used:/data', busybox, 'sleep', '1d'])
    const refused = await failure(cli(['volume', 'export', 'host-1/used', '-o', join(folder, 'used.tar'), '--json']))
    expect(refused.exitCode).toBe(4)
    expect(problemOf(refused)).toMatchObject({ code: 'DRAYAGE_VOLUME_IN_USE', detail: expect.stringContaining('user') })
    const live = JSON.parse(
      await cli(['volume', 'export', 'host-1/used', '-o', join(folder, 'used.tar'), '--json', '--live']),
    ) as VolumeArchive
    expect(live).toMatchObject({ live: true, warnings: [{ code: 'live-copy' }] })
    await one.docker(['rm', '-f', 'user'])
  })

  test('of what is not there, or not a directory of the engine, is refused with its code', async () => {
    await one.docker(['volume', 'create', '--opt', 'type=tmpfs', '--opt', 'device=tmpfs', 'optioned'])
    for (const [name, code, exit] of [
      ['host-1/nothing', 'DRAYAGE_VOLUME_NOT_FOUND', 3],
      ['host-9/data', 'DRAYAGE_HOST_NOT_FOUND', 3],
      ['host-1/optioned', 'DRAYAGE_VOLUME_OPTIONS', 4],
      ['host-1', 'DRAYAGE_INVALID_REQUEST', 2],
      ['host-1/../etc', 'DRAYAGE_INVALID_REQUEST', 2],
    ] as const) {
      const refused = await failure(cli(['volume', 'export', name, '-o', join(folder, 'no.tar'), '--json']))
      expect([name, problemOf(refused).code, refused.exitCode]).toEqual([name, code, exit])
    }
    await expect(access(join(folder, 'no.tar'))).rejects.toThrow()
  })

  test('that breaks off in the middle fails and leaves no file, and an earlier one as it was', async () => {
    const root = await makeVolume(one, 'breaking')
    await mkdir(join(root, 'folder'))
    await run(['sh', '-c', `head -c 300M /dev/urandom > '${root}/large'`])
    const file = join(folder, 'breaking.tar')
    await writeFile(file, 'an earlier backup')
    await lab.limitRate(one, 200)
    const exporting = failure(cli(['volume', 'export', 'host-1/breaking', '-o', file, '--json']))
    await partialBytes(file, 1_000_000)
    await one.agent.kill()
    const failed = await exporting
    expect(failed.exitCode).not.toBe(0)
    expect(await readFile(file, 'utf8')).toBe('an earlier backup')
    expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([])
    await lab.limitRate(one, undefined)
    await one.agent.start()
  })

  test('of a volume that changes while it is read fails, and says what changed', async () => {
    const root = await mountpoint(one, 'breaking')
    await lab.limitRate(one, 200)
    const file = join(folder, 'changing.tar')
    const exporting = failure(cli(['volume', 'export', 'host-1/breaking', '-o', file, '--json']))
    await partialBytes(file, 1_000_000)
    await writeFile(join(root, 'folder', 'new'), 'written meanwhile')
    await lab.limitRate(one, undefined)
    expect(problemOf(await exporting)).toMatchObject({
      code: 'DRAYAGE_SOURCE_CHANGED',
      detail: expect.stringContaining('folder'),
    })
    await expect(access(file)).rejects.toThrow()
  })
})

// Waits until so much of a file that is being written has come.
const partialBytes = async (file: string, bytes: number): Promise<void> => {
  await eventually('some of the tarball', 60_000, async () => {
    const [partial] = (await readdir(folder)).filter((name) => name.startsWith(`${file.slice(folder.length + 1)}.`))
    return partial !== undefined && (await stat(join(folder, partial))).size >= bytes ? true : undefined
  })
}
