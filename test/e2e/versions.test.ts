// Between engines of different ages and image stores.
import { afterEach, expect, test } from 'vitest'
import { makeZoo } from '../../agent/volume/testing/zoo.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, startLab } from '../lab/lab.ts'
import type { HostOptions } from '../lab/options.ts'
import { differences, hugeHoles, inspect, migrate, mountpoint, setAside } from './moving.ts'

let lab: Lab | undefined
afterEach(async () => {
  await lab?.stop()
  lab = undefined
})

const pairs: readonly (readonly [string, HostOptions, HostOptions])[] = [
  ['from an engine 20.10 to a current one', { engine: 'legacy' }, { engine: 'current' }],
  ['from a current engine to a 20.10', { engine: 'current' }, { engine: 'legacy' }],
  [
    'from a graph driver to the containerd image store',
    { engine: 'current' },
    { engine: 'current', imageStore: 'containerd' },
  ],
  [
    'from the containerd image store to a graph driver',
    { engine: 'current', imageStore: 'containerd' },
    { engine: 'current' },
  ],
]

test.for(pairs)('a container moves %s', async ([, from, to]) => {
  lab = await startLab({ hosts: [from, to] })
  const [one, two] = [lab.host('host-1'), lab.host('host-2')]
  const { ref } = await loadImage(one, 'web')
  await one.docker(['network', 'create', 'back'])
  await one.docker(['network', 'create', 'front'])
  await one.docker([
    ...['run', '-d', '--name', 'web', '--network', 'back', '--network-alias', 'www', '--restart', 'always'],
    ...['-p', '18080:80', '-v', 'animals:/animals', '-e', 'A=1', '--label', 'app=web', ref],
  ])
  await one.docker(['network', 'connect', '--alias', 'shop', 'front', 'web'])
  await makeZoo(await mountpoint(one, 'animals'))

  const migration = await migrate(lab, { container: 'web', from: 'host-1', to: 'host-2' })
  expect(migration).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(
    await differences(await setAside(one, 'animals', migration), await mountpoint(two, 'animals'), hugeHoles),
  ).toBe('')
  const after = await inspect<{
    State: { Health: { Status: string } }
    HostConfig: { RestartPolicy: { Name: string } }
    NetworkSettings: { Networks: Record<string, { Aliases: string[] | null }> }
  }>(two, 'web')
  expect(after.State.Health.Status).toBe('healthy')
  expect(after.HostConfig.RestartPolicy.Name).toBe('always')
  expect(Object.keys(after.NetworkSettings.Networks).toSorted()).toEqual(['back', 'front'])
  expect(after.NetworkSettings.Networks['back']?.Aliases).toContain('www')
  expect(after.NetworkSettings.Networks['front']?.Aliases).toContain('shop')
})
