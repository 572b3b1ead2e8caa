import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { InspectedContainer, Mount } from '../api/answers.ts'
import { moveSet } from './move-set.ts'

const like: InspectedContainer = JSON.parse(
  readFileSync(new URL('../fixtures/container-28.5.json', import.meta.url), 'utf8'),
)

type Given = {
  readonly volumes?: readonly string[]
  readonly host?: Partial<InspectedContainer['HostConfig']>
  readonly compose?: Readonly<Record<string, string>>
  readonly endpointLinks?: readonly string[]
}

const idOf = (name: string) => Buffer.from(name).toString('hex').padEnd(64, '0')

const container = (name: string, { volumes = [], host = {}, compose = {}, endpointLinks }: Given = {}) => ({
  ...like,
  Id: idOf(name),
  Name: `/${name}`,
  Mounts: volumes.map((Name): Mount => ({ Type: 'volume', Name, Destination: `/${Name}`, RW: true })),
  Config: {
    ...like.Config,
    Labels: Object.fromEntries(Object.entries(compose).map(([key, value]) => [`com.docker.compose.${key}`, value])),
  },
  HostConfig: { NetworkMode: 'bridge', ...host },
  NetworkSettings: { Networks: { bridge: endpointLinks === undefined ? {} : { Links: endpointLinks } } },
})

const service = (name: string, dependsOn = '', more: Readonly<Record<string, string>> = {}) =>
  container(`blog-${name}-1`, { compose: { project: 'blog', service: name, depends_on: dependsOn, ...more } })

const namesFrom = (start: string, all: readonly InspectedContainer[]) =>
  moveSet([idOf(start)], all).map(({ name }) => name)

const wordsFrom = (start: string, all: readonly InspectedContainer[]) =>
  Object.fromEntries(moveSet([idOf(start)], all).map(({ name, ties }) => [name, ties.map(({ words }) => words)]))

describe('what belongs together with a container, and why', () => {
  test('nothing, where nothing is tied to it', () => {
    expect(moveSet([idOf('web')], [container('web', { volumes: ['data'] }), container('db')])).toEqual([])
  })

  test('whoever mounts one of its volumes, running or not, and whoever mounts one of theirs', () => {
    const all = [
      container('web', { volumes: ['data'] }),
      container('db', { volumes: ['data', 'log'] }),
      container('reader', { volumes: ['log'] }),
      container('other', { volumes: ['else'] }),
    ]
    expect(wordsFrom('web', all)).toEqual({
      db: ['uses the volume data, and so does web', 'uses the volume log, and so does reader'],
      reader: ['uses the volume log, and so does db'],
    })
  })

  test('a data container that never ran, and who takes its volumes, from either side', () => {
    const all = [
      container('store', { volumes: ['data'] }),
      container('web', { volumes: ['data'], host: { VolumesFrom: ['store:ro'] } }),
    ]
    expect(wordsFrom('web', all)).toEqual({
      store: ['uses the volume data, and so does web', 'gives its volumes to web (--volumes-from)'],
    })
    expect(wordsFrom('store', all)).toEqual({
      web: ['uses the volume data, and so does store', 'was made with --volumes-from store'],
    })
  })

  test.each([
    ['network', { NetworkMode: `container:${idOf('web')}` }, 'uses the network of web'],
    ['network by a short id', { NetworkMode: `container:${idOf('web').slice(0, 12)}` }, 'uses the network of web'],
    ['process ids', { PidMode: 'container:web' }, 'uses the process ids of web'],
    ['IPC', { IpcMode: `container:${idOf('web')}` }, 'uses the IPC of web'],
    ['link', { Links: ['/web:/side/db'] }, 'has a link to web'],
  ])('who uses its %s, and the other way round', (_, host, words) => {
    const all = [container('web'), container('side', { host })]
    expect(wordsFrom('web', all)).toEqual({ side: [words] })
    expect(namesFrom('side', all)).toEqual(['web'])
  })

  test('a link on one network', () => {
    expect(namesFrom('web', [container('web'), container('side', { endpointLinks: ['web:db'] })])).toEqual(['side'])
  })

  test('what it depends on in its Compose project, and what depends on it: each of their replicas, and nothing else', () => {
    const all = [
      service('web', 'db:service_healthy:true,cache:service_started:false'),
      service('db'),
      { ...service('cache'), Id: idOf('first'), Name: '/blog-cache-1' },
      { ...service('cache'), Id: idOf('second'), Name: '/blog-cache-2' },
      { ...service('cache', '', { oneoff: 'True' }), Id: idOf('oneoff'), Name: '/blog-cache-run-1' },
      service('unrelated'),
      { ...service('db', '', { project: 'shop' }), Id: idOf('shop'), Name: '/shop-db-1' },
    ]
    expect(wordsFrom('blog-web-1', all)).toEqual({
      'blog-db-1': ['is depended on by blog-web-1'],
      'blog-cache-1': ['is depended on by blog-web-1'],
      'blog-cache-2': ['is depended on by blog-web-1'],
    })
    expect(moveSet([idOf('blog-db-1')], all).map(({ separable }) => separable)).toEqual([true, true, true])
  })

  test('what is tied by more than depends_on, directly or through others, is not separable', () => {
    const all = [
      service('web', 'db:service_started:true'),
      { ...service('db', 'side:service_started:true'), HostConfig: { NetworkMode: 'container:blog-side-1' } },
      { ...service('side'), HostConfig: { NetworkMode: 'bridge', PidMode: 'container:blog-web-1' } },
      service('late', 'web:service_started:true'),
    ]
    const separable = Object.fromEntries(moveSet([idOf('blog-web-1')], all).map((one) => [one.name, one.separable]))
    expect(separable).toEqual({ 'blog-db-1': false, 'blog-side-1': false, 'blog-late-1': true })
  })

  test('volumes-from in a circle has an end', () => {
    const all = ['a', 'b', 'c'].map((name, index) =>
      container(name, { host: { VolumesFrom: [['b', 'c', 'a'][index] ?? ''] } }),
    )
    expect(namesFrom('a', all)).toEqual(['b', 'c'])
  })

  test('whom nobody answers to ties it to nobody, and neither does its own name', () => {
    const gone = { VolumesFrom: ['gone', 'web'], NetworkMode: 'container:0123456789ab', Links: ['/gone:/web/db'] }
    expect(namesFrom('web', [container('web', { host: gone }), container('db')])).toEqual([])
  })

  test('ten containers that share a volume are all named, with others of them', () => {
    const all = Array.from({ length: 10 }, (_, n) => container(`c${n}`, { volumes: ['data'] }))
    const words = wordsFrom('c0', all)
    expect(Object.keys(words)).toEqual(['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9'])
    expect(words['c4']).toEqual(['uses the volume data, and so do c0, c1, c2 and 6 more'])
  })
})

