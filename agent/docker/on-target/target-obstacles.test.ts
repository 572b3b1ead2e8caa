// What real engines here cannot show: other architectures, other sizes, other ages.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Workload__Output } from '../../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { EngineInfo, InspectedContainer } from '../api/answers.ts'
import { engineFacts as engine } from '../testing/engine-facts.ts'
import { type ContainerSpec, containerSpec, formatSpec } from './container-spec.ts'
import { type TargetFacts, targetFindings } from './target-obstacles.ts'

const container: InspectedContainer = JSON.parse(
  readFileSync(new URL('../fixtures/container-28.5.json', import.meta.url), 'utf8'),
)
const spec = containerSpec(container, { imageConfiguration: '', info: { DefaultRuntime: 'runc' } })

const info: EngineInfo = {
  ID: 'engine',
  Driver: 'overlay2',
  DriverStatus: [],
  DockerRootDir: '/var/lib/docker',
  SecurityOptions: [],
  Runtimes: { runc: {} },
  DefaultRuntime: 'runc',
  Plugins: { Log: ['json-file', 'local'] },
  NCPU: 2,
  MemTotal: 2 ** 33,
  SystemTime: '2026-01-01T00:00:00Z',
}

const image = {
  id: 'sha256:1',
  reference: 'example/shop:1',
  tags: [],
  digests: [],
  layers: ['sha256:2'],
  os: 'linux',
  architecture: 'amd64',
  sizeBytes: 1,
  configuration: '',
}

const workload: Workload__Output = {
  containerId: container.Id,
  name: 'shop',
  state: 'running',
  specJson: formatSpec(spec),
  image,
  volumes: [],
  networks: [],
  ports: [],
  obstacles: [],
  warnings: [],
  engine,
  hasHealthcheck: true,
  stopTimeoutSeconds: 10,
  hooks: [],
  uses: [],
  service: null,
  writableLayer: null,
  binds: [],
  tmpfs: [],
}

const facts: TargetFacts = {
  workload,
  spec,
  networkSpecs: [],
  own: null,
  migrationId: 'm-1',
  engine,
  info,
  containers: [],
  volumes: [],
  networks: [],
  takenNames: [],
  listeners: [],
}

const codesOf = (of: Partial<TargetFacts>) => targetFindings({ ...facts, ...of }).obstacles.map(({ code }) => code)
const changed = (config: object, hostConfig: object = {}): ContainerSpec => ({
  ...spec,
  config: { ...spec.config, ...config },
  hostConfig: { ...spec.hostConfig, ...hostConfig },
})

test('nothing in the way is nothing in the way', () => {
  expect(targetFindings(facts)).toEqual({ obstacles: [], warnings: [] })
})

describe('another architecture', () => {
  const arm = { ...engine, architecture: 'arm64' }
  test('is refused', () => {
    expect(codesOf({ engine: arm })).toEqual(['DRAYAGE_ARCHITECTURE_MISMATCH'])
    expect(codesOf({ engine: { ...engine, os: 'windows' } })).toEqual(['DRAYAGE_ARCHITECTURE_MISMATCH'])
  })

  test('of the same family is not', () => {
    expect(codesOf({ workload: { ...workload, image: { ...image, architecture: '386' } } })).toEqual([])
    expect(codesOf({ engine: arm, workload: { ...workload, image: { ...image, architecture: 'arm' } } })).toEqual([])
  })

  test('that the source emulates is refused as well: whether the target can is unknown', () => {
    const emulated = { ...workload, image: { ...image, architecture: 'riscv64' } }
    expect(codesOf({ workload: emulated })).toEqual(['DRAYAGE_ARCHITECTURE_MISMATCH'])
  })
})

describe('engines that shift ids', () => {
  const remapped = (base: string) => ({ ...engine, idShift: 'userns-remap', dataRoot: `/var/lib/docker/${base}` })
  const between = (source: typeof engine, target: typeof engine) =>
    codesOf({ workload: { ...workload, engine: source }, engine: target })

  test('by the same mapping on both sides fit', () => {
    expect(between(remapped('1000.1000'), remapped('1000.1000'))).toEqual([])
  })

  test.each([
    ['on the source alone', remapped('1000.1000'), engine],
    ['on the target alone', engine, remapped('1000.1000')],
    ['by other mappings', remapped('1000.1000'), remapped('2000.2000')],
    [
      'rootless, by a mapping that is not known',
      { ...engine, idShift: 'rootless' },
      { ...engine, idShift: 'rootless' },
    ],
  ])('%s are refused', (_, source, target) => {
    expect(between(source, target)).toEqual(['DRAYAGE_ID_SHIFT_MISMATCH'])
  })
})

