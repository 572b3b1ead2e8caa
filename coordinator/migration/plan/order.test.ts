import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Workload } from '../record.ts'
import { inOrderOfUse, layerFindings, withCarriers } from './order.ts'

const volume = (name: string, usage: Workload['volumes'][number]['usage'] = null) => ({
  name,
  usage,
  carriedByAnother: false,
})
const workload = (name: string, uses: readonly (readonly [string, string])[] = [], volumes: readonly string[] = []) =>
  ({
    ...{ containerId: `id-${name}`, name },
    uses: uses.map(([other, kind]) => ({ containerId: `id-${other}`, kind })),
    volumes: volumes.map((one) => volume(one)),
  }) as unknown as Workload
const names = (workloads: readonly Workload[]) => workloads.map(({ name }) => name)

test('whoever is used comes before whoever uses it, whatever the engine names first', () => {
  const all = [
    workload('app', [['db', 'network-namespace']]),
    workload('db', [['zdata', 'volumes-from']]),
    workload('zdata'),
    workload('lamp', [['gone', 'depends-on']]),
  ]
  for (const order of [all, all.toReversed()]) {
    expect(names(inOrderOfUse(order).workloads)).toEqual(['lamp', 'zdata', 'db', 'app'])
  }
})

test('two that take volumes from one another are moved; two that use one another’s network cannot be', () => {
  const circle = (kind: string) => [workload('a', [['b', kind]]), workload('b', [['a', kind]]), workload('c')]
  for (const kind of ['volumes-from', 'depends-on']) {
    expect(inOrderOfUse(circle(kind))).toMatchObject({
      refusals: [],
      workloads: [{ name: 'c' }, { name: 'a' }, { name: 'b' }],
    })
  }
  for (const kind of ['network-namespace', 'pid-namespace', 'ipc-namespace', 'link']) {
    const { workloads, refusals } = inOrderOfUse(circle(kind))
    expect(refusals).toMatchObject([
      { code: 'DRAYAGE_SET_CIRCULAR', message: expect.stringMatching(/^a, b use one another/) },
    ])
    expect(names(workloads).toSorted()).toEqual(['a', 'b', 'c'])
  }
})

test('of any set everybody is there once, and nothing comes before what it uses unless it is used by it in turn', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'] as const
  const uses = fc.array(fc.tuple(fc.constantFrom(...ids), fc.constantFrom('link', 'volumes-from', 'depends-on')))
  fc.assert(
    fc.property(fc.tuple(...ids.map(() => uses)), (each) => {
      const all = ids.map((name, index) =>
        workload(
          name,
          (each[index] ?? []).filter(([other]) => other < name),
        ),
      )
      const { workloads, refusals } = inOrderOfUse(all)
      expect(refusals).toEqual([])
      const placed = new Set<string>()
      for (const one of workloads) {
        for (const { containerId } of one.uses) expect(placed).toContain(containerId)
        placed.add(one.containerId)
      }
      expect(placed.size).toBe(ids.length)
    }),
  )
})

test('of ten that share a volume the first carries it, with what was counted of it for another', () => {
  const counted = { entries: 3, apparentBytes: 9, diskBytes: 9, devices: 0, devicePaths: [] }
  const ten = Array.from({ length: 10 }, (_, n) => workload(`c${n}`, [], ['shared', `own-${n}`]))
  const last = ten.at(-1)
  if (last !== undefined) Object.assign(last, { volumes: [volume('shared', counted)] })
  const carried = withCarriers(ten).flatMap(({ name, volumes }) =>
    volumes.filter(({ carriedByAnother }) => !carriedByAnother).map((one) => [name, one.name, one.usage]),
  )
  expect(carried.filter(([, one]) => one === 'shared')).toEqual([['c0', 'shared', counted]])
  expect(carried).toHaveLength(10)
})

test('a volume that a container mounts twice is its own both times', () => {
  const [only] = withCarriers([workload('web', [], ['data', 'data'])])
  expect(only?.volumes.map(({ carriedByAnother }) => carriedByAnother)).toEqual([false, false])
})

test('what is changed outside the volumes is not taken along of containers that use one another while they run', () => {
  const joined = [workload('db'), workload('app', [['db', 'network-namespace']])]
  expect(layerFindings('keep', joined)).toMatchObject([
    { code: 'DRAYAGE_WRITABLE_LAYER', message: expect.stringContaining('app uses db (network-namespace)') },
  ])
  expect(layerFindings('discard', joined)).toEqual([])
  // The one that was made anew would be another than the one whose volumes it names.
  const taking = [workload('db'), workload('app', [['db', 'volumes-from']])]
  expect(layerFindings('keep', taking)).toMatchObject([
    { message: expect.stringContaining('app uses db (volumes-from)') },
  ])
  const apart = [workload('db', [], ['data']), workload('app', [['db', 'depends-on']], ['data'])]
  expect(layerFindings('keep', apart)).toEqual([])
})
