// Directories and files of a host that a container mounts: refused, required to be there, or copied.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Verification } from '../../shared/api/verifications.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { commandLineOf } from './command-line.ts'
import { differences, follow, migrate, planOf, refusal, refusalOf } from './moving.ts'
import { clearHost, runWeb } from './one-lab.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let image: string

beforeAll(async () => {
  lab = await startLab({ hosts: [{ ownSrv: true }, { ownSrv: true }], failpoints: true })
  one = lab.host('host-1')
  two = lab.host('host-2')
  image = (await loadImage(one, 'busybox')).ref
})
afterAll(() => lab?.stop())

const srv = (host: LabHost, ...path: string[]): string => join(host.srv ?? '/nowhere', ...path)

const clearSrv = async (host: LabHost) => {
  for (const name of await readdir(srv(host))) await rm(join(srv(host), name), { recursive: true })
}
afterEach(async () => {
  await lab.failpoints('coordinator').clear()
  await Promise.all([one, two].map(clearHost))
  await Promise.all([one, two].map(clearSrv))
})

const dray = commandLineOf(() => lab)
const web = { container: 'web', from: 'host-1', to: 'host-2' }
const run = (...options: string[]) => one.docker(runWeb(image, options))
const sh = (host: LabHost, script: string) => host.docker(['exec', 'web', 'sh', '-c', script])

test('what it mounts of its host is refused with its list, or must be there, and never holds the agent’s key', async () => {
  const own = await mkdtemp(join(tmpdir(), 'drayage-bind-'))
  try {
    await writeFile(join(own, 'file'), '')
    await run('-v', `${own}:/dir:ro`, '--mount', `type=bind,src=${join(own, 'file')},dst=/file`)
    const refused = await refusal(lab, web)
    expect(refused.codes).toEqual(['DRAYAGE_BIND_MOUNT', 'DRAYAGE_BIND_MOUNT'])
    expect(refused.problem.detail).toMatch(/--binds require/)
    const options = { binds: 'require' } as const
    const { binds = [] } = await planOf(lab, { ...web, options })
    expect(binds.toSorted((a, b) => a.destination.localeCompare(b.destination))).toEqual([
      { source: own, destination: '/dir', readOnly: true, policy: 'require' },
      { source: join(own, 'file'), destination: '/file', readOnly: false, policy: 'require' },
    ])
    const moved = await migrate(lab, { ...web, options })
    expect(moved).toMatchObject({ state: 'awaiting-finalize', error: null })
    expect(await sh(two, 'ls /dir')).toBe('file')
    // The hosts of a lab share one file system: what is gone is gone on the other one as well.
    await rm(join(own, 'file'))
    expect(await refusalOf(lab, moved, 'return')).toMatchObject({
      code: 'DRAYAGE_BIND_MOUNT',
      detail: expect.stringContaining('nothing at that path'),
    })
  } finally {
    await rm(own, { recursive: true })
  }
})

const copying = { ...web, options: { binds: 'copy' } } as const
const bindOf = async (path: string) => {
  await mkdir(srv(one, path), { recursive: true })
  await writeFile(srv(one, path, 'file'), 'of the host')
}

test('a directory of the host is copied with the container, and is there on both; what was written there goes back', async () => {
  await bindOf('data/web')
  await bindOf('more')
  await one.docker(['volume', 'create', '-o', 'type=none', '-o', 'o=bind', '-o', 'device=/srv/more', 'view'])
  await run('-v', '/srv/data/web:/dir', '-v', '/srv/data/web:/again:ro', '-v', 'view:/view')
  await sh(one, 'mkdir -m 2750 /dir/sub && chown 7:8 /dir/sub && ln /dir/file /dir/sub/same && ln -s /etc /dir/link')
  const plan = await planOf(lab, copying)
  expect(plan.refusals).toEqual([])
  expect(plan.binds).toContainEqual({
    ...{ source: '/srv/data/web', destination: '/dir', readOnly: false, policy: 'copy' },
    ...{ entries: 5, contentBytes: 11 },
  })
  expect(plan.warnings.filter(({ code }) => code === 'bind-copied')).toHaveLength(2)

  const moved = await migrate(lab, copying)
  expect(moved).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(moved.next).toContain('/srv/data/web, /srv/more stay on host-1')
  expect(moved.receipt?.volumes.map(({ name }) => name).toSorted()).toEqual(['/srv/data/web', '/srv/more', 'data'])
  expect(await differences(srv(one, 'data/web'), srv(two, 'data/web'))).toBe('')
  expect(await sh(two, 'cat /again/file /view/file; touch /again/x 2>&1; true')).toContain('Read-only file system')

  await sh(two, 'echo newer > /dir/newer; rm /dir/link')
  const back = await follow(lab, moved, 'return')
  expect(back).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(await sh(one, 'cat /dir/newer; ls /dir')).toBe('newer\nfile\nnewer\nsub')
  const changed = (migration: typeof back) => migration.rounds.reduce((sum, { contentBytes }) => sum + contentBytes, 0)
  expect(changed(back)).toBeLessThan(changed(moved))

  // What somebody changes where it was left is not written over, and no finalize removes it.
  await writeFile(srv(two, 'data/web/mine'), 'of somebody')
  expect((await refusal(lab, copying)).problem).toMatchObject({
    code: 'DRAYAGE_RETAINED_CHANGED',
    detail: expect.stringContaining('"mine"'),
  })
  expect(await follow(lab, back, 'finalize')).toMatchObject({ state: 'completed' })
  expect(await readFile(srv(two, 'data/web/mine'), 'utf8')).toBe('of somebody')
  expect((await refusal(lab, copying)).codes).toEqual(['DRAYAGE_BIND_MOUNT', 'DRAYAGE_BIND_MOUNT'])
})

