import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError } from '../shared/errors.ts'
import { type BreakGlass, type BreakGlassRequest, breakGlass } from './break-glass.ts'
import type { ContainerState, RestartPolicy } from './docker/engine.ts'
import { createEnginePaths } from './engine-paths.ts'
import { asideOf, setAside } from './set-aside/set-aside.ts'
import { openBreakGlass } from './state/break-glass.ts'
import type { SourceNote } from './state/migrations.ts'
import { takeOwnership } from './state/owner.ts'
import type { RetiredWorkload } from './state/retired.ts'
import { openState } from './state/state.ts'

const migrationId = '01JMIGRATION'
const webId = 'a1'.repeat(32)
const plainId = 'b2'.repeat(32)
const always: RestartPolicy = { Name: 'always', MaximumRetryCount: 0 }
const none: RestartPolicy = { Name: 'no', MaximumRetryCount: 0 }

type Container = { id: string; name: string; policy: RestartPolicy }

let dir: string
let dataDir: string
let containers: Container[]
let holders: string[]
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-break-glass-'))
  dataDir = join(dir, 'agent')
  await mkdir(dataDir)
  containers = []
  holders = []
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const identify = async (path: string) => {
  const { dev, ino } = await lstat(path, { bigint: true })
  return `${dev}:${ino}`
}

const find = (idOrName: string): Container => {
  const byStart = containers.filter(({ id }) => id.startsWith(idOrName))
  const found = containers.find(({ id, name }) => id === idOrName || name === idOrName) ?? byStart[0]
  if (byStart.length > 1 && found === byStart[0]) throw new AppError('DRAYAGE_CONTAINER_AMBIGUOUS', `many ${idOrName}`)
  if (found === undefined) throw new AppError('DRAYAGE_CONTAINER_NOT_FOUND', `no ${idOrName}`)
  return found
}

// The clock goes on by a second with each look at it. `before` runs ahead of every effect and every question.
const hostWith = (before: (what: string) => void = () => {}): BreakGlass => {
  let seconds = 0
  return {
    dataDir,
    engine: {
      container: async (idOrName) => {
        before('inspect')
        const { id, name, policy } = find(idOrName)
        return { id, name, restartPolicy: policy } as ContainerState
      },
      rename: async (id, name) => {
        before('rename')
        find(id).name = name
      },
      setRestartPolicy: async (id, policy) => {
        before('policy')
        find(id).policy = policy
      },
      removeHolder: async (migration) => {
        before('holder')
        holders = holders.filter((holder) => holder !== migration)
      },
    },
    paths: createEnginePaths({ engine: '/engine', agent: dir }),
    identify: async (path) => {
      before('identify')
      return identify(path)
    },
    now: () => {
      before('clock')
      seconds += 1
      return new Date(Date.UTC(2026, 0, 1, 0, 0, seconds))
    },
  }
}

const request = (container: string, itRunsNowhereElse = true): BreakGlassRequest => ({ container, itRunsNowhereElse })

// As isolate leaves a volume.
const volumeAside = async (name: string) => {
  const root = join(dir, 'volumes', name, '_data')
  await mkdir(root, { recursive: true })
  await writeFile(join(root, 'file'), name)
  const rootIdentity = await identify(root)
  await setAside({ name, root, rootIdentity, migrationId }, 'notice', identify)
  return { name, mountpoint: `/engine/volumes/${name}/_data`, rootIdentity }
}
const rootOf = (volume: string) => join(dir, 'volumes', volume, '_data')

const retired = (facts: Partial<RetiredWorkload>): RetiredWorkload => ({
  workloadId: 'w-1',
  migrationId,
  epoch: 3,
  containerId: webId,
  containerName: 'web',
  movedTo: 'host-2',
  retiredAt: '2025-12-31T00:00:00.000Z',
  volumes: [],
  renamedTo: '',
  restartPolicyJson: JSON.stringify(always),
  ...facts,
})

