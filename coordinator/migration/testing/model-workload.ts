// What an agent of the model says of a container.
import { type HookName, hookNames } from '../../../shared/hooks/hook.ts'
import type { Described } from '../ports.ts'
import type { Workload } from '../record.ts'
import { type Copy, kinds, nameOf, ownVolume, sharedName } from './model-host.ts'

// Of a container's label: whether there is one, what it comes to, and what then.
export type HookFate = 'none' | 'succeeds' | 'fails' | 'fails-and-that-is-well'

export type HookFates = Readonly<Record<HookName, HookFate>>

export const noHooks: HookFates = { 'pre-stop': 'none', 'post-start': 'none' }

export const labelled = (fates: HookFates): Workload['hooks'] =>
  hookNames
    .filter((name) => fates[name] !== 'none')
    .map((name) => ({
      ...{ name, command: ['hook'], timeoutMs: 1_000 },
      onError: fates[name] === 'fails-and-that-is-well' ? 'continue' : 'fail',
    }))

const volumeOf = (name: string, measured: boolean): Workload['volumes'][number] => ({
  ...{ name, driver: 'local', options: {}, labels: {}, mountpoint: '/v', createdAt: '' },
  ...{
    anonymous: false,
    destination: `/${name}`,
    readOnly: false,
    rootIdentity: '1:2',
    carriedByAnother: false,
    ofHost: false,
    traits: [],
  },
  usage: measured ? { entries: 1, apparentBytes: 21, diskBytes: 4096, devices: 1, devicePaths: ['dev/null'] } : null,
})

export const memberOf = ({ id, member }: Copy): Described['moveSet'][number] => ({
  ...{ containerId: id, name: nameOf(member), state: 'running', separable: false },
  ties: [{ kind: 'shared-volume', words: `uses the volume ${sharedName}` }],
})

// others: those that it belongs together with.
export const workloadOf = (
  { id, member, running }: Copy,
  others: readonly Copy[],
  measured: boolean,
  hooks: Workload['hooks'],
): Workload => ({
  containerId: id,
  name: nameOf(member),
  state: running ? 'running' : 'exited',
  specJson: '{}',
  image: {
    ...{
      id: 'sha256:i',
      reference: 'app:1',
      tags: [],
      digests: [],
      layers: [],
      os: 'linux',
      architecture: 'amd64',
      sizeBytes: 10,
    },
    configuration: '',
  },
  volumes: [ownVolume(member), ...(others.length > 0 ? [sharedName] : [])].map((name) => volumeOf(name, measured)),
  ...{
    networks: [],
    ports: [],
    obstacles: [],
    warnings: [],
    engine: null,
    hasHealthcheck: false,
    stopTimeoutSeconds: 10,
    hooks,
    uses: others
      .filter((other) => other.member === member - 1)
      .map((other) => ({ containerId: other.id, kind: kinds[member] })),
    writableLayer: null,
    binds: [],
    tmpfs: [],
  },
})