type Edge = readonly [number, number, 'volume' | 'network' | 'volumes-from' | 'link' | 'depends-on']
const edges = (count: number) =>
  fc.array(
    fc.tuple(
      fc.nat(count - 1),
      fc.nat(count - 1),
      fc.constantFrom<Edge[2]>('volume', 'network', 'volumes-from', 'link', 'depends-on'),
    ),
    { maxLength: count * 2 },
  )

// Each edge as Docker would tell of it; of several networks the last one counts, as a container has one.
const built = (count: number, drawn: readonly Edge[]) => {
  const named = (n: number) => `c${n}x`
  const of = (n: number, kind: Edge[2]) => drawn.filter(([from, , is]) => from === n && is === kind).map(([, to]) => to)
  return Array.from({ length: count }, (_, n) => {
    const network = of(n, 'network').at(-1)
    const volumes = drawn.flatMap(([a, b, kind], index) =>
      kind === 'volume' && (a === n || b === n) ? [`v${index}`] : [],
    )
    return container(named(n), {
      volumes,
      host: {
        NetworkMode: network === undefined ? 'bridge' : `container:${idOf(named(network))}`,
        VolumesFrom: of(n, 'volumes-from').map(named),
        Links: of(n, 'link').map((to) => `/${named(to)}:/${named(n)}/x`),
      },
      compose: {
        project: 'p',
        service: named(n),
        depends_on: of(n, 'depends-on')
          .map((to) => `${named(to)}:service_started:true`)
          .join(','),
      },
    })
  })
}

test('a set is the same from each of its members, and every member has a tie to another', () => {
  fc.assert(
    fc.property(edges(12), (drawn) => {
      const all = built(12, drawn)
      const sets = new Map(
        all.map(({ Id }) => [Id, new Set([Id, ...moveSet([Id], all).map(({ containerId }) => containerId)])]),
      )
      for (const [id, set] of sets) {
        for (const member of set) expect(sets.get(member)).toEqual(set)
        for (const { ties, containerId } of moveSet([id], all)) {
          expect(containerId).not.toBe(id)
          expect(ties.length).toBeGreaterThan(0)
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('asked about several, it is whoever belongs to one of them, and of them whoever belongs to another', () => {
  const some = fc.uniqueArray(fc.nat(9), { minLength: 1 })
  fc.assert(
    fc.property(edges(10), some, (drawn, asked) => {
      const all = built(10, drawn)
      const starts = asked.map((n) => idOf(`c${n}x`))
      const each = starts.flatMap((start) => moveSet([start], all))
      const expected = all.flatMap(({ Id }) => {
        const own = each.filter(({ containerId }) => containerId === Id)
        const [first] = own
        return first === undefined ? [] : [{ ...first, separable: own.every(({ separable }) => separable) }]
      })
      expect(moveSet(starts, all)).toEqual(expected)
    }),
    { numRuns: 200 },
  )
})

test('what can be left behind from one end can be left behind from the other', () => {
  fc.assert(
    fc.property(edges(8), (drawn) => {
      const all = built(8, drawn)
      for (const { Id } of all) {
        for (const { containerId, separable } of moveSet([Id], all)) {
          expect(moveSet([containerId], all).find((back) => back.containerId === Id)?.separable).toBe(separable)
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('of 500 containers in one long chain and on one volume, all are found', () => {
  const all = Array.from({ length: 500 }, (_, n) =>
    container(`c${n}x`, { volumes: ['data'], host: { VolumesFrom: n === 0 ? [] : [`c${n - 1}x`] } }),
  )
  expect(moveSet([idOf('c250x')], all)).toHaveLength(499)
})
