import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Host } from '../../shared/api/hosts.ts'
import type { Container, Volume, VolumeUser } from '../../shared/api/inventory.ts'
import type { RemoveVolume } from '../../shared/api/orphans.ts'
import { AppError } from '../../shared/errors.ts'
import { orphansAmong, refersTo } from './classify.ts'
import type { Claim, Known } from './ports.ts'
import { requireOrphan } from './require-orphan.ts'

const time = (day: number) => new Date(Date.UTC(2026, 0, day)).toISOString()
const seen = { firstSeen: time(1), lastSeen: time(5), goneAt: null }

const engine = {
  ...{ id: 'E', version: '28.5.2', apiVersion: '1.51', os: 'linux', architecture: 'amd64', storageDriver: 'overlay2' },
  ...{ containerdImageStore: false, dataRoot: '/d', idShift: '', swarm: false },
}
const host = (name: string, over: Partial<Host> = {}): Host => ({
  ...{ name, state: 'online', address: null, agentVersion: null, engine, engineReachable: true, fence: null },
  ...{ addedAt: time(1), lastSeen: time(5), inventoryAt: time(5) },
  ...over,
})
const volume = (onHost: string, name: string, over: Partial<Volume> = {}): Volume => ({
  ...{ host: onHost, name, driver: 'local', mountpoint: `/d/volumes/${name}/_data`, scope: 'local', options: {} },
  ...{ labels: {}, anonymous: false, createdAt: time(1), sizeBytes: null, sizeMeasuredAt: null, users: [], ...seen },
  ...over,
})
const container = (
  onHost: string,
  name: string,
  mounts: Container['mounts'],
  over: Partial<Container> = {},
): Container => ({
  ...{ host: onHost, id: `id-${name}`, name, image: 'web:1', imageId: 'sha256:1', state: 'exited', createdAt: time(1) },
  ...{ labels: {}, mounts, movedTo: null, ...seen },
  ...over,
})
const mount = (name: string): Container['mounts'][number] => ({
  ...{ type: 'volume', volume: name, source: `/d/volumes/${name}/_data`, destination: '/data', readOnly: false },
})
const bind = (source: string): Container['mounts'][number] => ({ ...mount(''), type: 'bind', volume: null, source })
const user = (name: string, over: Partial<VolumeUser>): VolumeUser => ({
  ...{
    containerId: `id-${name}`,
    name,
    image: 'web:1',
    destination: '/data',
    readOnly: false,
    project: null,
    movedTo: null,
  },
  ...{ ...seen, goneAt: time(3) },
  ...over,
})
const known = (over: Partial<Known>): Known => ({
  ...{ hosts: [host('host-1'), host('host-2')], containers: [], volumes: [], claims: [], migrations: new Map() },
  ...over,
})
const only = (over: Partial<Known>) => {
  const [orphan, ...others] = orphansAmong(known(over))
  expect(others).toEqual([])
  return orphan
}

const listedAs = ({ driver, mountpoint, createdAt }: Volume): RemoveVolume => ({ driver, mountpoint, createdAt })
const refusal = (over: Partial<Known>, listed: Volume): string => {
  try {
    requireOrphan(known(over), { host: listed.host, volume: listed.name }, listedAs(listed))
    return 'none'
  } catch (thrown) {
    return thrown instanceof AppError ? thrown.code : String(thrown)
  }
}