test('a move that is put back leaves nothing of it on the target, and an empty directory that was there', async () => {
  await bindOf('data/made/deep')
  await bindOf('data/found')
  await mkdir(srv(two, 'data/found'), { recursive: true, mode: 0o700 })
  await run('-v', '/srv/data/made/deep:/made', '-v', '/srv/data/found:/found')
  const there = (await stat(srv(two, 'data/found'))).ino
  await lab.failpoints('coordinator').tell('commit.before', 'error DRAYAGE_TARGET_CHANGED told to')
  const failed = await migrate(lab, copying)
  expect(failed).toMatchObject({ state: 'rolled-back', error: { code: 'DRAYAGE_TARGET_CHANGED' } })
  expect(await readdir(srv(two, 'data'), { recursive: true })).toEqual(['found'])
  const { ino, mode } = await stat(srv(two, 'data/found'))
  expect([ino, mode & 0o7777]).toEqual([there, 0o700])
  expect(await sh(one, 'cat /made/file /found/file')).toBe('of the hostof the host')
})

test('a directory that several mount who move together is copied once, is there for all, and dray verify sees what was done to the one left behind', async () => {
  await bindOf('data/both')
  await run('-v', '/srv/data/both:/dir')
  const reader = ['-v', 'data:/data', '-v', '/srv/data/both:/same:ro', image, 'sleep', '1d']
  await one.docker(['run', '-d', '--name', 'reader', '--stop-timeout', '1', ...reader])
  expect((await refusal(lab, copying)).codes).toEqual(['DRAYAGE_BIND_MOUNT', 'DRAYAGE_SET_LARGER'])
  const moved = await migrate(lab, { ...copying, options: { ...copying.options, dependents: 'take' } })
  expect(moved).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(moved.receipt?.volumes.map(({ name }) => name).toSorted()).toEqual(['/srv/data/both', 'data'])
  await sh(two, 'echo newer > /dir/newer')
  expect(await two.docker(['exec', 'reader', 'cat', '/same/file', '/same/newer'])).toBe('of the hostnewer')
  const back = await follow(lab, moved, 'return')
  expect(back).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(await one.docker(['exec', 'reader', 'cat', '/same/newer'])).toBe('newer')

  // One byte of what was left, with the file's time as before.
  const left = srv(two, 'data/both/file')
  const { atime, mtime } = await stat(left)
  await writeFile(left, 'Of the host')
  await utimes(left, atime, mtime)
  const { exit, stdout } = await dray.ends('verify', back.id, '--json')
  expect(exit).toBe(6)
  const { copies } = JSON.parse(stdout) as Verification
  expect(copies.filter(({ verdict }) => verdict === 'differs')).toMatchObject([
    { volume: '/srv/data/both', side: 'source', host: 'host-2', differing: ['file'] },
  ])
  expect(copies).toContainEqual(expect.objectContaining({ volume: 'data', side: 'source', verdict: 'same' }))
})

test('what others have, what no agent allows, and what leads elsewhere is not copied, for all its reasons', async () => {
  await bindOf('data/shared')
  await bindOf('data/taken/inner')
  await bindOf('database')
  await symlink('../database', srv(one, 'data', 'link'))
  await one.docker(['run', '-d', '--name', 'other', '-v', '/srv/data/shared:/x', image, 'sleep', '1d'])
  await mkdir(srv(two, 'data/taken'), { recursive: true })
  await writeFile(srv(two, 'data/taken/theirs'), 'of somebody')
  await run(
    ...['-v', '/srv/data/shared:/a', '-v', '/srv/database:/b', '-v', '/srv/data/link:/c', '-v', '/srv/data/taken:/d'],
    ...['-v', '/srv/data/taken/inner:/e', '-v', '/srv/data/shared/file:/f'],
  )
  const { refusals } = await planOf(lab, copying)
  const why = (at: string) => refusals.find(({ message }) => message.startsWith(`${at} is`))?.message
  expect(why('/a')).toMatch(/web mounts, is the same directory, in it, or around it.*other runs with it mounted/)
  expect(why('/b')).toMatch(/allows \/srv\/data, \/srv\/more to be copied, and it is not in that/)
  expect(why('/c')).toContain('/srv/data/link is a symlink')
  expect(why('/d')).toContain('/srv/data/taken/inner, which web mounts')
  expect(why('/f')).toContain('/srv/data/shared/file is a file')
  await one.docker(['rm', '-f', 'web', 'other'])

  await run('-v', '/srv/data/taken:/d')
  expect((await refusal(lab, copying)).problem).toMatchObject({
    code: 'DRAYAGE_BIND_MOUNT',
    detail: expect.stringContaining('something in it that this move has not put there'),
  })
  expect(await readFile(srv(two, 'data/taken/theirs'), 'utf8')).toBe('of somebody')
})

test('a bind of the whole host or of the engine’s socket is not given away by --binds require', async () => {
  await run('-v', '/:/host:ro', '-v', '/var/run/docker.sock:/socket')
  const options = { binds: 'require' } as const
  const { codes, problem } = await refusal(lab, { ...web, options })
  expect(codes).toContain('DRAYAGE_HOST_POWER')
  const allowed = { ...options, allow: ['docker-socket' as const] }
  const { refusals } = await planOf(lab, { ...web, options: allowed })
  expect(refusals).toContainEqual({
    code: 'DRAYAGE_BIND_MOUNT',
    message: expect.stringMatching(/\/host is a bind mount of \/, and on the target.*where its agent keeps its key/),
  })
  expect(problem.detail).toContain('/var/run/docker.sock')
})
