// Containers that belong together, moved together or not at all.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { MigrationRequest } from '../../shared/api/migrations.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { commandLineOf } from './command-line.ts'
import {
  follow,
  holdings,
  inspect,
  migrate,
  migrationOf,
  planOf,
  refusal,
  startMigration,
  untilEnded,
} from './moving.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let image: string

const dray = commandLineOf(() => lab)

beforeAll(async () => {
  lab = await startLab({ hosts: 2, failpoints: true })
  one = lab.host('host-1')
  two = lab.host('host-2')
  image = (await loadImage(one, 'busybox')).ref
})
afterAll(() => lab?.stop())
beforeEach(async () => {
  for (const process of ['coordinator', one, two] as const) await lab.failpoints(process).clear()
  for (const host of [one, two]) {
    const containers = (await host.docker(['ps', '-aq'])).split('\n').filter(Boolean)
    if (containers.length > 0) await host.docker(['rm', '-f', ...containers])
    const volumes = (await host.docker(['volume', 'ls', '-q'])).split('\n').filter(Boolean)
    if (volumes.length > 0) await host.docker(['volume', 'rm', ...volumes])
  }
})

type Inspected = {
  readonly Id: string
  readonly State: { readonly Status: string }
  readonly HostConfig: { readonly NetworkMode: string; readonly VolumesFrom: readonly string[] | null }
  readonly Mounts: readonly { readonly Name: string; readonly Destination: string; readonly RW: boolean }[]
}

const sleeping = ['sleep', '100000']
const run = (name: string, ...args: string[]) =>
  one.docker(['run', '-d', '--name', name, '--stop-timeout', '1', ...args, image, ...sleeping])
const write = (container: string, path: string, text: string) =>
  one.docker(['exec', container, 'sh', '-c', `printf %s ${text} > ${path}`])
const read = (host: LabHost, container: string, path: string) => host.docker(['exec', container, 'cat', path])

// One that never ran and gives its volume to two others, one of which lends its network to the third.
const family = async (...ofDb: string[]) => {
  await one.docker(['create', '--name', 'zdata', '-v', 'rows:/rows', image, 'true'])
  await run('db', '--volumes-from', 'zdata', '-v', 'own:/own', ...ofDb)
  await run('app', '--volumes-from', 'db:ro', '--network', 'container:db', '--pid', 'container:db')
  await write('db', '/rows/one', 'first')
  await write('db', '/own/two', 'second')
}

const asked = (options: MigrationRequest['options'] = {}): MigrationRequest => ({
  ...{ container: 'app', from: 'host-1', to: 'host-2' },
  options: { dependents: 'take', ...options },
})

const expectFamilyOn = async (host: LabHost) => {
  const [data, db, app] = await Promise.all(['zdata', 'db', 'app'].map((name) => inspect<Inspected>(host, name)))
  expect([data, db, app].map((one) => one?.State.Status)).toEqual(['created', 'running', 'running'])
  expect(app?.HostConfig.NetworkMode).toBe(`container:${db?.Id}`)
  expect(db?.HostConfig.VolumesFrom).toHaveLength(1)
  expect(app?.Mounts.map(({ Name, RW }) => [Name, RW]).toSorted()).toEqual([
    ['own', false],
    ['rows', false],
  ])
  expect(await read(host, 'app', '/rows/one')).toBe('first')
  expect(await read(host, 'db', '/own/two')).toBe('second')
}

// What its engine has done with images since then.
const imageEventsOn = async (host: LabHost, sinceMs: number, action: 'save' | 'load') => {
  const between = ['--since', `${sinceMs / 1000}`, '--until', `${Date.now() / 1000}`]
  const told = await host.docker(['events', ...between, '--filter', 'type=image', '--format', '{{.Action}}'])
  return told.split('\n').filter((line) => line === action)
}

test('what is tied moves together, in the order of use, with one image once, comes back together, and leaves nothing behind', async () => {
  await family()
  const startedAt = Date.now()
  const { codes } = await refusal(lab, asked({ dependents: 'refuse' }))
  expect(codes).toEqual(['DRAYAGE_SET_LARGER'])
  const plan = await planOf(lab, asked())
  expect(plan).toMatchObject({ refusals: [], set: [] })
  expect(plan.members.map(({ name }) => name)).toEqual(['zdata', 'db', 'app'])
  expect(plan.volumes.map(({ name }) => name).toSorted()).toEqual(['own', 'rows'])

  const moved = await migrate(lab, asked())
  expect(moved).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(moved.receipt?.volumes.map(({ name }) => name).toSorted()).toEqual(['own', 'rows'])
  // Three containers of one image, which the target did not have.
  expect(plan.members.map((member) => member.image.presentOnTarget)).toEqual([false, false, false])
  expect(await imageEventsOn(one, startedAt, 'save')).toHaveLength(1)
  expect(await imageEventsOn(two, startedAt, 'load')).toHaveLength(1)
  await expectFamilyOn(two)
  for (const name of ['db', 'app']) await expect(one.docker(['start', name])).rejects.toThrow()

  const back = await follow(lab, moved, 'return')
  expect(back).toMatchObject({ state: 'awaiting-finalize', error: null })
  await expectFamilyOn(one)
  expect((await follow(lab, back, 'finalize')).state).toBe('completed')
  expect(await holdings(two)).toMatchObject({ containers: [], volumes: [] })
})