describe('an engine that is too old', () => {
  test.each([
    ['for all', '1.39', spec],
    ['for a start interval', '1.43', changed({ Healthcheck: { Test: ['CMD', 'true'], StartInterval: 1 } })],
    ['for annotations', '1.42', changed({}, { Annotations: { a: 'b' } })],
    [
      'for a part of a volume',
      '1.44',
      changed({}, { Mounts: [{ Type: 'volume', Target: '/x', VolumeOptions: { Subpath: 'y' } }] }),
    ],
    [
      'for options of a tmpfs',
      '1.45',
      changed({}, { Mounts: [{ Type: 'tmpfs', Target: '/x', TmpfsOptions: { Options: [['noexec']] } }] }),
    ],
  ])('%s is refused, with what it lacks', (_, apiVersion, needing) => {
    expect(codesOf({ engine: { ...engine, apiVersion }, spec: needing })).toEqual(['DRAYAGE_ENGINE_TOO_OLD'])
    expect(codesOf({ spec: needing })).toEqual([])
  })
})

test('a runtime, a log driver and processors that the target lacks are refused', () => {
  expect(codesOf({ spec: changed({}, { Runtime: 'kata' }) })).toEqual(['DRAYAGE_TARGET_LACKS'])
  expect(codesOf({ spec: changed({}, { LogConfig: { Type: 'splunk' } }) })).toEqual(['DRAYAGE_TARGET_LACKS'])
  expect(codesOf({ spec: changed({}, { NanoCpus: 3e9 }) })).toEqual(['DRAYAGE_TARGET_LACKS'])
  expect(codesOf({ info: { ...info, Runtimes: { crun: {} } } })).toEqual([])
})

test('a memory limit that is more than the target has is warned of', () => {
  const found = targetFindings({ ...facts, spec: changed({}, { Memory: 2 ** 34 }) })
  expect(found.warnings.map(({ code }) => code)).toEqual(['memory-limit-above-target'])
})

test('a volume that several have in common is somebody else’s here, or missing, for the one that carries it alone', () => {
  const volume = { Name: 'named', Driver: 'local', Mountpoint: '/x', Labels: null, Options: null, Scope: 'local' }
  const mounting = (carriedByAnother: boolean) => ({
    ...workload,
    volumes: [
      {
        ...{
          name: 'named',
          driver: 'local',
          options: {},
          labels: {},
          mountpoint: '/x',
          createdAt: '',
          anonymous: false,
        },
        ...{
          destination: '/x',
          readOnly: false,
          rootIdentity: '',
          usage: null,
          traits: [],
          carriedByAnother,
          ofHost: false,
        },
      },
    ],
  })
  expect(codesOf({ workload: mounting(false), volumes: [volume] })).toEqual(['DRAYAGE_VOLUME_EXISTS'])
  expect(codesOf({ workload: mounting(true), volumes: [volume] })).toEqual([])
})

test('what this migration made is no obstacle to it, and is to another', () => {
  const port = { protocol: 'tcp', hostIp: '', hostPort: 18080, containerPort: 8080 }
  const Labels = { 'dev.drayage.migration': 'm-1', 'dev.drayage.role': 'workload' }
  const made = { ...container, Name: '/shop', Config: { ...container.Config, Labels } }
  const volume = { Name: 'named', Driver: 'local', Mountpoint: '/x', Labels, Options: null, Scope: 'local' }
  const here = { workload: { ...workload, ports: [port] }, containers: [made], volumes: [volume] }
  expect(codesOf(here)).toEqual([])
  for (const migrationId of ['m-2', '']) {
    expect(codesOf({ ...here, migrationId })).toEqual([
      'DRAYAGE_CONTAINER_EXISTS',
      'DRAYAGE_VOLUME_EXISTS',
      'DRAYAGE_PORT_TAKEN',
    ])
  }
})
