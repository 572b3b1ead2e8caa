// Volumes that nothing uses, on real engines: what they were for, and that none goes which anybody wants.
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditList } from '../../shared/api/audit.ts'
import type { Directory } from '../../shared/api/browse.ts'
import type { Orphan, OrphanList } from '../../shared/api/orphans.ts'
import type { AddedToken } from '../../shared/api/tokens.ts'
import { run } from '../lab/command.ts'
import { dray } from '../lab/drayage.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'
import { commandLineOf } from './command-line.ts'
import { migrate, mountpoint } from './moving.ts'

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
  await loadImage(two, 'busybox')
  folder = await mkdtemp(join(tmpdir(), 'drayage-orphans-'))
})
afterAll(async () => {
  await lab?.stop()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

const { env, says: cli, ends } = commandLineOf(() => lab)

const orphans = async (query = ''): Promise<OrphanList> =>
  (await lab.coordinator.call('GET', `/v1/orphans${query}`)) as OrphanList
const untilListed = (name: string, verdict: Orphan['verdict'] = 'orphan'): Promise<Orphan> =>
  eventually(`${name} to be listed as ${verdict}`, 60_000, async () =>
    (await orphans()).orphans.find((one) => one.name === name && one.verdict === verdict),
  )
const makeVolume = async (name: string, content = 'what nobody wants to lose'): Promise<Orphan> => {
  await one.docker(['volume', 'create', name])
  await writeFile(join(await mountpoint(one, name), 'file'), content)
  return untilListed(name)
}
const isThere = async (name: string): Promise<boolean> =>
  (await one.docker(['volume', 'ls', '--quiet'])).split('\n').includes(name)
const contentOf = async (name: string): Promise<string> =>
  readFile(join(await mountpoint(one, name), 'file'), 'utf8').catch(() => 'nothing')

// The code with which it is refused; '' where it was removed.
const remove = async ({ host, name, driver, mountpoint: at, createdAt }: Orphan, digest?: string): Promise<string> => {
  const response = await fetch(`${lab.coordinator.url}/v1/volumes/${host}/${name}/remove`, {
    method: 'POST',
    headers: { authorization: `Bearer ${lab.coordinator.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ driver, mountpoint: at, createdAt, ...(digest === undefined ? {} : { digest }) }),
  })
  const said = await response.text()
  return /"code":"([A-Z_]+)"/.exec(said)?.[1] ?? (said.includes('event: removed') ? '' : said)
}

test('what a volume was for is known after its container was deleted, its host went down and came back, and the coordinator was restarted', async () => {
  const labels = ['--label', 'com.docker.compose.project=shop']
  await one.docker(['run', '-d', '--name', 'till', ...labels, '-v', '/var/till', busybox, 'sleep', '1d'])
  const name = await one.docker(['inspect', '-f', '{{(index .Mounts 0).Name}}', 'till'])
  await eventually('till to be seen', 60_000, async () => (await cli('ps', '--name', 'till')).includes('till'))
  await one.docker(['rm', '-f', 'till'])
  await untilListed(name)

  await lab.crash(one)
  await lab.untilHostIs(one, 'lost')
  // Not known is not unused.
  const lost = await orphans('?host=host-1')
  expect(lost).toMatchObject({ orphans: [], asOf: [{ host: 'host-1', state: 'lost', reliable: false }] })
  await lab.coordinator.process.restart()
  await one.engine.start()
  await one.agent.start()

  expect(await untilListed(name)).toMatchObject({
    ...{ anonymous: true, project: 'shop', unusedSinceIs: 'last-user-gone' },
    lastUser: { name: 'till', image: busybox, destination: '/var/till' },
  })
  const shown = await cli('volume', 'show', `host-1/${name.slice(0, 12)}`)
  expect(shown).toContain(`till (${busybox}) at /var/till: Compose project shop`)
  expect(await cli('orphans')).toMatch(new RegExp(`${name.slice(0, 12)} +anonymous .* till .* shop`))
})

test('what is in a volume is listed and read as it is, by who may, and nothing that a symlink in it leads to', async () => {
  await one.docker(['volume', 'create', 'looked-into'])
  const root = Buffer.from(`${await mountpoint(one, 'looked-into')}/`)
  const odd = Buffer.from([0x62, 0xff, 0x0a, 0x5c])
  const content = Buffer.from(Array.from({ length: 1_000_000 }, (_, at) => (at * 7) % 256))
  await writeFile(Buffer.concat([root, odd]), content)
  await symlink('/etc', `${root}away`)
  const listed = JSON.parse(await cli('volume', 'ls', 'host-1/looked-into', '--json')) as Directory
  expect(listed.entries).toMatchObject([
    { name: 'away', type: 'symlink', link: '/etc' },
    { name: 'b\\xff\\x0a\\\\', type: 'file', size: content.length },
  ])
  const file = `host-1/looked-into:${listed.entries[1]?.name}`
  const digest = ['sh', '-c', '"$0" "$1" volume cat "$2" | sha256sum', process.execPath, dray, file]
  expect(await run(digest, { env: env() })).toContain(createHash('sha256').update(content).digest('hex'))
  expect(await ends('volume', 'cat', 'host-1/looked-into:away/passwd')).toMatchObject({ exit: 4 })

  const { token } = (await lab.coordinator.call('POST', '/v1/tokens', {
    name: 'dashboard',
    role: 'viewer',
  })) as AddedToken
  for (const part of ['entries', 'file?path=away']) {
    const headers = { authorization: `Bearer ${token}` }
    const reply = await fetch(`${lab.coordinator.url}/v1/volumes/host-1/looked-into/${part}`, { headers })
    expect(reply.status).toBe(403)
  }
})

describe('a volume that is removed', () => {
  test('goes as it was exported: an empty one, and one of two terabytes of holes; a dry run takes nothing', async () => {
    await one.docker(['volume', 'create', 'empty'])
    const { mountpoint: root } = await makeVolume('vast')
    await truncate(join(root, 'file'), 2 * 1024 ** 4)
    await eventually('vast to be measured', 120_000, async () => (await untilListed('vast')).sizeBytes !== null)
    await untilListed('empty')
    const dry = await cli('orphans', 'rm', 'vast', 'empty', '--export-to', folder)
    expect(dry).toContain('Nothing was removed')
    expect([await isThere('vast'), await isThere('empty'), await readdir(folder)]).toEqual([true, true, []])

    await cli('orphans', 'rm', 'vast', 'empty', '--export-to', folder, '--yes')
    expect([await isThere('vast'), await isThere('empty')]).toEqual([false, false])
    expect((await readdir(folder)).toSorted()).toEqual(['host-1.empty.tar', 'host-1.vast.tar'])
    await cli('volume', 'import', 'host-2/vast', '-i', join(folder, 'host-1.vast.tar'))
    const back = join(await mountpoint(two, 'vast'), 'file')
    expect(await run(['stat', '-c', '%s', back])).toBe(`${2 * 1024 ** 4}\n`)
    expect(await run(['head', '-c', '25', back])).toBe('what nobody wants to lose')
    const { entries } = (await lab.coordinator.call('GET', '/v1/audit')) as AuditList
    expect(entries).toContainEqual(
      expect.objectContaining({
        action: 'removeVolume',
        outcome: 'allowed',
        subject: '/v1/volumes/host-1/vast/remove',
      }),
    )
  })

  test('is not written over an earlier export, and stays where it cannot be exported', async () => {
    await makeVolume('again')
    await writeFile(join(folder, 'host-1.again.tar'), 'an earlier one')
    const refused = await ends('orphans', 'rm', 'again', '--export-to', folder, '--yes')
    expect(refused.stdout).toContain('host-1/again is still there')
    expect(await readFile(join(folder, 'host-1.again.tar'), 'utf8')).toBe('an earlier one')
    expect(await contentOf('again')).toBe('what nobody wants to lose')
  })
})

describe('a volume that somebody wants', () => {
  test('stays where a container was created for it after it was listed, running or not', async () => {
    const listed = await makeVolume('raced')
    await one.docker(['create', '--name', 'racer', '-v', 'raced:/data', busybox, 'true'])
    expect(await remove(listed)).toBe('DRAYAGE_VOLUME_IN_USE')
    expect(await contentOf('raced')).toBe('what nobody wants to lose')
    await one.docker(['rm', 'racer'])
  })

  test('stays where a container has its directory mounted, which the engine itself would not mind', async () => {
    const listed = await makeVolume('bound')
    await one.docker(['create', '--name', 'binder', '-v', `${listed.mountpoint}:/data`, busybox, 'true'])
    expect(await remove(listed)).toBe('DRAYAGE_VOLUME_IN_USE')
    expect(await contentOf('bound')).toBe('what nobody wants to lose')
  })

  test('stays, or goes before, while containers are created at the same moment: never under one', async () => {
    const listed = await Promise.all(['c1', 'c2', 'c3', 'c4', 'c5', 'c6'].map((name) => makeVolume(name)))
    const outcomes = await Promise.all(
      listed.map(async (orphan) => {
        const [code] = await Promise.all([
          remove(orphan),
          one.docker(['create', '--name', `of-${orphan.name}`, '-v', `${orphan.name}:/data`, busybox, 'true']),
        ])
        // A container that came after it has a new volume of that name, and an empty one.
        return [code, await contentOf(orphan.name)]
      }),
    )
    for (const [code, content] of outcomes) {
      expect([
        ['', 'nothing'],
        ['DRAYAGE_VOLUME_IN_USE', 'what nobody wants to lose'],
      ]).toContainEqual([code, content])
    }
  })

  test('stays where it is another one of that name, or holds something else than its export', async () => {
    const listed = await makeVolume('renewed')
    const exported = JSON.parse(
      await cli('volume', 'export', 'host-1/renewed', '-o', join(folder, 'renewed.tar'), '--json'),
    ) as { digest: string }
    await writeFile(join(listed.mountpoint, 'later'), 'written after the export')
    const refused = await eventually('the export to let go of it', 30_000, async () => {
      const code = await remove(listed, exported.digest)
      return code !== 'DRAYAGE_VOLUME_BUSY' && code
    })
    expect(refused).toBe('DRAYAGE_VOLUME_CHANGED')
    expect(await contentOf('renewed')).toBe('what nobody wants to lose')

    const createdAt = () => one.docker(['volume', 'inspect', '-f', '{{.CreatedAt}}', 'renewed'])
    const before = await createdAt()
    await eventually('a volume of another second', 30_000, async () => {
      await one.docker(['volume', 'rm', 'renewed'])
      await one.docker(['volume', 'create', 'renewed'])
      return (await createdAt()) !== before
    })
    await writeFile(join(await mountpoint(one, 'renewed'), 'file'), 'of another')
    expect(await remove(listed)).toBe('DRAYAGE_VOLUME_CHANGED')
    expect(await contentOf('renewed')).toBe('of another')
  })

  test('stays while a migration keeps it for the way back, also when its containers were removed by hand', async () => {
    await one.docker(['run', '-d', '--name', 'moved', '-v', 'moved:/data', busybox, 'sleep', '1d'])
    const migration = await migrate(lab, { container: 'moved', from: 'host-1', to: 'host-2' })
    expect(migration.state).toBe('awaiting-finalize')
    expect(await untilListed('moved', 'kept')).toMatchObject({ host: 'host-1', migration: migration.id })
    await two.docker(['rm', '-f', 'moved'])
    await one.docker(['rm', '-f', await one.docker(['ps', '-aq', '--filter', 'volume=moved'])])
    const kept = await eventually('both copies to be kept', 60_000, async () => {
      const found = (await orphans('?name=moved')).orphans
      return found.length === 2 && found
    })
    expect(kept.map(({ verdict, migration: id }) => [verdict, id])).toEqual(Array(2).fill(['kept', migration.id]))
    for (const orphan of kept) expect(await remove(orphan)).toBe('DRAYAGE_VOLUME_NOT_ORPHANED')
    const refused = await ends('orphans', 'rm', 'moved', '--host', 'host-1', '--yes')
    expect(refused).toMatchObject({ exit: 4, stdout: expect.stringContaining(`dray finalize ${migration.id}`) })
    expect(await cli('orphans', '--same-name')).toMatch(/moved +host-1 .*\nmoved +host-2 /)
  })
})
