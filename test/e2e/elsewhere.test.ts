// What of a container is neither on its host alone nor copied from it: volumes of a plugin, images of a registry, networks that
// somebody has laid.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createEngine } from '../../agent/docker/engine.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { startRegistry } from '../lab/registry.ts'
import { startVolumePlugin, type VolumePlugin } from '../lab/volume-plugin.ts'
import { follow, holdings, inspect, migrate, planOf, refusal } from './moving.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let three: LabHost
let image: string
let store: string
const plugins: VolumePlugin[] = []

beforeAll(async () => {
  lab = await startLab({
    hosts: [{ plugins: true }, { plugins: true }, { imageStore: 'containerd' }],
    failpoints: true,
  })
  one = lab.host('host-1')
  two = lab.host('host-2')
  three = lab.host('host-3')
  image = (await loadImage(one, 'busybox')).ref
  store = await mkdtemp(join(tmpdir(), 'drayage-plugin-'))
  for (const host of [one, two]) {
    const own = join(store, host.name)
    plugins.push(
      await startVolumePlugin(lab, host, { name: 'everywhere', scope: 'global', directory: join(store, 'all') }),
      await startVolumePlugin(lab, host, { name: 'here', scope: 'local', directory: own }),
    )
  }
})
afterAll(async () => {
  await lab?.stop()
  await Promise.all(plugins.map(({ stop }) => stop()))
  if (store) await rm(store, { recursive: true })
})

const clear = async (host: LabHost) => {
  const list = async (args: string[]) => [...new Set((await host.docker(args)).split('\n').filter(Boolean))]
  const containers = await list(['ps', '-aq'])
  if (containers.length > 0) await host.docker(['rm', '-f', '-v', ...containers])
  for (const volume of await list(['volume', 'ls', '-q'])) await host.docker(['volume', 'rm', '-f', volume])
  for (const network of await list(['network', 'ls', '-q', '--filter', 'type=custom'])) {
    await host.docker(['network', 'rm', network])
  }
  const images = host === one ? [] : await list(['image', 'ls', '-aq'])
  if (images.length > 0) await host.docker(['image', 'rm', '-f', ...images])
}
afterEach(async () => {
  await lab.failpoints('coordinator').clear()
  for (const host of [one, two, three]) await clear(host)
})

const web = { container: 'web', from: 'host-1', to: 'host-2' }
const run = (...options: string[]) =>
  one.docker([...['run', '-d', '--name', 'web', '--stop-timeout', '1'], ...options, image, 'sleep', '1d'])
const sh = (host: LabHost, script: string) => host.docker(['exec', 'web', 'sh', '-c', script])

type Inspected = {
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string; readonly Aliases: readonly string[] }>>
  }
}

const everywhere = ['volume', 'create', '-d', 'everywhere', '-o', 'tier=fast', 'shared']

test('a plugin’s volume of all hosts is made again by the plugin there, which has its data, and is never removed', async () => {
  await one.docker(everywhere)
  await run('-v', 'shared:/shared', '-v', 'data:/data')
  await sh(one, 'echo kept > /shared/file; echo copied > /data/file')
  const plan = await planOf(lab, web)
  expect(plan.refusals).toEqual([])
  expect(plan.volumes.find(({ name }) => name === 'shared')).toMatchObject({
    ...{ copied: false, traits: ['of the driver everywhere'] },
  })
  expect(plan.warnings.map(({ code }) => code)).toContain('plugin-volume')
  const before = await holdings(one)
  await lab.failpoints('coordinator').tell('commit.before', 'error DRAYAGE_TARGET_CHANGED told to')
  expect(await migrate(lab, web)).toMatchObject({ state: 'rolled-back', error: { code: 'DRAYAGE_TARGET_CHANGED' } })
  await lab.failpoints('coordinator').clear()
  expect(await holdings(one)).toEqual(before)
  expect(await sh(one, 'cat /shared/file')).toBe('kept')

  const moved = await migrate(lab, web)
  expect(moved).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(moved.receipt?.volumes.map(({ name }) => name)).toEqual(['data'])
  expect(await sh(two, 'cat /shared/file /data/file; echo more >> /shared/file')).toBe('kept\ncopied')
  expect(await follow(lab, moved, 'finalize')).toMatchObject({ state: 'completed', error: null })
  expect(await sh(two, 'cat /shared/file')).toBe('kept\nmore')
  expect(plugins.flatMap(({ calls }) => calls).filter((call) => call.startsWith('Remove'))).toEqual([])
})

