// Engines of both generations and both image stores for the tests of agent/docker, without agents or a coordinator.
import { afterAll, beforeAll } from 'vitest'
import type { InspectedContainer } from '../../agent/docker/api/answers.ts'
import { createEngine, type Engine } from '../../agent/docker/engine.ts'
import { type ImageSpec, loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import type { HostOptions } from '../lab/options.ts'

export const kinds = {
  current: { name: 'current', engine: 'current' },
  legacy: { name: 'legacy', engine: 'legacy' },
  containerd: { name: 'containerd', engine: 'current', imageStore: 'containerd' },
  remapped: { name: 'remapped', engine: 'current', usernsRemap: true },
} as const satisfies Record<string, HostOptions>
export type Kind = keyof typeof kinds

// Everything that an image can bring to a container.
export const everything: ImageSpec = {
  ref: 'drayage-lab/everything:1',
  base: 'busybox',
  files: { 'data/seed': 'from the image\n', 'data/': { uid: 1000, gid: 1000, mode: 0o2750 } },
  config: {
    Cmd: ['sh', '-c', 'trap "exit 0" INT TERM; while :; do sleep 0.1; done'],
    Env: ['FROM_IMAGE=yes'],
    WorkingDir: '/home/app',
    Labels: { 'of.image': 'yes' },
    Volumes: { '/data': {} },
    ExposedPorts: { '8080/tcp': {} },
    StopSignal: 'SIGINT',
    Healthcheck: { Test: ['CMD', 'true'], Interval: 1_000_000_000, Retries: 2 },
  },
}

// As small as can be, with a volume that the image asks for.
export const plain: ImageSpec = {
  ref: 'drayage-lab/plain:1',
  base: 'busybox',
  config: {
    Cmd: ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'],
    Volumes: { '/asked': {} },
  },
}

export type EngineHost = LabHost & {
  readonly drayage: Engine
  readonly inspect: (container: string) => Promise<InspectedContainer>
  readonly volumeNames: () => Promise<string[]>
}

const asEngineHost = (host: LabHost): EngineHost =>
  Object.assign(host, {
    drayage: createEngine({ dockerHost: host.dockerHost }),
    inspect: async (container: string) =>
      (JSON.parse(await host.docker(['container', 'inspect', container])) as [InspectedContainer])[0],
    volumeNames: async () => (await host.docker(['volume', 'ls', '--quiet'])).split('\n').filter(Boolean),
  })

// `images` are loaded on every host of the list.
export const engineHosts = <K extends Kind>(
  wanted: readonly K[],
  images: readonly ImageSpec[] = [],
): ((kind: K) => EngineHost) => {
  let lab: Lab | undefined
  const hosts = new Map<string, EngineHost>()
  beforeAll(async () => {
    lab = await startLab({ hosts: wanted.map((kind) => kinds[kind]), agents: false, coordinator: false })
    for (const host of lab.hosts) hosts.set(host.name, asEngineHost(host))
    await Promise.all([...hosts.values()].flatMap((host) => images.map((image) => loadImage(host, image))))
  })
  afterAll(() => lab?.stop())
  return (kind) => {
    const host = hosts.get(kind)
    if (host === undefined) throw new Error(`This lab has no ${kind} engine.`)
    return host
  }
}

// Removes everything that a test made, whatever state it is in; images stay.
export const cleanOut = async (host: EngineHost): Promise<void> => {
  const containers = (await host.docker(['ps', '--all', '--quiet'])).split('\n').filter(Boolean)
  if (containers.length > 0) await host.docker(['rm', '--force', '--volumes', ...containers])
  const volumes = await host.volumeNames()
  if (volumes.length > 0) await host.docker(['volume', 'rm', '--force', ...volumes])
  await host.docker(['network', 'prune', '--force'])
}