const note = (facts: Partial<SourceNote>): SourceNote => ({
  role: 'source',
  migrationId,
  workloadId: 'w-1',
  epoch: 3,
  peerHost: 'host-2',
  containerId: webId,
  containerName: 'web',
  imageId: '',
  imageReferences: [],
  volumes: [],
  fenced: { policy: always, wasRunning: true },
  stopped: { wasRunning: true, requestedAt: '2025-12-30T00:00:00.000Z', mayRunAgain: false, result: null },
  isolated: null,
  ...facts,
})

// A retired container of two volumes, as a move leaves it.
const retiredWeb = async () => {
  const volumes = [await volumeAside('data'), await volumeAside('logs')]
  containers.push({ id: webId, name: 'web', policy: none })
  await (await openState(dataDir)).retired.add(retired({ volumes }))
}
// And one without, which was renamed.
const retiredPlain = async () => {
  containers.push({ id: plainId, name: 'plain-moved-1', policy: none })
  await (await openState(dataDir)).retired.add(
    retired({ workloadId: 'w-2', containerId: plainId, containerName: 'plain', renamedTo: 'plain-moved-1' }),
  )
}

const tree = async () => (await readdir(join(dir, 'volumes'), { recursive: true })).toSorted()
const everything = async () => ({
  tree: await tree(),
  containers: structuredClone(containers),
  state: await readdir(join(dataDir, 'state'), { recursive: true }),
  retired: (await openState(dataDir)).retired.all(),
})
const recorded = async () => (await openBreakGlass(join(dataDir, 'state'))).all()

const expectWebIsBack = async () => {
  for (const volume of ['data', 'logs']) {
    expect(await readdir(dirname(rootOf(volume)))).toEqual(['_data'])
    expect(await readFile(join(rootOf(volume), 'file'), 'utf8')).toBe(volume)
  }
  expect(find(webId)).toEqual({ id: webId, name: 'web', policy: always })
  const { retired: list, migrations } = await openState(dataDir)
  expect([list.byContainer(webId), migrations.find(migrationId)]).toEqual([null, null])
}

test('without the word that it runs nowhere else it says what it would do, and does nothing', async () => {
  await retiredWeb()
  const before = await everything()
  const outcome = await breakGlass(hostWith(), request('web', false))
  expect(outcome).toMatchObject({ state: 'not-done', container: 'web', next: 'docker start web' })
  expect(outcome.mustBeTrue.join('\n')).toMatch(/copy on host-2 is stopped for good[\s\S]*is not here/)
  expect(outcome.broughtBack.join('\n')).toContain(`${rootOf('data')} from ${asideOf(rootOf('data'), migrationId)}`)
  expect(await everything()).toEqual(before)
})

test('data, policy and the right to run are brought back, and what was done is on record', async () => {
  await retiredWeb()
  await retiredPlain()
  const outcome = await breakGlass(hostWith(), request('web'))
  expect(outcome).toMatchObject({ state: 'done', next: 'docker start web' })
  await expectWebIsBack()
  expect((await openState(dataDir)).retired.byContainer(plainId)).not.toBeNull()
  expect(await recorded()).toEqual([
    {
      ...{ workloadId: 'w-1', migrationId, epoch: 3, containerId: webId, containerName: 'web', movedTo: 'host-2' },
      volumes: ['data', 'logs'],
      startedAt: '2026-01-01T00:00:01.000Z',
      doneAt: '2026-01-01T00:00:02.000Z',
    },
  ])
})

test('asked again it answers that it was done, and does nothing', async () => {
  await retiredWeb()
  await breakGlass(hostWith(), request('web'))
  const before = await everything()
  for (const word of [true, false]) {
    expect(await breakGlass(hostWith(), request('web', word))).toMatchObject({
      state: 'was-done',
      next: 'docker start web',
    })
  }
  expect(await everything()).toEqual(before)
})

