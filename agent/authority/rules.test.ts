import { expect, test } from 'vitest'
import { hostPowers } from '../../shared/api/host-powers.ts'
import type { HostConfig } from '../docker/api/answers.ts'
import { registryOf } from '../docker/images/image-name.ts'
import { type ContainerSpec, formatSpec } from '../docker/on-target/container-spec.ts'
import { type Arrival, arrivalFindings, arrivalWarnings, noRules, requireMayCome } from './rules.ts'

const spec = (hostConfig: Partial<HostConfig>): ContainerSpec => ({
  ...{ version: 1, config: { Image: 'web' }, hostConfig: { NetworkMode: 'bridge', ...hostConfig } },
  ...{ primaryNetwork: 'bridge', endpoints: {}, macAddress: '', imageConfiguration: '', defaultRuntime: 'runc' },
})

const arrival = (
  hostConfig: Partial<HostConfig>,
  {
    allowed = [],
    reference = 'web:1',
    diskBytes = 0,
    options = {},
  }: { allowed?: string[]; reference?: string; diskBytes?: number; options?: Record<string, string> } = {},
): Arrival => ({
  allowed,
  workload: {
    name: 'web',
    specJson: formatSpec(spec(hostConfig)),
    image: { reference } as Arrival['workload']['image'],
    volumes: [
      { name: 'data', driver: 'local', options, usage: { diskBytes } },
    ] as unknown as Arrival['workload']['volumes'],
  },
})
const codes = (...[of, rules = noRules]: Parameters<typeof arrivalFindings> | [Arrival]) =>
  arrivalFindings(of, rules).map(({ code }) => code)

const privileged = { Privileged: true, PidMode: 'host' }

test('what has no power over its host comes without a word', () => {
  expect(codes(arrival({}))).toEqual([])
  expect(() => requireMayCome(arrival({}), noRules)).not.toThrow()
})

test('power is refused unless every one of it is allowed, and what is allowed is said', () => {
  expect(codes(arrival(privileged))).toEqual(['DRAYAGE_HOST_POWER'])
  expect(codes(arrival(privileged, { allowed: ['privileged'] }))).toEqual(['DRAYAGE_HOST_POWER'])
  const both = arrival(privileged, { allowed: ['privileged', 'host-namespaces'] })
  expect(codes(both)).toEqual([])
  expect(arrivalWarnings(both)).toHaveLength(2)
})

test('what the host forbids no word allows', () => {
  const rules = { ...noRules, forbidden: ['privileged' as const] }
  expect(codes(arrival(privileged, { allowed: [...hostPowers] }), rules)).toEqual(['DRAYAGE_FORBIDDEN_BY_HOST'])
  expect(codes(arrival(privileged), rules)).toEqual(['DRAYAGE_FORBIDDEN_BY_HOST', 'DRAYAGE_HOST_POWER'])
})

test('a volume that is a view of the socket’s directory is judged as a bind mount of it is', () => {
  const options = { type: 'none', o: 'bind', device: '/var/run' }
  expect(codes(arrival({}, { options }))).toEqual(['DRAYAGE_HOST_POWER'])
  const allowed = arrival({}, { options, allowed: ['docker-socket'] })
  expect(codes(allowed)).toEqual([])
  expect(arrivalWarnings(allowed)).toHaveLength(1)
  expect(codes(allowed, { ...noRules, forbidden: ['docker-socket'] })).toEqual(['DRAYAGE_FORBIDDEN_BY_HOST'])
})

test('images of other registries, and volumes that are too large, are refused with all else at once', () => {
  const rules = { ...noRules, registries: ['registry.example:5000'], largestVolumeBytes: 1000 }
  expect(codes(arrival({}, { reference: 'registry.example:5000/shop/web', diskBytes: 1000 }), rules)).toEqual([])
  const refused = arrival(privileged, { diskBytes: 1001 })
  expect(codes(refused, rules)).toEqual([
    'DRAYAGE_HOST_POWER',
    'DRAYAGE_FORBIDDEN_BY_HOST',
    'DRAYAGE_FORBIDDEN_BY_HOST',
  ])
  expect(() => requireMayCome(refused, rules)).toThrow(
    expect.objectContaining({
      code: 'DRAYAGE_HOST_POWER',
      details: { reasons: expect.objectContaining({ length: 3 }) },
    }),
  )
})

test.each([
  ['busybox', 'docker.io'],
  ['shop/web:1.2', 'docker.io'],
  ['docker.io/library/busybox', 'docker.io'],
  ['localhost/web', 'localhost'],
  ['registry.example/web@sha256:0', 'registry.example'],
  ['registry:5000/a/b', 'registry:5000'],
  [`sha256:${'a'.repeat(64)}`, null],
])('the image %s is of the registry %s', (name, registry) => {
  expect(registryOf(name)).toBe(registry)
})
