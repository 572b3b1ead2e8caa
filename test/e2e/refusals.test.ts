// What cannot be moved is refused with its code, with every reason in one answer, and nothing is changed on either host.
import { mkdir, rename } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { AuditList } from '../../shared/api/audit.ts'
import type { HostPower } from '../../shared/api/host-powers.ts'
import { run } from '../lab/command.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'
import { follow, holdings, migrate, mountpoint, planOf, refusal } from './moving.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let image: string

beforeAll(async () => {
  lab = await startLab({
    hosts: [{}, {}, { name: 'shifted', usernsRemap: true }, { name: 'small', disk: { sizeMb: 300, fs: 'ext4' } }],
    environment: { DRAYAGE_FORBID: 'privileged' },
  })
  one = lab.host('host-1')
  two = lab.host('host-2')
  image = (await loadImage(one, 'busybox')).ref
  await loadImage(two, 'busybox')
})
afterAll(() => lab?.stop())

const clear = async (host: LabHost) => {
  const containers = (await host.docker(['ps', '-aq'])).split('\n').filter(Boolean)
  if (containers.length > 0) await host.docker(['rm', '-f', '-v', ...containers])
  for (const volume of (await host.docker(['volume', 'ls', '-q'])).split('\n').filter(Boolean)) {
    await host.docker(['volume', 'rm', volume])
  }
  for (const network of (await host.docker(['network', 'ls', '-q', '--filter', 'type=custom']))
    .split('\n')
    .filter(Boolean)) {
    await host.docker(['network', 'rm', network])
  }
}
afterEach(async () => {
  await Promise.all([one, two].map(clear))
})

const sleeping = ['sleep', '100000']
const runOn = (host: LabHost, name: string, ...options: string[]) =>
  host.docker(['run', '-d', '--name', name, '--stop-timeout', '1', ...options, image, ...sleeping])

// Refused with exactly these codes, each with an explanation, and neither host has changed.
const expectRefused = async (request: object, codes: string[]): Promise<string> => {
  const before = await Promise.all([holdings(one), holdings(two)])
  const { problem, codes: given } = await refusal(lab, request)
  expect(given).toEqual(codes.toSorted())
  expect(problem.detail.length).toBeGreaterThan(20)
  expect(await Promise.all([holdings(one), holdings(two)])).toEqual(before)
  return problem.detail
}
const web = { container: 'web', from: 'host-1', to: 'host-2' }

test('something is mounted inside of a volume, or on it: each is named', async () => {
  await runOn(one, 'web', '-v', 'data:/data', '-v', 'disk:/disk')
  const places = [`${await mountpoint(one, 'data')}/in side`, await mountpoint(one, 'disk')]
  await mkdir(places[0] ?? '')
  for (const place of places) await run(['mount', '-t', 'tmpfs', 'drayage-test', place])
  try {
    const detail = await expectRefused(web, ['DRAYAGE_MOUNT_UNSUPPORTED', 'DRAYAGE_MOUNT_UNSUPPORTED'])
    for (const place of places) expect(detail).toContain(place)
  } finally {
    for (const place of places) await run(['umount', place])
  }
})

test('an unknown host, on either side, and both at once', async () => {
  await expectRefused({ ...web, to: 'nowhere' }, ['DRAYAGE_HOST_NOT_FOUND'])
  await expectRefused({ ...web, from: 'nowhere' }, ['DRAYAGE_HOST_NOT_FOUND'])
  await expectRefused({ ...web, from: 'here', to: 'there' }, ['DRAYAGE_HOST_NOT_FOUND', 'DRAYAGE_HOST_NOT_FOUND'])
})

test('an unknown container', async () => {
  await expectRefused(web, ['DRAYAGE_CONTAINER_NOT_FOUND'])
})