test('cut off anywhere it is finished by asking again, and until then the agent does not let the container run', async () => {
  let cuts = 0
  for (let cut = 1; ; cut += 1) {
    await rm(join(dir, 'volumes'), { recursive: true, force: true })
    await rm(join(dataDir, 'state'), { recursive: true, force: true })
    containers = []
    holders = [migrationId]
    await retiredWeb()
    await (await openState(dataDir)).migrations.put(note({}))
    let calls = 0
    const first = breakGlass(
      hostWith((what) => {
        calls += 1
        if (calls === cut) throw new Error(`cut off at ${what}`)
      }),
      request('web'),
    )
    const wasCut = await first.then(
      () => false,
      (thrown: Error) => thrown.message.startsWith('cut off'),
    )
    if (!wasCut) break
    cuts += 1
    const allowed = (await openState(dataDir)).retired.byContainer(webId) === null
    if (allowed) await expectWebIsBack()
    const [before] = await recorded()
    await breakGlass(hostWith(), request('web'))
    await expectWebIsBack()
    expect(holders).toEqual([])
    const [entry, ...more] = await recorded()
    expect(more).toEqual([])
    expect(entry?.doneAt).not.toBeNull()
    if (before !== undefined) expect(entry?.startedAt).toBe(before.startedAt)
  }
  expect(cuts).toBeGreaterThan(8)
})

test('a container that was renamed gets its name again, and is found by the old and the new one', async () => {
  for (const name of ['plain', 'plain-moved-1', plainId, plainId.slice(0, 4)]) {
    containers = []
    await rm(join(dataDir, 'state'), { recursive: true, force: true })
    await retiredPlain()
    const outcome = await breakGlass(hostWith(), request(name))
    expect(outcome).toMatchObject({ state: 'done', container: 'plain', next: 'docker start plain' })
    expect(find(plainId).name).toBe('plain')
  }
})

test('a name that somebody else gave the container is found, and left as it is', async () => {
  await retiredPlain()
  find(plainId).name = 'kept'
  expect(await breakGlass(hostWith(), request('kept'))).toMatchObject({ state: 'done', next: 'docker start kept' })
  expect(find(plainId).name).toBe('kept')
})

test('every conflict is told at once, and nothing is touched', async () => {
  const volumes = [await volumeAside('both'), await volumeAside('neither'), await volumeAside('other')]
  containers.push({ id: webId, name: 'web-moved-1', policy: none }, { id: plainId, name: 'web', policy: none })
  await (await openState(dataDir)).retired.add(
    retired({ volumes: [...volumes, await volumeAside('good')], renamedTo: 'web-moved-1' }),
  )
  await mkdir(rootOf('both'))
  await rename(asideOf(rootOf('neither'), migrationId), join(dir, 'away'))
  await rename(asideOf(rootOf('other'), migrationId), join(dir, 'away-too'))
  await mkdir(asideOf(rootOf('other'), migrationId))
  const before = await everything()
  for (const word of [true, false]) {
    const refused = breakGlass(hostWith(), request(webId, word))
    await expect(refused).rejects.toMatchObject({
      code: 'DRAYAGE_FENCE_CONFLICT',
      message: expect.stringMatching(
        /another container is called web[\s\S]*volume both: both[\s\S]*volume neither: neither[\s\S]*volume other: .*another directory/,
      ),
    })
    await expect(refused).rejects.not.toThrow(/volume good/)
  }
  expect(await everything()).toEqual(before)
  expect(await recorded()).toEqual([])
})

test('data that somebody has put back by hand is known again; another directory in its place is not', async () => {
  await retiredWeb()
  await rename(asideOf(rootOf('data'), migrationId), rootOf('data'))
  await rename(asideOf(rootOf('logs'), migrationId), join(dir, 'away'))
  await mkdir(rootOf('logs'))
  await expect(breakGlass(hostWith(), request('web'))).rejects.toMatchObject({ code: 'DRAYAGE_FENCE_CONFLICT' })
  await rm(rootOf('logs'), { recursive: true })
  await rename(join(dir, 'away'), rootOf('logs'))
  await breakGlass(hostWith(), request('web'))
  await expectWebIsBack()
})

