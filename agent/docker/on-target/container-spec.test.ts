import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { InspectedContainer, Json } from '../api/answers.ts'
import { containerSpec, createBody, formatSpec, parseSpec } from './container-spec.ts'

const fixture = (name: string): InspectedContainer =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'))

const source = { imageConfiguration: 'c'.repeat(64), info: { DefaultRuntime: 'runc' } }
const target = { macAddressPerEndpoint: true, prepared: new Map(), runtimes: ['runc'] }
const bodyOf = (container: InspectedContainer, to = target): Json =>
  createBody(parseSpec(formatSpec(containerSpec(container, source))), 'sha256:here', 'm-1', to)
const hostConfigOf = (body: Json) => body['HostConfig'] as InspectedContainer['HostConfig']

describe.each(['container-20.10', 'container-28.5'])('%s', (name) => {
  const container = fixture(name)
  const body = bodyOf(container)

  test('every volume is asked for by its name, and none is left for the engine to make', () => {
    const byMount = (hostConfigOf(body).Mounts ?? []).filter((mount) => mount.Type === 'volume')
    const byBind = (hostConfigOf(body).Binds ?? []).map((bind) => bind.split(':')[0])
    const asked = [...byMount.map((mount) => mount.Source), ...byBind].sort()
    expect(asked).toEqual(
      container.Mounts.filter((mount) => mount.Type === 'volume')
        .map((mount) => mount.Name)
        .sort(),
    )
    expect(asked.every((volume) => volume !== undefined && volume !== '')).toBe(true)
  })

  test('a nameless volume keeps its place, as VOLUME, as -v and as a mount', () => {
    const places = (hostConfigOf(body).Mounts ?? []).map((mount) => mount.Target)
    expect(places).toEqual(expect.arrayContaining(['/data', '/nameless', '/mounted-nameless/']))
  })

  test('what Docker filled in by itself is left for Docker to fill in', () => {
    expect(body['Hostname']).toBeUndefined()
    expect(hostConfigOf(body)['KernelMemory']).toBeUndefined()
    expect(JSON.stringify(body)).not.toContain(container.Id.slice(0, 12))
  })

  test('the settings are those of inspect, word for word', () => {
    const untouched = ['Env', 'Cmd', 'User', 'WorkingDir', 'ExposedPorts', 'Volumes', 'StopTimeout', 'Healthcheck']
    for (const field of untouched) expect(body[field]).toEqual(container.Config[field])
    const { Mounts, KernelMemory, KernelMemoryTCP, ContainerIDFile, ...rest } = container.HostConfig
    expect(hostConfigOf(body)).toMatchObject(rest)
  })

  test('the network it was created with comes first, with its address and the MAC address that was asked for', () => {
    expect(body['NetworkingConfig']).toEqual({
      EndpointsConfig: {
        shop: { IPAMConfig: { IPv4Address: '10.77.0.9' }, Aliases: ['store'], MacAddress: '02:42:0a:4d:00:63' },
      },
    })
    expect(body['MacAddress']).toBeUndefined()
  })

  test('before API 1.44 the MAC address is the container’s', () => {
    const old = bodyOf(container, { ...target, macAddressPerEndpoint: false })
    expect(old['MacAddress']).toBe('02:42:0a:4d:00:63')
    expect(JSON.stringify(old['NetworkingConfig'])).not.toContain('MacAddress')
  })

  test('the other networks keep their aliases, without the MAC addresses that the engine made up', () => {
    expect(containerSpec(container, source).endpoints).toEqual({
      shop: { IPAMConfig: { IPv4Address: '10.77.0.9' }, Aliases: ['store'] },
      back: { Aliases: ['deep'] },
    })
  })

  test('it carries this migration’s labels, and no earlier one’s', () => {
    const moved = {
      ...container,
      Config: {
        ...container.Config,
        Labels: { ...container.Config.Labels, 'dev.drayage.migration': 'm-0', 'dev.drayage.role': 'workload' },
      },
    }
    expect(bodyOf(moved)['Labels']).toEqual({
      ...container.Config.Labels,
      'dev.drayage.migration': 'm-1',
      'dev.drayage.role': 'workload',
    })
  })
})

const container = fixture('container-28.5')
const changed = (config: Json, hostConfig: Json = {}): InspectedContainer => ({
  ...container,
  Config: { ...container.Config, ...config },
  HostConfig: { ...container.HostConfig, ...hostConfig },
})