test('an ambiguous prefix of ids', async () => {
  // Seventeen containers have, among their ids' first hexadecimal digits, two alike.
  const ids: string[] = []
  for (let n = 0; n < 17; n++) ids.push(await one.docker(['create', image, 'true']))
  const shared = ids.map(([digit]) => digit).find((digit, index, all) => all.indexOf(digit) !== index) ?? ''
  await expectRefused({ ...web, container: shared }, ['DRAYAGE_CONTAINER_AMBIGUOUS'])
})

test('source and target the same host', async () => {
  await runOn(one, 'web')
  await expectRefused({ ...web, to: 'host-1' }, ['DRAYAGE_SAME_HOST'])
})

test('a container and a volume of that name on the target, and a port that is taken: all in one answer', async () => {
  await runOn(one, 'web', '-v', 'data:/data', '-p', '18080:80')
  await runOn(two, 'web')
  await runOn(two, 'other', '-p', '18080:80')
  await two.docker(['volume', 'create', 'data'])
  await expectRefused(web, ['DRAYAGE_CONTAINER_EXISTS', 'DRAYAGE_VOLUME_EXISTS', 'DRAYAGE_PORT_TAKEN'])
})

test('a network of that name that is another one, and a subnet that is in use', async () => {
  await one.docker(['network', 'create', '--subnet', '172.31.1.0/24', 'back'])
  await runOn(one, 'web', '--network', 'back')
  await two.docker(['network', 'create', '--subnet', '172.31.2.0/24', 'back'])
  await expectRefused(web, ['DRAYAGE_NETWORK_CONFLICT'])
  await two.docker(['network', 'rm', 'back'])
  await two.docker(['network', 'create', '--subnet', '172.31.1.0/24', 'front'])
  await expectRefused(web, ['DRAYAGE_NETWORK_CONFLICT'])
})

test('an image for another architecture', async () => {
  const foreign = await loadImage(one, { ref: 'drayage-lab/foreign:1', base: 'busybox', architecture: 's390x' })
  await one.docker(['create', '--name', 'web', foreign.ref, ...sleeping])
  await expectRefused(web, ['DRAYAGE_ARCHITECTURE_MISMATCH'])
})

test('an engine that shifts ids on one side only', async () => {
  await runOn(one, 'web', '-v', 'data:/data')
  await expectRefused({ ...web, to: 'shifted' }, ['DRAYAGE_ID_SHIFT_MISMATCH'])
})

test('a target without room for the data', async () => {
  await runOn(one, 'web', '-v', 'data:/data')
  await one.docker(['exec', 'web', 'dd', 'if=/dev/zero', 'of=/data/much', 'bs=1M', 'count=400'])
  await expectRefused({ ...web, to: 'small' }, ['DRAYAGE_TARGET_TOO_SMALL'])
})

test('a volume whose files the source’s agent cannot see', async () => {
  await runOn(one, 'web', '-v', 'data:/data')
  const place = await mountpoint(one, 'data')
  await rename(place, `${place}-elsewhere`)
  try {
    const detail = await expectRefused(web, ['DRAYAGE_VOLUME_UNREADABLE'])
    expect(detail).toContain('data')
  } finally {
    await rename(`${place}-elsewhere`, place)
  }
})

const powers = [
  ...['--network', 'host', '--pid', 'host', '--device', '/dev/null', '--cap-add', 'SYS_ADMIN'],
  ...['--security-opt', 'seccomp=unconfined'],
]
const everyPower: HostPower[] = ['host-namespaces', 'devices', 'capabilities', 'unconfined']

test('a container with power over its host, unless that power is allowed by name', async () => {
  await runOn(one, 'web', ...powers)
  const detail = await expectRefused(web, ['DRAYAGE_HOST_POWER'])
  expect(detail).toContain(`--allow ${everyPower.join(',')}.`)
  await expectRefused({ ...web, options: { allow: everyPower.slice(1) } }, ['DRAYAGE_HOST_POWER'])
  expect((await planOf(lab, { ...web, options: { allow: everyPower } })).refusals).toEqual([])
})

