// The main job, on real engines: a container with everything moves, and is on the other side what it was.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeZoo } from '../../agent/volume/testing/zoo.ts'
import type { MigrationRequest } from '../../shared/api/migrations.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'
import { type Inspection, movable } from './inspection.ts'
import { differences, holdings, hugeHoles, inspect, migrate, mountpoint, planOf, setAside } from './moving.ts'

let lab: Lab
let one: LabHost
let two: LabHost

beforeAll(async () => {
  lab = await startLab({ hosts: 2 })
  one = lab.host('host-1')
  two = lab.host('host-2')
})
afterAll(() => lab?.stop())

// Appends a line to /data/log until it is asked to stop, and says goodbye.
const writer =
  'trap "echo stopped >> /data/log; exit 0" TERM; i=0; while :; do i=$((i+1)); echo "line $i" >> /data/log; sleep 0.02; done'

test('a container with volumes, network, ports, health check and settings moves whole while it is written to', async () => {
  const image = await loadImage(one, 'busybox')
  await one.docker(['network', 'create', '--subnet', '172.31.7.0/24', '--label', 'team=blue', 'back'])
  await one.docker(['volume', 'create', '--label', 'keep=yes', 'data'])
  await one.docker(['volume', 'create', 'animals'])
  await makeZoo(await mountpoint(one, 'animals'))
  await one.docker([
    ...['run', '-d', '--name', 'web', '--restart', 'unless-stopped', '--stop-timeout', '7'],
    ...['--network', 'back', '--network-alias', 'www', '-p', '18080:80', '-p', '127.0.0.1:19000:90/udp'],
    ...['-e', 'A=1', '-e', 'B=two words', '--label', 'app=web', '--workdir', '/data', '--hostname', 'web-host'],
    ...['--health-cmd', 'test -s /data/log', '--health-interval', '1s', '--health-retries', '3'],
    ...['--cap-add', 'NET_ADMIN', '--cap-drop', 'MKNOD', '--cpu-shares', '512', '--pids-limit', '100'],
    ...[
      '--ulimit',
      'nofile=1024:2048',
      '--sysctl',
      'net.ipv4.ip_unprivileged_port_start=0',
      '--add-host',
      'db:10.9.9.9',
    ],
    ...['--log-opt', 'max-size=1m', '--tmpfs', '/scratch:size=1m', '--shm-size', '32m', '--dns', '9.9.9.9'],
    ...['--group-add', '4242', '--oom-score-adj', '100', '--security-opt', 'no-new-privileges'],
    ...['-v', 'data:/data', '-v', 'animals:/animals:ro', '-v', '/anonymous'],
    ...['--entrypoint', 'sh', image.ref, '-c', writer],
  ])
  await one.docker(['exec', 'web', 'sh', '-c', 'echo kept > /anonymous/file'])
  await eventually('the container to be healthy', 30_000, async () =>
    (await one.docker(['inspect', '--format', '{{.State.Health.Status}}', 'web'])) === 'healthy' ? true : undefined,
  )
  const before = await inspect<Inspection>(one, 'web')
  const anonymous = before.Mounts.find(({ Destination }) => Destination === '/anonymous')?.Name ?? ''
  const held = await holdings(one)
  expect((await holdings(two)).images).toEqual([])

  const request: MigrationRequest = {
    container: 'web',
    from: 'host-1',
    to: 'host-2',
    options: { maxRounds: 1, allow: ['capabilities'] },
  }
  const plan = await planOf(lab, request)
  expect(plan.refusals).toEqual([])
  expect(plan.warnings).toContainEqual(expect.objectContaining({ code: 'host-power-allowed' }))
  expect(plan.volumes.map(({ name }) => name).toSorted()).toEqual(['animals', anonymous, 'data'].toSorted())
  expect(await holdings(two)).toMatchObject({ containers: [], volumes: [], images: [] })

  const migration = await migrate(lab, request)
  expect(migration).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(migration.steps.every(({ state }) => state === 'done')).toBe(true)
  expect(migration.downtimeMs).toBeGreaterThan(0)
  expect(migration.liveCopy).toMatchObject({ rounds: 1, stopped: 'most-rounds' })

  const after = await inspect<Inspection>(two, 'web')
  expect(movable(after)).toEqual(movable(before))
  expect(after.State.Running).toBe(true)
  expect(await two.docker(['image', 'inspect', '--format', '{{.Id}}', image.ref])).toBe(image.id)
  expect(await two.docker(['volume', 'inspect', '--format', '{{.Labels.keep}}', 'data'])).toBe('yes')
  expect(
    await two.docker(['network', 'inspect', '--format', '{{.Labels.team}} {{(index .IPAM.Config 0).Subnet}}', 'back']),
  ).toBe('blue 172.31.7.0/24')

  for (const volume of ['animals', anonymous]) {
    expect(await differences(await setAside(one, volume, migration), await mountpoint(two, volume), hugeHoles)).toBe('')
  }
  const original = await setAside(one, 'data', migration)
  const copy = await mountpoint(two, 'data')
  expect(await differences(original, copy, ['/log'])).toBe('')
  const written = await readFile(join(original, 'log'), 'utf8')
  expect(written.endsWith('stopped\n')).toBe(true)
  expect((await readFile(join(copy, 'log'), 'utf8')).startsWith(written)).toBe(true)
  for (const { sourceDigest, targetDigest } of migration.receipt?.volumes ?? []) expect(targetDigest).toBe(sourceDigest)
  expect(migration.receipt?.volumes).toHaveLength(3)

  expect(await holdings(one)).toEqual({ ...held, containers: ['web exited'] })
  expect((await holdings(two)).containers).toEqual(['web running'])
})

test('the retired source cannot be started, by hand or by its engine', async () => {
  await expect(one.docker(['start', 'web'])).rejects.toThrow()
  await one.engine.restart()
  await lab.untilHostIs(one, 'online')
  expect(
    await one.docker(['inspect', '--format', '{{.State.Running}} {{.HostConfig.RestartPolicy.Name}}', 'web']),
  ).toBe('false no')
})

test('the inventory still knows which container last used a volume after that container is gone', async () => {
  const { ref } = await loadImage(two, 'busybox')
  await two.docker(['run', '--name', 'once', '-v', 'ledger:/ledger', ref, 'true'])
  const usersOf = async () => {
    const { volumes } = (await lab.coordinator.call('GET', '/v1/volumes?host=host-2&name=ledger')) as {
      volumes: { users: { name: string; goneAt: string | null }[] }[]
    }
    return volumes[0]?.users ?? []
  }
  await eventually('the user to be reported', 20_000, async () => (await usersOf()).some(({ name }) => name === 'once'))
  await two.docker(['rm', 'once'])
  const gone = await eventually('its end to be reported', 20_000, async () =>
    (await usersOf()).find(({ name, goneAt }) => name === 'once' && goneAt !== null),
  )
  expect(gone.name).toBe('once')
})
