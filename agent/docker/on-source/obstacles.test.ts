// What real engines here cannot show: networks that this kernel has no driver for, states that pass too quickly.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { InspectedContainer, InspectedImage, InspectedNetwork, InspectedVolume } from '../api/answers.ts'
import { describeLayer, ownChanges } from '../images/writable-layer.ts'
import { referencesIn } from '../sets/ties.ts'
import { type SourceFacts, sourceObstacles, sourceWarnings } from './obstacles.ts'

const read = (name: string) => JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'))
const container: InspectedContainer = read('container-28.5')
const image: InspectedImage = { ...read('image-28.5'), RepoTags: [container.Config.Image] }

const network = (name: string, more: Partial<InspectedNetwork> = {}): InspectedNetwork => ({
  Name: name,
  Id: name,
  Scope: 'local',
  Driver: 'bridge',
  Internal: false,
  Attachable: false,
  Ingress: false,
  IPAM: { Driver: 'default', Config: [] },
  Options: {},
  Labels: {},
  ...more,
})

const volume = (name: string, more: Partial<InspectedVolume> = {}): InspectedVolume => ({
  Name: name,
  Driver: 'local',
  Mountpoint: `/var/lib/docker/volumes/${name}/_data`,
  Labels: null,
  Options: null,
  Scope: 'local',
  ...more,
})

const volumes = container.Mounts.flatMap((mount) => (mount.Name === undefined ? [] : [volume(mount.Name)]))
const facts: SourceFacts = {
  container,
  image,
  volumes,
  networks: { shop: network('shop'), back: network('back') },
  together: [],
  references: [],
  listed: [],
  layer: { changes: 0, paths: [], bytes: 0 },
  choices: null,
}
// As it refers to these, of an engine that has no others.
const referring = (to: InspectedContainer, others: readonly InspectedContainer[] = []): SourceFacts => ({
  ...facts,
  container: to,
  references: referencesIn([to, ...others])(to),
})
const withState = (Status: string): SourceFacts => ({
  ...facts,
  container: { ...container, State: { ...container.State, Status } },
})
const codesOf = (of: SourceFacts) => sourceObstacles(of).map(({ code }) => code)

test('a container with one of nearly everything can move', () => {
  expect(sourceObstacles(facts)).toEqual([])
})

test.each(['paused', 'removing', 'dead'])('a container that is %s cannot move', (state) => {
  expect(codesOf(withState(state))).toEqual(['DRAYAGE_CONTAINER_STATE'])
})

test.each(['created', 'running', 'restarting', 'exited'])('a container that is %s can move', (state) => {
  expect(codesOf(withState(state))).toEqual([])
})

test('a network and an image that are gone are refused', () => {
  expect(codesOf({ ...facts, networks: { ...facts.networks, back: null } })).toEqual(['DRAYAGE_NETWORK_UNSUPPORTED'])
  expect(codesOf({ ...facts, image: null })).toEqual(['DRAYAGE_IMAGE_EXPORT_FAILED'])
})

test('a volume of another driver, and one that the engine does not find, are refused by name', () => {
  const nfs = volumes.map((each) => (each.Name === 'named' ? volume('named', { Driver: 'rexray' }) : each))
  expect(sourceObstacles({ ...facts, volumes: nfs })).toMatchObject([
    { code: 'DRAYAGE_VOLUME_DRIVER', message: expect.stringMatching(/named.*rexray/) },
  ])
  expect(codesOf({ ...facts, volumes: volumes.filter(({ Name }) => Name !== 'named') })).toEqual([
    'DRAYAGE_VOLUME_UNREADABLE',
  ])
})

test('a mount of a type that is unknown here is refused', () => {
  const mount = { Type: 'image', Source: 'x', Destination: '/of-image', RW: false }
  const odd = { ...container, Mounts: [...container.Mounts, mount] }
  expect(sourceObstacles({ ...facts, container: odd })).toMatchObject([
    { code: 'DRAYAGE_MOUNT_UNSUPPORTED', message: expect.stringMatching(/\/of-image.*type image/) },
  ])
})

test.each([
  ['--volumes-from', 'DRAYAGE_VOLUME_SHARED', { VolumesFrom: ['gone:ro'] }],
  ['--network container:', 'DRAYAGE_NAMESPACE_SHARED', { NetworkMode: 'container:gone' }],
  ['--pid container:', 'DRAYAGE_NAMESPACE_SHARED', { PidMode: 'container:gone' }],
  ['--ipc container:', 'DRAYAGE_NAMESPACE_SHARED', { IpcMode: 'container:gone' }],
  ['--link', 'DRAYAGE_NETWORK_UNSUPPORTED', { Links: ['/gone:/web/db'] }],
  ['its own name by', 'DRAYAGE_VOLUME_SHARED', { VolumesFrom: [container.Name.slice(1)] }],
])('what was made with %s of somebody who is gone cannot be made again', (_, code, host) => {
  const odd = { ...container, HostConfig: { ...container.HostConfig, ...host } }
  expect(codesOf(referring(odd))).toEqual([code])
})