test('a container with the engine’s socket', async () => {
  await runOn(one, 'web', '-v', '/var/run/docker.sock:/var/run/docker.sock')
  await expectRefused(web, ['DRAYAGE_BIND_MOUNT', 'DRAYAGE_HOST_POWER'])
  const { entries } = (await lab.coordinator.call('GET', '/v1/audit?limit=1')) as AuditList
  expect(entries).toMatchObject([{ code: 'DRAYAGE_PLAN_REFUSED', subject: 'web from host-1 to host-2' }])
})

test('what the target’s own agent forbids, whoever allows it', async () => {
  await runOn(one, 'web', '--privileged', '--pid', 'host')
  const options = { allow: ['privileged', 'host-namespaces'] }
  await expectRefused({ ...web, options }, ['DRAYAGE_FORBIDDEN_BY_HOST'])
})

test('a Swarm task’s container', async () => {
  await one.docker(['swarm', 'init', '--advertise-addr', one.address])
  try {
    await one.docker(['service', 'create', '--detach', '--name', 'task', image, ...sleeping])
    const container = await eventually(
      'the task to run',
      60_000,
      async () => (await one.docker(['ps', '-q', '--filter', 'label=com.docker.swarm.service.name=task'])) || undefined,
    )
    const { codes } = await refusal(lab, { ...web, container })
    expect(codes).toContain('DRAYAGE_SWARM_TASK')
    await one.docker(['service', 'rm', 'task'])
  } finally {
    await one.docker(['swarm', 'leave', '--force'])
  }
})

test('binds, sharing, --rm, a changed layer and namespaces are refused by name until something else is asked for', async () => {
  await runOn(one, 'web', '--rm', '-v', '/etc:/host-etc', '-v', 'shared:/shared')
  await one.docker(['exec', 'web', 'touch', '/home/changed'])
  await runOn(one, 'other', '-v', 'shared:/shared', '--network', 'container:web')
  const detail = await expectRefused(web, [
    'DRAYAGE_AUTO_REMOVE',
    'DRAYAGE_BIND_MOUNT',
    'DRAYAGE_SET_LARGER',
    'DRAYAGE_WRITABLE_LAYER',
  ])
  expect(detail).toContain('other uses the volume shared, and so does web, uses the network of web')
  await expectRefused({ ...web, container: 'other' }, ['DRAYAGE_SET_LARGER'])
})

test('a service of a Compose project that depends on another, until it is said that the other stays', async () => {
  const service = (name: string, dependsOn = '') => [
    ...['--label', 'com.docker.compose.project=blog', '--label', `com.docker.compose.service=${name}`],
    ...['--label', `com.docker.compose.depends_on=${dependsOn}`],
  ]
  await runOn(one, 'db', '-v', 'rows:/data', ...service('db'))
  await runOn(one, 'web', '-v', 'data:/data', ...service('web', 'db:service_started:false'))
  const detail = await expectRefused(web, ['DRAYAGE_SET_LARGER'])
  expect(detail).toContain('db is depended on by web')
  const moved = await migrate(lab, { ...web, options: { dependents: 'leave' } })
  expect(moved).toMatchObject({ state: 'awaiting-finalize' })
  expect(moved.warnings.map(({ code }) => code)).toContain('dependents-left-behind')
  // What is retired here is nobody's to wait for.
  const left = await migrate(lab, { container: 'db', from: 'host-1', to: 'host-2' })
  expect(left.state).toBe('awaiting-finalize')
  // What was moved alone goes back alone.
  expect(await follow(lab, moved, 'return')).toMatchObject({ state: 'awaiting-finalize', error: null })
})