test('a plugin’s volume of one host alone, and one whose plugin the target lacks, are refused', async () => {
  await one.docker(everywhere)
  await one.docker(['volume', 'create', '-d', 'here', 'own'])
  await run('-v', 'shared:/shared', '-v', 'own:/own')
  const { problem, codes } = await refusal(lab, { ...web, to: 'host-3' })
  expect(codes).toEqual(['DRAYAGE_TARGET_LACKS', 'DRAYAGE_TARGET_LACKS', 'DRAYAGE_VOLUME_DRIVER'])
  expect(problem.detail).toMatch(
    /own \(\/own\) is of the driver here.*this host's own.*Put that data in a volume of the driver local/,
  )
  expect(problem.detail).toMatch(/shared is of the driver everywhere.*does not have.*Install that plugin there/)
})

test('a name that stands for another image on the target stays with that one, and the plan says so', async () => {
  const nothing = join(store, 'nothing.tar')
  await writeFile(nothing, Buffer.alloc(1024))
  const theirs = await two.docker(['image', 'import', nothing, image])
  await two.docker(['create', '--name', 'user', image, 'true'])
  await run('-v', 'data:/data')
  const plan = await planOf(lab, web)
  expect(plan).toMatchObject({ refusals: [], image: { presentOnTarget: false } })
  const taken = plan.warnings.find(({ code }) => code === 'image-name-taken')
  expect(taken?.message).toContain(`The name ${image} stands for another image on the target, and stays`)
  const moved = await migrate(lab, web)
  expect(moved).toMatchObject({ state: 'awaiting-finalize', error: null })
  const idOf = (name: string) => two.docker(['inspect', '--format', '{{.Image}} {{.Config.Image}}', name])
  const own = (await one.docker(['image', 'inspect', '--format', '{{.Id}}', image])).trim()
  expect(await idOf('web')).toBe(`${own} ${own}`)
  expect(await idOf('user')).toBe(`${theirs} ${image}`)
  expect(await two.docker(['image', 'inspect', '--format', '{{.Id}}', image])).toBe(theirs)
})

test('a network that is laid between hosts must be there, is used as it is, with its addresses, and stays', async () => {
  const lay = (host: LabHost, driver: string, ...options: string[]) =>
    host.docker(['network', 'create', '-d', driver, '--subnet', '192.168.177.0/24', ...options, 'lan'])
  await lay(one, 'macvlan', '-o', 'parent=eth0')
  await run('-v', 'data:/data', '--network', 'lan', '--ip', '192.168.177.7', '--network-alias', 'till')
  expect((await refusal(lab, web)).problem).toMatchObject({
    code: 'DRAYAGE_TARGET_LACKS',
    detail: expect.stringContaining('Lay it there first (docker network create)'),
  })
  await lay(two, 'bridge')
  expect((await refusal(lab, web)).problem).toMatchObject({
    code: 'DRAYAGE_NETWORK_CONFLICT',
    detail: expect.stringContaining('its driver is bridge, not macvlan'),
  })
  await two.docker(['network', 'rm', 'lan'])
  await lay(two, 'macvlan', '-o', 'parent=eth0', '-o', 'macvlan_mode=bridge')
  expect(await planOf(lab, web)).toMatchObject({ refusals: [], networks: [{ name: 'lan', presentOnTarget: true }] })
  const moved = await migrate(lab, web)
  expect(moved).toMatchObject({ state: 'awaiting-finalize', error: null })
  const { NetworkSettings } = await inspect<Inspected>(two, 'web')
  expect(NetworkSettings.Networks).toMatchObject({ lan: { IPAddress: '192.168.177.7' } })
  expect(NetworkSettings.Networks['lan']?.Aliases).toContain('till')
  expect(await follow(lab, moved, 'return')).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect((await inspect<Inspected>(one, 'web')).NetworkSettings.Networks).toMatchObject({
    lan: { IPAddress: '192.168.177.7' },
  })
  expect((await holdings(two))['networks']).toContain('lan')
})