test('a link on one network is found too', () => {
  const networks = { ...container.NetworkSettings.Networks, back: { Links: ['db:database'] } }
  expect(codesOf(referring({ ...container, NetworkSettings: { Networks: networks } }))).toEqual([
    'DRAYAGE_NETWORK_UNSUPPORTED',
  ])
})

test('a service that it depends on and that is not on this host is warned of', () => {
  const Labels = {
    'com.docker.compose.project': 'blog',
    'com.docker.compose.service': 'web',
    'com.docker.compose.depends_on': 'db:service_healthy:true',
  }
  const half = { ...container, Config: { ...container.Config, Labels } }
  expect(sourceWarnings(referring(half))).toContainEqual({
    code: 'dependency-not-here',
    message: expect.stringContaining('the service db'),
  })
  const db = {
    ...{ ...container, Id: 'd'.repeat(64), Name: '/blog-db-1' },
    Config: { ...container.Config, Labels: { ...Labels, 'com.docker.compose.service': 'db' } },
  }
  const codes = sourceWarnings(referring(half, [db])).map(({ code }) => code)
  expect(codes).not.toContain('dependency-not-here')
})

test('a long list of changes is cut, and counted', () => {
  const changes = Array.from({ length: 9 }, (_, n) => ({ Path: `/f${n}`, Kind: 1 }))
  const changed = { ...facts, layer: describeLayer(changes, 0) }
  expect(sourceObstacles(changed)[0]?.message).toMatch(/9 changes.*A \/f0.*A \/f4 and 4 more/)
  const discarded = { ...changed, choices: { writableLayer: 'discard', publish: [], binds: '' } }
  expect(sourceObstacles(discarded)).toEqual([])
  expect(sourceWarnings(discarded)[0]).toMatchObject({ code: 'writable-layer-discarded' })
  const kept = { ...changed, choices: { writableLayer: 'keep', publish: [], binds: '' } }
  expect([...sourceObstacles(kept), ...sourceWarnings(kept)].map(({ code }) => code)).not.toContain(
    'writable-layer-discarded',
  )
})

test('what the engine itself put into the writable layer is not the container’s', () => {
  const engines = [
    '/sbin',
    '/sbin/docker-init',
    '/named',
    '/nameless',
    '/work',
    '/work/place',
    '/scratch',
    '/in-memory',
  ]
  expect(
    ownChanges(
      container,
      engines.map((Path) => ({ Path, Kind: 1 })),
    ),
  ).toEqual([])
  const own = [
    { Path: '/work/place/file', Kind: 1 },
    { Path: '/work', Kind: 2 },
    { Path: '/etc', Kind: 0 },
  ]
  expect(ownChanges(container, own)).toEqual(own)
})

test('what nothing may rely on is not the container’s either, and a directory is no more than what is listed in it', () => {
  const added = (...paths: string[]) => paths.map((Path) => ({ Path, Kind: 1 }))
  const changed = (...paths: string[]) => paths.map((Path) => ({ Path, Kind: 0 }))
  const harmless = [
    ...changed('/root', '/tmp', '/var', '/var/run', '/run'),
    ...added('/root/.bash_history', '/tmp/x', '/var/run/app.pid', '/run/app/app.sock', '/var/tmp/y'),
    { Path: '/run/gone', Kind: 2 },
  ]
  expect(ownChanges(container, harmless)).toEqual([])
  const own = [...changed('/var/lib'), ...added('/var/lib/data', '/running', '/root/tmp/x')]
  expect(ownChanges(container, [...harmless, ...own])).toEqual([...changed('/root', '/var'), ...own])
})

test('the host’s network, a security profile and a name that has moved are warned of', () => {
  const odd = {
    ...container,
    HostConfig: { ...container.HostConfig, NetworkMode: 'host', SecurityOpt: ['apparmor=mine'] },
  }
  const codes = sourceWarnings({ ...facts, container: odd, image: { ...image, RepoTags: [] } }).map(({ code }) => code)
  expect(codes).toEqual(expect.arrayContaining(['host-network', 'security-profile', 'image-name-moved']))
})