test('a project half of which is on another host, with a volume that nothing mounts: all of it in one answer', async () => {
  const small = lab.host('small')
  await loadImage(small, 'busybox')
  const project = ['--label', 'com.docker.compose.project=blog']
  const create = (host: LabHost, service: string, ...more: string[]) =>
    host.docker([
      ...['create', '--name', `blog-${service}-1`, ...project, '--label', `com.docker.compose.service=${service}`],
      ...['--label', 'com.docker.compose.container-number=1', ...more, image, 'true'],
    ])
  await create(one, 'web', '-v', 'pages:/pages')
  await create(one, 'cache')
  await one.docker(['volume', 'create', ...project, 'blog_rows'])
  await create(small, 'db')
  await lab.coordinator.call('POST', '/v1/hosts', { name: 'later' })
  const request = { project: 'blog', from: 'host-1', to: 'host-2' }
  try {
    await eventually('both hosts to have told of it', 30_000, async () => {
      const { projects: [found] = [], members } = await planOf(lab, request)
      return (found?.containers.length === 1 && members.length === 2) || undefined
    })
    await one.docker(['rm', 'blog-cache-1'])
    const plan = await eventually('its end to be told', 30_000, async () => {
      const planned = await planOf(lab, request)
      return planned.projects?.[0]?.services.length === 1 ? planned : undefined
    })
    expect(plan.projects).toMatchObject([
      {
        containers: [{ host: 'small', name: 'blog-db-1', isPart: true }],
        volumes: [{ host: 'host-1', name: 'blog_rows' }],
        services: [{ name: 'cache', container: 'blog-cache-1', host: 'host-1' }],
        unheard: [{ host: 'later', inventoryAt: null }],
      },
    ])
    const detail = await expectRefused(request, ['DRAYAGE_SET_LARGER', 'DRAYAGE_SET_LARGER'])
    expect(detail).toMatch(/blog-db-1 on small.*blog_rows/)
    const leaving = await planOf(lab, { ...request, options: { dependents: 'leave' } })
    expect(leaving.refusals).toEqual([])
    expect(leaving.warnings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['project-left-behind', 'service-without-container', 'hosts-not-heard-of']),
    )
  } finally {
    await lab.coordinator.call('DELETE', '/v1/hosts/later')
    await small.docker(['rm', '-f', 'blog-db-1'])
  }
})

test('a container that was moved away', async () => {
  await runOn(one, 'web', '-v', 'data:/data')
  expect((await migrate(lab, web)).state).toBe('awaiting-finalize')
  await two.docker(['rm', '-f', 'web'])
  await two.docker(['volume', 'rm', 'data'])
  await expectRefused(web, ['DRAYAGE_WORKLOAD_RETIRED'])
})

test('a target that is offline', async () => {
  await runOn(one, 'web')
  await two.agent.stop()
  try {
    await lab.untilHostIs(two, 'lost')
    const { codes } = await refusal(lab, web)
    expect(codes).toEqual(['DRAYAGE_HOST_OFFLINE'])
  } finally {
    await two.agent.start()
  }
})

test('malformed JSON, unknown fields, wrong types and a body of 2 MB are problems, not crashes', async () => {
  const send = (body: string) =>
    fetch(`${lab.coordinator.url}/v1/migrations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${lab.coordinator.token}`, 'content-type': 'application/json' },
      body,
    })
  const cases: readonly (readonly [string, number, string])[] = [
    ['{"container":', 400, 'DRAYAGE_INVALID_REQUEST'],
    [JSON.stringify({ ...web, surprise: 1 }), 400, 'DRAYAGE_INVALID_REQUEST'],
    [JSON.stringify({ container: 7, from: null, to: 'host-2' }), 400, 'DRAYAGE_INVALID_REQUEST'],
    [JSON.stringify({ ...web, container: 'x'.repeat(2_000_000) }), 413, 'DRAYAGE_BODY_TOO_LARGE'],
  ]
  for (const [body, status, code] of cases) {
    const response = await send(body)
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toContain('application/problem+json')
    expect(await response.json()).toMatchObject({ code, status })
  }
})