test('a swarm’s overlay is the same network on both hosts, and whoever is on it reaches what has moved by its name', async () => {
  await one.docker(['swarm', 'init', '--advertise-addr', one.address])
  const token = await one.docker(['swarm', 'join-token', '--quiet', 'worker'])
  await two.docker(['swarm', 'join', '--token', token, '--advertise-addr', two.address, `${one.address}:2377`])
  try {
    await one.docker(['network', 'create', '-d', 'overlay', '--attachable', '--subnet', '192.168.178.0/24', 'wide'])
    await run('-v', 'data:/data', '--network', 'wide', '--ip', '192.168.178.7', '--network-alias', 'till')
    // A worker shows the network while something on it runs there.
    expect((await refusal(lab, web)).codes).toEqual(['DRAYAGE_TARGET_LACKS'])
    const other = ['--name', 'other', '--network', 'wide', '--stop-timeout', '1', (await loadImage(two, 'busybox')).ref]
    await two.docker(['run', '-d', ...other, 'sleep', '1d'])
    expect(await planOf(lab, web)).toMatchObject({ refusals: [], networks: [{ name: 'wide', presentOnTarget: true }] })
    const moved = await migrate(lab, web)
    expect(moved).toMatchObject({ state: 'awaiting-finalize', error: null })
    const { NetworkSettings } = await inspect<Inspected>(two, 'web')
    expect(NetworkSettings.Networks).toMatchObject({ wide: { IPAddress: '192.168.178.7' } })
    expect(await two.docker(['exec', 'other', 'ping', '-c', '1', '-W', '5', 'till'])).toContain('192.168.178.7')
    expect(await follow(lab, moved, 'return')).toMatchObject({ state: 'awaiting-finalize', error: null })
    expect(await two.docker(['exec', 'other', 'ping', '-c', '1', '-W', '5', 'till'])).toContain('192.168.178.7')
  } finally {
    for (const host of [two, one]) {
      await host.docker(['rm', '-f', 'web', 'other']).catch(() => {})
      await host.docker(['swarm', 'leave', '--force'])
    }
  }
})

test('an image is pulled by its digest where a registry has it, goes if the move is put back, and is sent where none answers', async () => {
  const registry = await startRegistry(lab)
  const name = `${registry.address}/app:1`
  await one.docker(['tag', image, name])
  await one.docker(['push', '-q', name])
  await one.docker([...['run', '-d', '--name', 'web', '--stop-timeout', '1'], '-v', 'data:/data', name, 'sleep', '1d'])
  const pulled = (to: string) => ({ ...web, to, options: { images: 'pull' } as const })
  const digests = async (host: LabHost) =>
    JSON.parse(await host.docker(['image', 'inspect', '--format', '{{json .RepoDigests}}', name])) as string[]
  const digest = (await digests(one)).find((text) => text.startsWith(registry.address)) ?? ''
  const { image: planned } = await planOf(lab, pulled('host-2'))
  expect(planned).toMatchObject({ presentOnTarget: false, pulledFrom: expect.arrayContaining([digest]) })

  // To the other kind of image store, and what turns out to be another image goes again.
  const [here, there] = [one, three].map(({ dockerHost }) => createEngine({ dockerHost }))
  const wanted = (await here?.describe('web'))?.image
  if (there === undefined || !wanted) throw new Error('There is no image to be pulled.')
  const signal = new AbortController().signal
  const other = await there.pullImage({ ...wanted, configuration: 'another' }, [digest], signal)
  expect(other).toEqual({ failure: expect.stringMatching(/has another configuration$/) })
  expect(await three.docker(['image', 'ls', '-aq'])).toBe('')
  const found = await there.pullImage(wanted, [`${registry.address}/no/such@${digest.split('@')[1]}`, digest], signal)
  expect(found).toEqual({ imageId: await there.findImage(wanted) })
  await there.removeImage(await there.findImage(wanted).then((id) => id ?? ''), [wanted.reference, ...wanted.tags])
  expect(await three.docker(['image', 'ls', '-aq'])).toBe('')

  const before = await holdings(two)
  await lab.failpoints('coordinator').tell('commit.before', 'error DRAYAGE_TARGET_CHANGED told to')
  expect(await migrate(lab, pulled('host-2'))).toMatchObject({ state: 'rolled-back' })
  await lab.failpoints('coordinator').clear()
  expect(await holdings(two)).toEqual(before)
  expect(await two.docker(['image', 'ls', '-aq'])).toBe('')

  const moved = await migrate(lab, pulled('host-2'))
  expect(moved).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(moved.warnings.map(({ code }) => code)).not.toContain('image-not-pulled')
  expect(await digests(two)).toContain(digest)
  expect(await two.docker(['inspect', '--format', '{{.Config.Image}}', 'web'])).toBe(name)
  // Its other name came with it.
  expect(await two.docker(['image', 'inspect', '--format', '{{.Id}}', image])).toMatch(/^sha256:/)

  await registry.process.stop()
  const sent = await migrate(lab, { ...pulled('host-3'), from: 'host-2' })
  expect(sent).toMatchObject({ state: 'awaiting-finalize', error: null })
  const said = sent.warnings.find(({ code }) => code === 'image-not-pulled')
  expect(said?.message).toMatch(/host-3 did not pull the image .*: it was sent from host-2/)
  expect(await sh(three, 'echo it runs')).toBe('it runs')
})