describe('what may be removed', () => {
  const names = fc.constantFrom('a', 'b', 'c')
  const hosts = fc.constantFrom('host-1', 'host-2', 'host-3')
  const someHost = fc.record({
    state: fc.constantFrom<Host['state']>('online', 'online', 'online', 'online', 'lost', 'unknown'),
    engineReachable: fc.constantFrom(true, true, true, false),
    inventoryAt: fc.constantFrom(time(5), time(5), time(5), null),
    engine: fc.constantFrom(engine, engine, engine, { ...engine, swarm: true }, null),
    fence: fc.constantFrom(null, null, null, null, { at: time(4), by: 'admin', owed: 0, error: null }),
  })
  const someMount = fc.oneof(
    names.map(mount),
    names.map((name) => bind(`/d/volumes/${name}/_data`)),
    names.map((name) => bind(`/d/volumes/${name}/_data/below`)),
    names.map((name) => bind(`/d/volumes/${name}`)),
    fc.constant(bind('/d')),
  )
  const someContainer = fc
    .tuple(
      hosts,
      fc.array(someMount, { maxLength: 3 }),
      fc.constantFrom(null, 'host-2'),
      fc.constantFrom(null, time(4)),
    )
    .map(([on, mounts, movedTo, goneAt]) => container(on, `on-${on}`, mounts, { movedTo, goneAt }))
  const someVolume = fc
    .record({
      host: hosts,
      name: names,
      driver: fc.constantFrom('local', 'local', 'nfs-plugin'),
      scope: fc.constantFrom('local', 'local', 'global'),
      options: fc.constantFrom({}, {}, { type: 'nfs' }),
      labels: fc.constantFrom(
        {},
        { 'dev.drayage.migration': 'm1' },
        { 'dev.drayage.migration': 'of-another-coordinator' },
      ),
      goneAt: fc.constantFrom(null, null, time(4)),
    })
    .map(({ host: on, name, ...over }) => volume(on, name, over))
  const someClaim: fc.Arbitrary<Claim> = fc
    .tuple(hosts, names, fc.constantFrom('running' as const, 'kept' as const, 'transfer' as const))
    .map(([on, name, kind]) =>
      kind === 'transfer'
        ? { host: on, volume: name, kind, id: 't1' }
        : { host: on, volume: name, kind, id: 'm1', container: 'web' },
    )
  const situation: fc.Arbitrary<Known> = fc
    .record({
      hosts: fc.tuple(someHost, someHost, someHost).map((all) => all.map((over, at) => host(`host-${at + 1}`, over))),
      containers: fc.array(someContainer, { maxLength: 4 }),
      volumes: fc.uniqueArray(someVolume, { maxLength: 6, selector: ({ host: on, name }) => `${on}/${name}` }),
      claims: fc.array(someClaim, { maxLength: 3 }),
      state: fc.constantFrom('completed' as const, 'rolled-back' as const),
    })
    .map(({ state, ...rest }) => ({ ...rest, migrations: new Map([['m1', { state, from: 'host-1' }]]) }))

  test('is nothing that a container refers to, a journal owns, or others may use; and nothing of a host that is not known now', () => {
    let removable = 0
    fc.assert(
      fc.property(situation, (now) => {
        for (const one of now.volumes) {
          if (refusal(now, one) !== 'none') continue
          removable += 1
          const on = now.hosts.find(({ name }) => name === one.host)
          expect(on).toMatchObject({ state: 'online', engineReachable: true, fence: null, engine: { swarm: false } })
          expect(on?.inventoryAt).not.toBeNull()
          expect(one).toMatchObject({ driver: 'local', scope: 'local', options: {}, goneAt: null })
          const there = now.containers.filter(({ host: at, goneAt }) => at === one.host && goneAt === null)
          expect(there.flatMap(({ mounts }) => mounts).map(({ volume: of }) => of)).not.toContain(one.name)
          for (const { source } of there.flatMap(({ mounts }) => mounts)) {
            expect(source === '/d' || !`${source}/`.startsWith(`/d/volumes/${one.name}/`)).toBe(true)
          }
          expect(now.claims.some((claim) => claim.host === one.host && claim.volume === one.name)).toBe(false)
          expect(one.labels['dev.drayage.migration'] ?? 'm1').toBe('m1')
        }
      }),
      { numRuns: 3000 },
    )
    // The rules do not hold by refusing everything.
    expect(removable).toBeGreaterThan(100)
  })

  test('is what was listed, and no other volume of its name', () => {
    const data = volume('host-1', 'data')
    const volumes = [data]
    expect(refusal({ volumes }, data)).toBe('none')
    expect(refusal({ volumes }, { ...data, createdAt: time(2) })).toBe('DRAYAGE_VOLUME_CHANGED')
    expect(refusal({ volumes }, { ...data, mountpoint: '/elsewhere' })).toBe('DRAYAGE_VOLUME_CHANGED')
    expect(refusal({ volumes: [{ ...data, goneAt: time(4) }] }, data)).toBe('DRAYAGE_VOLUME_NOT_FOUND')
    expect(refusal({ volumes, hosts: [host('host-1', { state: 'lost' })] }, data)).toBe('DRAYAGE_HOST_OFFLINE')
    const containers = [container('host-1', 'web', [mount('data')])]
    expect(refusal({ volumes, containers }, data)).toBe('DRAYAGE_VOLUME_IN_USE')
    const claims: Claim[] = [{ host: 'host-1', volume: 'data', kind: 'kept', id: 'm1', container: 'web' }]
    expect(refusal({ volumes, claims }, data)).toBe('DRAYAGE_VOLUME_NOT_ORPHANED')
  })
})