test('a host that has given its devices other numbers since has the same directories', async () => {
  const { rootIdentity, ...volume } = await volumeAside('data')
  const volumes = [{ ...volume, rootIdentity: rootIdentity.replace(/^\d+/, '9999') }, await volumeAside('logs')]
  containers.push({ id: webId, name: 'web', policy: none })
  await (await openState(dataDir)).retired.add(retired({ volumes }))
  await breakGlass(hostWith(), request('web'))
  await expectWebIsBack()
})

test('the source of a migration that never ended is brought back, and its note with it', async () => {
  const volumes = [await volumeAside('data'), await volumeAside('logs')]
  containers.push({ id: webId, name: 'web', policy: none })
  holders.push(migrationId)
  await (await openState(dataDir)).migrations.put(note({ volumes, isolated: { volumes, renamed: null } }))
  const { mustBeTrue } = await breakGlass(hostWith(), request('web', false))
  expect(mustBeTrue.join('\n')).toContain(`The migration ${migrationId} has not ended`)
  await breakGlass(hostWith(), request('web'))
  await expectWebIsBack()
  expect(holders).toEqual([])
})

test('a container that was removed has its data brought back all the same', async () => {
  await retiredWeb()
  containers = []
  const { next } = await breakGlass(hostWith(), request('web'))
  expect(next).toContain('data, logs')
  expect(await readFile(join(rootOf('data'), 'file'), 'utf8')).toBe('data')
})

test('while the agent runs nothing is done, and both answers say to stop it', async () => {
  await retiredWeb()
  const agent = await takeOwnership(dataDir)
  await expect(breakGlass(hostWith(), request('web'))).rejects.toThrow(/Stop the agent first/)
  const { mustBeTrue } = await breakGlass(hostWith(), request('web', false))
  expect(mustBeTrue[0]).toContain('The agent of this host is stopped')
  await agent.release()
  await breakGlass(hostWith(), request('web'))
  await expectWebIsBack()
  await (await takeOwnership(dataDir)).release()
})

test('what does not stand for one container left here is refused, and says what there is', async () => {
  await retiredWeb()
  containers.push({ id: 'a1ff', name: 'old', policy: none })
  await (await openState(dataDir)).retired.add(retired({ containerId: 'a1ff', containerName: 'old' }))
  await expect(breakGlass(hostWith(), request('a1'))).rejects.toMatchObject({ code: 'DRAYAGE_CONTAINER_AMBIGUOUS' })
  await expect(breakGlass(hostWith(), request('nothing'))).rejects.toMatchObject({
    code: 'DRAYAGE_CONTAINER_NOT_FOUND',
    message: expect.stringContaining('web (moved to host-2)'),
  })
})

test('of several that had the name, the one whose container is still there is meant', async () => {
  const { retired: list } = await openState(dataDir)
  for (const id of ['c1', 'c2']) await list.add(retired({ containerId: id.repeat(32) }))
  await expect(breakGlass(hostWith(), request('web'))).rejects.toThrow(/c1c1c1c1c1c1 \(removed\), c2c2/)
  await retiredWeb()
  await breakGlass(hostWith(), request('web'))
  await expectWebIsBack()
})

test('where there is no state of an agent none is made', async () => {
  await expect(breakGlass(hostWith(), request('web'))).rejects.toMatchObject({ code: 'DRAYAGE_CONFIG_INVALID' })
  expect(await readdir(dataDir)).toEqual([])
})

test.each([
  ['its own id', []],
  ['the ids of others', ['db11', 'db12']],
])('a container comes back under a name that is also the start of %s', async (_, others) => {
  const id = 'db'.repeat(32)
  containers.push({ id, name: 'db-moved-1', policy: none })
  for (const start of others) containers.push({ id: start.padEnd(64, '0'), name: `other-${start}`, policy: none })
  const left = retired({ containerId: id, containerName: 'db', renamedTo: 'db-moved-1' })
  await (await openState(dataDir)).retired.add(left)
  await breakGlass(hostWith(), request('db-moved-1'))
  expect(find(id).name).toBe('db')
})