test('what fails at the last moment before the commit puts all of them back as they were, on both hosts', async () => {
  await family()
  await run('last', '-v', 'rows:/rows', '--restart', 'always')
  const before = [await holdings(one), await holdings(two)]
  await lab.failpoints('coordinator').tell('commit.before', 'error DRAYAGE_TARGET_CHANGED told to')
  const ended = await migrate(lab, asked())
  expect(ended).toMatchObject({ state: 'rolled-back', error: { code: 'DRAYAGE_TARGET_CHANGED', step: 'commit' } })
  expect([await holdings(one), await holdings(two)]).toMatchObject(
    before.map(({ containers, volumes, networks }) => ({ containers, volumes, networks })),
  )
  await expectFamilyOn(one)
})

test('where one of them does not come up, all go back by themselves, also those that had', async () => {
  await family('-p', '18082:80')
  await run('another', '-v', 'rows:/rows')
  const coordinator = lab.failpoints('coordinator')
  await coordinator.tell('start.before', 'hang')
  const { id } = await startMigration(lab, asked())
  await coordinator.untilReached('start.before')
  await two.docker(['run', '-d', '--name', 'thief', '-p', '18082:80', image, ...sleeping])
  await coordinator.untell('start.before')
  const failed = await untilEnded(lab, id)
  expect(failed).toMatchObject({ error: { code: 'DRAYAGE_TARGET_NOT_STARTED', step: 'start' } })
  expect(failed.members.map(({ name }) => name)).toEqual(['another', 'zdata', 'db', 'app'])
  expect(await untilEnded(lab, failed.followedBy ?? '')).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(await migrationOf(lab, id)).toMatchObject({ state: 'rolled-back' })
  await expectFamilyOn(one)
  expect((await inspect<Inspected>(one, 'another')).State.Status).toBe('running')
  expect(await two.docker(['ps', '--format', '{{.Names}}'])).toBe('thief')
})

test('every reason of every member stands in the plan, with the member’s name', async () => {
  await run('web', '--rm', '-v', 'shared:/shared')
  await run('worker', '-v', 'shared:/shared', '-v', '/etc:/host-etc', '-v', '/nameless')
  // Two volumes that would become one with what is there: a named one that both mount, and one without a name.
  const { Mounts } = await inspect<Inspected>(one, 'worker')
  const nameless = Mounts.find(({ Destination }) => Destination === '/nameless')?.Name ?? ''
  for (const name of ['shared', nameless]) await two.docker(['volume', 'create', name])
  const { refusals } = await planOf(lab, { ...asked(), container: 'web' })
  expect(refusals.map(({ code, message }) => [code, message.split(':')[0]])).toEqual([
    ['DRAYAGE_AUTO_REMOVE', 'web'],
    ['DRAYAGE_BIND_MOUNT', 'worker'],
    ['DRAYAGE_VOLUME_EXISTS', 'web'],
    ['DRAYAGE_VOLUME_EXISTS', 'worker'],
  ])
  expect(refusals.at(-1)?.message).toContain(nameless)
})

test('ten containers that share one volume, two of them in a circle of --volumes-from, move it once', async () => {
  const create = (name: string, ...args: string[]) => one.docker(['create', '--name', name, ...args, image, 'true'])
  await create('c0', '-v', 'shared:/shared')
  await create('c1', '--volumes-from', 'c0')
  await one.docker(['rm', 'c0'])
  await create('c0', '--volumes-from', 'c1')
  for (let n = 2; n < 9; n++) await create(`c${n}`, '-v', `shared:/at-${n}`)
  await run('c9', '-v', 'shared:/shared')
  await write('c9', '/shared/file', 'once')
  const names = Array.from({ length: 10 }, (_, n) => `c${n}`)

  const moved = await migrate(lab, { ...asked(), container: 'c9' })
  expect(moved).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(moved.members.map(({ name }) => name).toSorted()).toEqual(names)
  expect(moved.receipt?.volumes.map(({ name }) => name)).toEqual(['shared'])
  const there = await Promise.all(names.map((name) => inspect<Inspected>(two, name)))
  expect(there.map(({ Mounts }) => Mounts.map(({ Name }) => Name))).toEqual(names.map(() => ['shared']))
  expect(await read(two, 'c9', '/shared/file')).toBe('once')
})

