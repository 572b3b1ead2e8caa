// What each way of making a container gives it, from the inspect of real engines.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { HostConfig, InspectedContainer } from '../docker/api/answers.ts'
import { containerSpec } from '../docker/on-target/container-spec.ts'
import { powersOf } from './powers.ts'

const inspected = (version: string): InspectedContainer =>
  JSON.parse(readFileSync(new URL(`../docker/fixtures/container-${version}.json`, import.meta.url), 'utf8'))
const specOf = (container: InspectedContainer, more: Partial<HostConfig> = {}) =>
  containerSpec(
    { ...container, HostConfig: { ...container.HostConfig, CapAdd: null, ...more } },
    { imageConfiguration: '', info: { DefaultRuntime: 'runc' } },
  )
const held = (more: Partial<HostConfig>) =>
  Object.fromEntries(powersOf(specOf(inspected('28.5'), more), []).map(({ power, by }) => [power, by]))

test.each(['20.10', '28.5'])('a container of %s that was made without any has none', (version) => {
  expect(powersOf(specOf(inspected(version)), [])).toEqual([])
})

test.each<[string, Partial<HostConfig>]>([
  ['privileged', { Privileged: true }],
  ['host-namespaces', { PidMode: 'host' }],
  ['host-namespaces', { IpcMode: 'host' }],
  ['host-namespaces', { UTSMode: 'host' }],
  ['host-namespaces', { UsernsMode: 'host' }],
  ['docker-socket', { Binds: ['/var/run/docker.sock:/var/run/docker.sock'] }],
  ['docker-socket', { Binds: ['/:/host:ro'] }],
  ['docker-socket', { Binds: ['//var/run/:/sockets'] }],
  ['docker-socket', { Binds: ['/var/lib/../run:/r'] }],
  ['docker-socket', { Binds: ['/srv/./../../run/docker.sock:/r'] }],
  [
    'docker-socket',
    {
      Mounts: [
        {
          ...{ Type: 'volume', Source: 'sockets', Target: '/r' },
          VolumeOptions: { DriverConfig: { Name: 'local', Options: { type: 'none', o: 'bind', device: '/var/run' } } },
        },
      ],
    },
  ],
  ['docker-socket', { Mounts: [{ Type: 'bind', Source: '/run/containerd', Target: '/c' }] }],
  ['docker-socket', { Binds: ['/home/me/.docker/run/docker.sock:/s'] }],
  ['devices', { Devices: [{ PathOnHost: '/dev/sda' }] }],
  ['devices', { DeviceRequests: [{ Count: -1 }] }],
  ['devices', { DeviceCgroupRules: ['c 189:* rmw'] }],
  ['capabilities', { CapAdd: ['SYS_ADMIN'] }],
  ['capabilities', { CapAdd: ['ALL'] }],
  ['capabilities', { CapAdd: ['CAP_NET_ADMIN'] }],
  ['unconfined', { SecurityOpt: ['seccomp=unconfined'] }],
  ['unconfined', { SecurityOpt: ['apparmor:unconfined'] }],
  ['unconfined', { SecurityOpt: ['label=disable'] }],
  ['unconfined', { MaskedPaths: [], ReadonlyPaths: [] }],
])('%s is had by %j', (power, more) => {
  expect(Object.keys(held(more))).toEqual([power])
})

test.each([
  { type: 'none', o: 'bind', device: '/var/run' },
  { type: 'none', o: 'ro,rbind', device: '/var/lib/../run/docker.sock' },
  { type: 'nfs', o: 'addr=127.0.0.1,bind', device: '/run' },
  { type: 'tmpfs', o: 'bind', device: '/' },
])('a volume made with %j reaches the socket as a bind mount does', (options) => {
  const [held] = powersOf(specOf(inspected('28.5')), [{ name: 'sockets', driver: 'local', options }])
  expect(held).toEqual({ power: 'docker-socket', by: [`the volume sockets of ${options.device}`] })
})

test('a volume of plain data, of a file server, or of another directory is no power', () => {
  const volumes = [
    { name: 'data', driver: 'local', options: {} },
    { name: 'shared', driver: 'local', options: { type: 'nfs', o: 'addr=10.0.0.1', device: ':/run' } },
    { name: 'site', driver: 'local', options: { type: 'none', o: 'bind', device: '/srv/run' } },
  ]
  expect(powersOf(specOf(inspected('28.5')), volumes)).toEqual([])
})

test('what Docker gives everyone is no power: its usual capabilities by name, its own lists, volumes, other directories', () => {
  expect(
    held({
      CapAdd: ['NET_BIND_SERVICE', 'CAP_CHOWN'],
      SecurityOpt: ['no-new-privileges', 'seccomp={"defaultAction":"SCMP_ACT_ERRNO"}'],
      Binds: ['data:/data', '/srv/docker.sockets:/srv', '/var/runner:/r'],
      MaskedPaths: null,
      ReadonlyPaths: null,
    }),
  ).toEqual({})
})

test('--privileged is said once, beside what it does not give', () => {
  const everything = {
    Privileged: true,
    SecurityOpt: ['label=disable'],
    CapAdd: ['ALL'],
    Devices: [{ PathOnHost: '/dev/kvm' }],
    PidMode: 'host',
  }
  expect(held(everything)).toEqual({ privileged: ['--privileged'], 'host-namespaces': ['--pid host'] })
})