test('an entrypoint that is not there does not become the image’s', () => {
  expect(bodyOf(changed({ Entrypoint: null }))['Entrypoint']).toEqual([''])
  expect(bodyOf(changed({ Entrypoint: [] }))['Entrypoint']).toEqual([''])
  expect(bodyOf(changed({ Entrypoint: ['/entry'] }))['Entrypoint']).toEqual(['/entry'])
})

test('a host name that somebody gave stays', () => {
  expect(bodyOf(changed({ Hostname: 'shop-1' }))['Hostname']).toBe('shop-1')
})

test('on the host’s network the host name is the host’s', () => {
  const onHost = {
    ...changed({ Hostname: 'host-1', MacAddress: '' }, { NetworkMode: 'host' }),
    NetworkSettings: { Networks: { host: {} } },
  }
  const body = bodyOf(onHost)
  expect(body['Hostname']).toBeUndefined()
  expect(body['NetworkingConfig']).toBeUndefined()
})

test('a network that was given by its id is asked for by its name', () => {
  const id = container.NetworkSettings.Networks?.['shop']?.NetworkID ?? ''
  expect(id).not.toBe('')
  expect(hostConfigOf(bodyOf(changed({}, { NetworkMode: id }))).NetworkMode).toBe('shop')
})

test('a container that was disconnected from the network it was created with is created with one that it is on', () => {
  expect(hostConfigOf(bodyOf(changed({}, { NetworkMode: 'gone' }))).NetworkMode).toBe('back')
  const alone = { ...changed({}, { NetworkMode: 'gone' }), NetworkSettings: { Networks: {} } }
  expect(hostConfigOf(bodyOf(alone)).NetworkMode).toBe('none')
})

test('what it uses of others is asked of those that came with it, whatever the source called them', () => {
  const using = changed(
    { Hostname: 'of-db', ExposedPorts: { '80/tcp': {} } },
    { NetworkMode: 'container:db', PidMode: 'container:1234', IpcMode: 'private', VolumesFrom: ['data:ro', 'later'] },
  )
  const references = [
    { use: 'network-namespace', words: 'db', found: ['id-db'] },
    { use: 'pid-namespace', words: '1234', found: ['id-db'] },
    { use: 'volumes-from', words: 'data', found: ['id-data'] },
    { use: 'volumes-from', words: 'later', found: ['id-later'] },
  ] as const
  const prepared = new Map([
    ['id-db', 'new-db'],
    ['id-data', 'new-data'],
  ])
  const spec = containerSpec({ ...using, NetworkSettings: { Networks: {} } }, { ...source, references })
  const body = createBody(parseSpec(formatSpec(spec)), 'sha256:here', 'm-1', { ...target, prepared })
  // What is made after it, it cannot name; that one's volumes it has by their names.
  expect(hostConfigOf(body)).toMatchObject({
    ...{ NetworkMode: 'container:new-db', PidMode: 'container:new-db', IpcMode: 'private' },
    VolumesFrom: ['new-data:ro'],
  })
  // An engine takes neither with another container's network.
  expect([body['Hostname'], body['ExposedPorts']]).toEqual([undefined, undefined])
})

test('20.10’s word for the bridge network is understood', () => {
  const onBridge = { ...changed({}, { NetworkMode: 'default' }), NetworkSettings: { Networks: { bridge: {} } } }
  expect(hostConfigOf(bodyOf(onBridge)).NetworkMode).toBe('bridge')
})

test('the source’s default runtime is not asked of an engine that does not have it, another one is', () => {
  const elsewhere = { ...target, runtimes: ['crun'] }
  expect(hostConfigOf(bodyOf(changed({}, { Runtime: 'runc' }), elsewhere)).Runtime).toBeUndefined()
  expect(hostConfigOf(bodyOf(changed({}, { Runtime: 'kata' }), elsewhere)).Runtime).toBe('kata')
})

test('a field that is unknown here is carried', () => {
  const body = bodyOf(changed({ Novelty: { a: 1 } }, { OtherNovelty: [2] }))
  expect(body['Novelty']).toEqual({ a: 1 })
  expect(hostConfigOf(body)['OtherNovelty']).toEqual([2])
})

test('a description of another version is refused by name', () => {
  const spec = containerSpec(container, source)
  expect(() => parseSpec(JSON.stringify({ ...spec, version: 2 }))).toThrow(/version 2.*version 1/)
  expect(() => parseSpec('{')).toThrow(expect.objectContaining({ code: 'DRAYAGE_INVALID_REQUEST' }))
  expect(() => parseSpec('null')).toThrow(expect.objectContaining({ code: 'DRAYAGE_INVALID_REQUEST' }))
})