test('what each of them has outside its volumes goes with it, and of two that publish a port the one that is named gets another', async () => {
  await run('web', '-v', 'pages:/pages', '-p', '18080:80')
  await run('api', '-v', 'pages:/pages', '-p', '18081:80')
  for (const name of ['web', 'api']) await write(name, '/home/own', `of-${name}`)
  const keeping = (...publish: string[]) => ({
    ...{ ...asked({ writableLayer: 'keep', publish }), container: 'web' },
  })
  expect((await refusal(lab, keeping('18090:80'))).codes).toContain('DRAYAGE_PORT_NOT_PUBLISHED')
  const plan = await planOf(lab, keeping('web=18090:80'))
  expect(plan.refusals).toEqual([])
  expect(plan.members.map(({ name, writableLayer }) => [name, writableLayer?.policy])).toEqual([
    ['api', 'keep'],
    ['web', 'keep'],
  ])

  const moved = await migrate(lab, keeping('web=18090:80'))
  expect(moved).toMatchObject({ state: 'awaiting-finalize', error: null })
  const ports = async (host: LabHost) =>
    Promise.all(['web', 'api'].map(async (name) => (await host.docker(['port', name, '80'])).split('\n')[0]))
  expect(await ports(two)).toEqual(['0.0.0.0:18090', '0.0.0.0:18081'])
  for (const name of ['web', 'api']) expect(await read(two, name, '/home/own')).toBe(`of-${name}`)
  expect(await follow(lab, moved, 'return')).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(await ports(one)).toEqual(['0.0.0.0:18080', '0.0.0.0:18081'])
})

test('a volume that goes with its container between plan and move puts everything back, and the others run on', async () => {
  await run('web', '-v', 'shared:/shared')
  await run('worker', '-v', 'shared:/shared', '-v', 'own:/own')
  const coordinator = lab.failpoints('coordinator')
  await coordinator.tell('lock.before', 'hang')
  const { id } = await startMigration(lab, { ...asked(), container: 'web' })
  await coordinator.untilReached('lock.before')
  await one.docker(['rm', '-f', 'worker'])
  await one.docker(['volume', 'rm', 'own'])
  await coordinator.untell('lock.before')
  expect(await untilEnded(lab, id)).toMatchObject({
    ...{ state: 'rolled-back', error: { code: 'DRAYAGE_CONTAINER_NOT_FOUND', step: 'lock' } },
  })
  expect((await inspect<Inspected>(one, 'web')).State.Status).toBe('running')
  expect(await holdings(one)).toMatchObject({ containers: ['web running'], volumes: ['shared'] })
  expect(await holdings(two)).toMatchObject({ containers: [], volumes: [] })
})

test('a Compose project moves whole, and the target takes it for its own: `up` makes nothing anew', async () => {
  const folder = join(one.clientEnv.HOME ?? '', 'blog')
  await mkdir(folder, { recursive: true })
  const service = { image, command: sleeping, restart: 'always', stop_grace_period: '1s' }
  const file = {
    services: {
      web: { ...service, depends_on: ['db'], volumes: ['pages:/pages'], ports: ['18080:80'] },
      db: { ...service, volumes: ['rows:/rows'], networks: { default: { ipv4_address: '172.31.250.9' } } },
      lamp: service,
    },
    volumes: { pages: {}, rows: {} },
    networks: { default: { ipam: { config: [{ subnet: '172.31.250.0/24' }] } } },
  }
  await writeFile(join(folder, 'compose.yaml'), JSON.stringify(file))
  const compose = (host: LabHost, ...args: string[]) =>
    host.docker(['compose', '--project-directory', folder, '--file', join(folder, 'compose.yaml'), ...args])
  await compose(one, 'up', '--detach')
  await write('blog-db-1', '/rows/one', 'first')

  await dray.says('migrate', '--project', 'blog', '--from', 'host-1', '--to', 'host-2')
  const ids = async () => (await two.docker(['ps', '-q', '--no-trunc'])).split('\n').toSorted()
  const moved = await ids()
  expect(moved).toHaveLength(3)
  expect((await compose(two, 'ps', '--services')).split('\n').toSorted()).toEqual(['db', 'lamp', 'web'])
  await compose(two, 'up', '--detach')
  expect(await ids()).toEqual(moved)
  expect(await read(two, 'blog-db-1', '/rows/one')).toBe('first')
  expect(await one.docker(['ps', '-q'])).toBe('')
  const gone = await refusal(lab, { project: 'nothing', from: 'host-2', to: 'host-1' })
  expect(gone.codes).toEqual(['DRAYAGE_CONTAINER_NOT_FOUND'])
})
