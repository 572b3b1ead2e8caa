import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Engine } from '../docker/engine.ts'
import { createEnginePaths } from '../engine-paths.ts'
import { findOwnState } from './own-state.ts'

let host: string
beforeEach(async () => {
  host = await mkdtemp(join(tmpdir(), 'drayage-own-state-'))
})
afterEach(() => rm(host, { recursive: true }))

const id = 'a'.repeat(64)
// As they are in a container of 20.10 that was started with --network host.
const inContainer = [
  '812 690 0:61 / / ro,relatime master:300 - overlay overlay ro,lowerdir=/l',
  `830 812 8:1 /var/lib/docker/containers/${id}/resolv.conf /etc/resolv.conf ro,relatime - ext4 /dev/sda1 rw`,
  '831 812 8:1 /var/lib/docker/volumes/drayage-agent/_data /var/lib/drayage/agent rw,relatime - ext4 /dev/sda1 rw',
].join('\n')
// What the engine has mounted for others, as it is seen on its host.
const onHost = `900 31 0:70 / /var/lib/docker/containers/${id}/mounts/shm rw - tmpfs shm rw`

type Mounts = Awaited<ReturnType<Engine['mountsOf']>>
const engineWith = (mounts: Mounts) => ({
  mountsOf: async (asked: string) => (asked === id ? mounts : null),
  facts: async () => ({ dataRoot: '/var/lib/docker' }) as Awaited<ReturnType<Engine['facts']>>,
})
const everywhere = createEnginePaths(undefined)
const dataDir = '/var/lib/drayage/agent'
const asInstalled = [
  { source: '/var/run/docker.sock', destination: '/var/run/docker.sock' },
  { source: '/var/lib/docker', destination: '/var/lib/docker' },
  { source: '/var/lib/docker/volumes/drayage-agent/_data', destination: dataDir },
]
const reached = async (sources: readonly string[], mounts: Mounts, mountInfo = inContainer) => {
  const state = await findOwnState({ engine: engineWith(mounts), paths: everywhere, dataDir }, async () => mountInfo)
  const found: string[] = []
  for (const source of sources) if (await state.isReachedFrom(source)) found.push(source)
  return found
}

test('the state of an agent in a container is where its volume is: what holds that holds its key', async () => {
  const holding = [
    '/',
    '/var/lib/docker',
    '/var/lib/docker/../docker/volumes/',
    '/var/lib/docker/volumes/drayage-agent',
    '/var/lib/docker/volumes/drayage-agent/_data/identity',
  ]
  const others = ['/var/lib/docker/volumes/data/_data', '/var/lib/docker/volumes/drayage-agent-2', '/srv']
  expect(await reached([...holding, ...others], asInstalled)).toEqual(holding)
})

test('a directory of the host that is mounted above the data directory is where the state is', async () => {
  const mounts = [
    { source: '/opt/state', destination: '/var/lib' },
    { source: '/elsewhere', destination: '/var' },
  ]
  expect(await reached(['/opt', '/opt/state/drayage/agent', '/elsewhere', '/opt/other'], mounts)).toEqual([
    '/opt',
    '/opt/state/drayage/agent',
  ])
})

test('state that no mount holds is in the engine’s own data', async () => {
  expect(await reached(['/var/lib/docker/overlay2', '/srv'], [])).toEqual(['/var/lib/docker/overlay2'])
})

test('an agent that is a process, or in a container of another engine, has it at its data directory', async () => {
  const sources = ['/var/lib/drayage', '/var/lib/docker', '/opt']
  expect(await reached(sources, null)).toEqual(['/var/lib/drayage'])
  expect(await reached(sources, [{ source: '/opt', destination: '/var/lib' }], onHost)).toEqual(['/var/lib/drayage'])
})

test('another name of a directory leads to the same', async () => {
  const own = join(host, 'state', 'agent')
  await mkdir(join(own, 'identity'), { recursive: true })
  await mkdir(join(host, 'other'))
  await symlink(host, join(host, 'other', 'up'))
  await symlink(own, join(host, 'link'))
  const context = { engine: engineWith(null), paths: everywhere, dataDir: join(host, 'link') }
  const state = await findOwnState(context, async () => '')
  for (const name of ['link', 'state', 'state/agent/identity', 'other/up', 'other/up/state']) {
    expect([name, await state.isReachedFrom(join(host, name))]).toEqual([name, true])
  }
  for (const name of ['other', 'gone'])
    expect([name, await state.isReachedFrom(join(host, name))]).toEqual([name, false])
})
