// Volumes as tarballs, from and to real engines: an independent tar and rsync say whether they are what they should be.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeZoo } from '../../agent/volume/testing/zoo.ts'
import type { ImportedVolume, VolumeArchive } from '../../shared/api/archives.ts'
import type { Problem } from '../../shared/api/common.ts'
import { type CommandFailed, run } from '../lab/command.ts'
import { dray } from '../lab/drayage.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'
import { commandLineOf, failureOf } from './command-line.ts'
import { differences, hugeHoles, mountpoint } from './moving.ts'
import { isSetAside, makeVolume, volumeNames } from './volumes.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let busybox: string
let folder: string

beforeAll(async () => {
  lab = await startLab({ hosts: 2 })
  one = lab.host('host-1')
  two = lab.host('host-2')
  busybox = (await loadImage(one, 'busybox')).ref
  folder = await mkdtemp(join(tmpdir(), 'drayage-archives-'))
})
afterAll(async () => {
  await lab?.stop()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

const { env, says: cli, starts } = commandLineOf(() => lab)
const shell = (script: string): Promise<string> =>
  run(['bash', '-c', `set -o pipefail; dray() { "${process.execPath}" "${dray}" "$@"; }; cd "${folder}"; ${script}`], {
    env: env(),
  })
const problemOf = (failed: CommandFailed): Problem => (JSON.parse(failed.stdout) as { problem: Problem }).problem

const sha256 = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex')

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
    const archive = JSON.parse(await cli('volume', 'export', 'host-1/animals', '-o', file, '--json')) as VolumeArchive
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
    const refused = await failureOf(cli('volume', 'export', 'host-1/used', '-o', join(folder, 'used.tar'), '--json'))
    expect(refused.exitCode).toBe(4)
    expect(problemOf(refused)).toMatchObject({ code: 'DRAYAGE_VOLUME_IN_USE', detail: expect.stringContaining('user') })
    const live = JSON.parse(
      await cli('volume', 'export', 'host-1/used', '-o', join(folder, 'used.tar'), '--json', '--live'),
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
      const refused = await failureOf(cli('volume', 'export', name, '-o', join(folder, 'no.tar'), '--json'))
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
    const exporting = failureOf(cli('volume', 'export', 'host-1/breaking', '-o', file, '--json'))
    await partialBytes(file, 1_000_000)
    await one.agent.kill()
    const failed = await exporting
    expect(failed.exitCode).not.toBe(0)
    expect(await readFile(file, 'utf8')).toBe('an earlier backup')
    expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([])
    await lab.limitRate(one, undefined)
    await one.agent.start()
  })

  test('goes as slowly as it is taken, and a reader that takes nothing fills nobody’s memory', async () => {
    const coordinator = `/proc/${lab.coordinator.process.pid}`
    const figure = async (file: string, name: string): Promise<number> =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(await readFile(`${coordinator}/${file}`, 'utf8'))?.[1])
    await writeFile(`${coordinator}/clear_refs`, '5')
    const [resident, taken] = [await figure('status', 'VmRSS'), await figure('io', 'rchar')]
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { authorization: `Bearer ${lab.coordinator.token}` }
      httpRequest(`${lab.coordinator.url}/v1/volumes/host-1/breaking/archive`, { headers }, resolve)
        .on('error', reject)
        .end()
    })
    let before = 0
    await eventually('the coordinator to take no more of it', 60_000, async () => {
      const now = await figure('io', 'rchar')
      const stands = now - before < 10_000
      before = now
      return stands && now - taken > 1_000_000 ? true : undefined
    })
    expect(before - taken).toBeLessThan(100 * 1024 ** 2)
    let bytes = 0
    for await (const piece of answer) bytes += (piece as Buffer).length
    expect(answer.trailers['drayage-archive']).toContain(`"archiveBytes":${bytes}`)
    expect(bytes).toBeGreaterThan(300 * 1024 ** 2)
    expect((await figure('status', 'VmHWM')) - resident).toBeLessThan(128 * 1024)
  })

  test('of a volume that changes while it is read fails, and says what changed', async () => {
    const root = await mountpoint(one, 'breaking')
    await lab.limitRate(one, 200)
    const file = join(folder, 'changing.tar')
    const exporting = failureOf(cli('volume', 'export', 'host-1/breaking', '-o', file, '--json'))
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

describe('an import', () => {
  const imported = async (args: readonly string[]): Promise<ImportedVolume> =>
    JSON.parse(await cli('volume', 'import', ...args, '--json')) as ImportedVolume
  const tarOf = async (root: string, file: string): Promise<void> => {
    await run([
      ...['tar', '-c', '--format=posix', '--sparse', '--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner'],
      ...['-f', file, '-C', root, '.'],
    ])
  }

  test('of an export is the same volume on another host, by its digest and by rsync', async () => {
    const file = join(folder, 'animals.tar')
    const sent = JSON.parse(await cli('volume', 'export', 'host-1/animals', '-o', file, '--json')) as VolumeArchive
    const made = await imported(['host-2/animals', '-i', file, '--label', 'a=b=c', '--label', 'empty='])
    expect(made).toMatchObject({ host: 'host-2', volume: 'animals', created: true, warnings: [] })
    const { entries, contentBytes, archiveBytes, archiveSha256, digest } = sent
    expect(made).toMatchObject({ entries, contentBytes, archiveBytes, archiveSha256, digest })
    expect(await differences(await mountpoint(one, 'animals'), await mountpoint(two, 'animals'), hugeHoles)).toBe('')
    const [{ Labels }] = JSON.parse(await two.docker(['volume', 'inspect', 'animals'])) as [{ Labels: object }]
    expect(Labels).toMatchObject({ a: 'b=c', empty: '' })
    // 100 GiB of it is a hole.
    expect(contentBytes).toBeGreaterThan(100 * 1024 ** 3)
    expect(archiveBytes).toBeLessThan(100 * 1024 ** 2)
  })

  test('of what GNU tar has written is what it was written from', async () => {
    const root = await makeVolume(one, 'for-tar')
    await makeZoo(root)
    await run(['find', root, '-name', 'huge*', '-delete'])
    // GNU tar 1.34 writes each name of a FIFO as a FIFO of its own.
    await run(['find', root, '-name', 'fifo again', '-delete'])
    const file = join(folder, 'by-tar.tar')
    await tarOf(root, file)
    await shell(`dray volume import host-2/by-tar < '${file}' > /dev/null`)
    expect(await differences(root, await mountpoint(two, 'by-tar'))).toBe('')
  })

  test('of what docker cp gives is that directory, with its name taken off every path', async () => {
    const root = await makeVolume(one, 'for-docker')
    const script = `mkdir -p a/b && printf x > a/b/file && ln a/b/file again && ln -s a link && chown 1000:70000 a && chmod 3771 a/b && head -c 5M /dev/urandom > large && find . -exec touch -h -d @1500000000 {} +`
    await run(['sh', '-e', '-c', script], { cwd: root })
    await one.docker(['create', '--name', 'holder', '-v', 'for-docker:/data', busybox, 'true'])
    const cp = `docker -H '${one.dockerHost}' cp holder:/data -`
    const refused = await failureOf(shell(`${cp} | dray volume import host-2/by-docker --strip-components 9`))
    expect(refused.stderr).toContain('DRAYAGE_TARBALL_REFUSED')
    await shell(`${cp} | dray volume import host-2/by-docker --strip-components 1`)
    expect(await differences(root, await mountpoint(two, 'by-docker'))).toBe('')
    await one.docker(['rm', 'holder'])
  })

  test('can be used by a container when it is there, and not before', async () => {
    const root = await makeVolume(one, 'slow')
    await run(['sh', '-c', `head -c 60M /dev/urandom > '${root}/large'`])
    const file = join(folder, 'slow.tar')
    await tarOf(root, file)
    const image = (await loadImage(two, 'busybox')).ref
    await lab.limitRate(two, 100)
    const importing = imported(['host-2/slow', '-i', file])
    await eventually(
      'the volume to be there',
      60_000,
      async () => (await volumeNames(two)).includes('slow') || undefined,
    )
    await eventually('it to be set aside', 60_000, () => isSetAside(two, 'slow'))
    expect((await failureOf(two.docker(['run', '--rm', '-v', 'slow:/data', image, 'true']))).message).toMatch(
      /no such file/,
    )
    await lab.limitRate(two, undefined)
    await importing
    const sum = await two.docker(['run', '--rm', '-v', 'slow:/data', image, 'sha256sum', '/data/large'])
    expect(sum).toContain(await sha256(join(root, 'large')))
  })

  test('leaves a volume alone that exists, and fills one that is empty if told to', async () => {
    const file = join(folder, 'animals.tar')
    const root = await makeVolume(two, 'existing')
    const refused = await failureOf(imported(['host-2/existing', '-i', file]))
    expect([problemOf(refused).code, refused.exitCode]).toEqual(['DRAYAGE_VOLUME_EXISTS', 4])
    await writeFile(join(root, 'data'), 'precious')
    const full = await failureOf(imported(['host-2/existing', '-i', file, '--into-empty']))
    expect(problemOf(full).code).toBe('DRAYAGE_VOLUME_EXISTS')
    expect(await readdir(root)).toEqual(['data'])
    await rm(join(root, 'data'))
    expect(await imported(['host-2/existing', '-i', file, '--into-empty'])).toMatchObject({ created: false })
    expect(await differences(await mountpoint(one, 'animals'), root, hugeHoles)).toBe('')
    expect(await readdir(join(root, '..'))).toEqual(['_data'])
  })

  test('that is cut, damaged, compressed or no tarball leaves no volume', async () => {
    const whole = await readFile(join(folder, 'by-tar.tar'))
    const flipped = Buffer.from(whole)
    flipped.writeUInt8(flipped.readUInt8(150) ^ 1, 150)
    const wrong = {
      cut: whole.subarray(0, whole.length - 20_480),
      flipped,
      none: Buffer.alloc(0),
      compressed: gzipSync(whole),
      text: Buffer.alloc(2048, 'no tarball'),
    }
    const root = await makeVolume(two, 'stays-empty')
    for (const [name, bytes] of Object.entries(wrong)) {
      const file = join(folder, `${name}.tar`)
      await writeFile(file, bytes)
      const failed = await failureOf(imported([`host-2/${name}`, '-i', file]))
      expect([name, problemOf(failed).code, failed.exitCode]).toEqual([name, 'DRAYAGE_TARBALL_REFUSED', 5])
    }
    await failureOf(imported(['host-2/stays-empty', '--into-empty', '-i', join(folder, 'cut.tar')]))
    expect(await readdir(root)).toEqual([])
    expect(await readdir(join(root, '..'))).toEqual(['_data'])
    for (const name of Object.keys(wrong)) expect(await volumeNames(two)).not.toContain(name)
  })

  test('leaves nothing, whoever dies in the middle', async () => {
    const file = join(folder, 'slow.tar')
    for (const dies of ['client', 'coordinator', 'agent'] as const) {
      await lab.limitRate(two, 100)
      const client = starts(['volume', 'import', 'host-2/dying', '-i', file])
      const closed = once(client, 'close')
      await eventually('it to be set aside', 60_000, () => isSetAside(two, 'dying'))
      if (dies === 'client') client.kill('SIGKILL')
      else await (dies === 'agent' ? two.agent : lab.coordinator.process).kill()
      if (dies === 'agent') expect(await volumeNames(two)).toContain('dying')
      await lab.limitRate(two, undefined)
      if (dies === 'coordinator') await lab.coordinator.process.start()
      if (dies === 'agent') await two.agent.start()
      await closed
      await eventually(
        `nothing to be left of it (${dies})`,
        60_000,
        async () => !(await volumeNames(two)).includes('dying'),
      )
    }
    // And nothing stands in the way of the next try.
    await lab.untilHostIs(one, 'online')
    await lab.untilHostIs(two, 'online')
    await imported(['host-2/dying', '-i', file])
  })
})

// Waits until so much of a file that is being written has come.
const partialBytes = async (file: string, bytes: number): Promise<void> => {
  await eventually('some of the tarball', 60_000, async () => {
    const [partial] = (await readdir(folder)).filter((name) => name.startsWith(`${file.slice(folder.length + 1)}.`))
    return partial !== undefined && (await stat(join(folder, partial))).size >= bytes ? true : undefined
  })
}