describe('a volume that nothing uses', () => {
  test('is told with who used it last, who wrote to it last, and since when nobody does', () => {
    const users = [
      user('reader', { readOnly: true, goneAt: time(4), project: 'blog' }),
      user('writer', { goneAt: time(3) }),
      user('first', { goneAt: time(2) }),
    ]
    expect(only({ volumes: [volume('host-1', 'data', { users: users.toReversed() })] })).toMatchObject({
      verdict: 'orphan',
      lastUser: { name: 'reader' },
      lastWriter: { name: 'writer' },
      project: 'blog',
      unusedSince: time(4),
      unusedSinceIs: 'last-user-gone',
    })
    expect(only({ volumes: [volume('host-1', 'data', { createdAt: '2020-01-01T00:00:00.000Z' })] })).toMatchObject({
      ...{ lastUser: null, lastWriter: null, project: null },
      ...{ unusedSince: time(1), unusedSinceIs: 'first-seen' },
    })
  })

  test('stands beside its namesakes on other hosts, with who uses those', () => {
    const volumes = [volume('host-1', 'data'), volume('host-2', 'data', { sizeBytes: 4096 }), volume('host-2', 'other')]
    const containers = [container('host-2', 'web', [mount('data'), mount('other')])]
    expect(only({ volumes, containers })?.alsoOn).toMatchObject([
      { host: 'host-2', hostState: 'online', usedBy: ['web'], sizeBytes: 4096 },
    ])
  })

  test.each<[string, Partial<Known>, object]>([
    [
      'kept by a migration that is not finalized, and told what ends that',
      { claims: [{ host: 'host-1', volume: 'data', kind: 'kept', id: 'm7', container: 'web' }] },
      { verdict: 'kept', migration: 'm7', reason: expect.stringContaining('dray finalize m7') },
    ],
    [
      'in the hands of one that runs',
      { claims: [{ host: 'host-1', volume: 'data', kind: 'running', id: 'm7', container: 'web' }] },
      { verdict: 'kept', migration: 'm7', reason: expect.stringContaining('dray cancel m7') },
    ],
    [
      'what a retired copy still refers to',
      { containers: [container('host-1', 'web', [mount('data')], { movedTo: 'host-2' })] },
      { verdict: 'kept', reason: expect.stringContaining('moved to host-2') },
    ],
  ])('is no orphan where it is %s', (_what, over, expected) => {
    expect(only({ volumes: [volume('host-1', 'data')], ...over })).toMatchObject(expected)
  })

  test('of a migration that was put back is debris, of one that went well an orphan, of an unknown one not judged', () => {
    const volumes = [volume('host-1', 'data', { labels: { 'dev.drayage.migration': 'm7' } })]
    const of = (state: 'rolled-back' | 'completed') => new Map([['m7', { state, from: 'host-2' } as const]])
    expect(only({ volumes, migrations: of('rolled-back') })).toMatchObject({ verdict: 'debris', migration: 'm7' })
    expect(only({ volumes, migrations: of('completed') })).toMatchObject({ verdict: 'orphan' })
    expect(only({ volumes })).toMatchObject({ verdict: 'not-known', migration: 'm7' })
  })

  test.each([
    ['of a plugin', { driver: 'rexray', scope: 'global' }],
    ['with options', { options: { type: 'nfs', device: ':/export' } }],
  ])('%s may be used elsewhere, and is not judged', (_what, over) => {
    expect(only({ volumes: [volume('host-1', 'data', over)] })).toMatchObject({ verdict: 'not-known' })
  })

  test('on a node of a swarm is not judged: a service without a container may refer to it', () => {
    const hosts = [host('host-1', { engine: { ...engine, swarm: true } })]
    expect(only({ hosts, volumes: [volume('host-1', 'data')] })).toMatchObject({ verdict: 'not-known' })
  })
})

test('a bind mount of the whole data root is no use of every volume in it', () => {
  expect(refersTo(container('host-1', 'backup', [bind('/d/volumes')]), volume('host-1', 'data'))).toBe(false)
})
