// The ways back: a container that has moved goes back to what was kept, with little sent and nothing lost; one that does
// not come up goes back by itself; and what is kept is removed only when it may be.
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Migration } from '../../shared/api/migrations.ts'
import { run } from '../lab/command.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import type { Inspection } from './inspection.ts'
import { acknowledged, coldMiB, requireWhole, runs, startLedger, writesOn } from './ledger-workload.ts'
import {
  follow,
  holdings,
  inspect,
  migrate,
  migrationOf,
  mountpoint,
  refusalOf,
  setAside,
  startFollowing,
  startMigration,
  untilEnded,
} from './moving.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let image: string

beforeAll(async () => {
  lab = await startLab({ hosts: 2, failpoints: true })
  one = lab.host('host-1')
  two = lab.host('host-2')
  image = (await loadImage(one, 'busybox')).ref
  await loadImage(two, 'busybox')
})
afterAll(() => lab?.stop())
afterEach(async () => {
  for (const process of ['coordinator', one, two] as const) await lab.failpoints(process).clear()
  for (const host of [one, two]) {
    await lab.limitRate(host, undefined)
    const containers = (await host.docker(['ps', '-aq'])).split('\n').filter(Boolean)
    if (containers.length > 0) await host.docker(['rm', '-f', ...containers])
    for (const volume of (await host.docker(['volume', 'ls', '-q'])).split('\n').filter(Boolean)) {
      await host.docker(['volume', 'rm', volume])
    }
  }
})

const mebibyte = 1024 * 1024
const there = (container: string) => ({ container, from: 'host-1', to: 'host-2' })
type Inspected = Inspection & { readonly HostConfig: { readonly RestartPolicy: { readonly Name: string } } }

test('there, back, there and back again: only what has changed is sent, and no acknowledged line is lost', async () => {
  const original = await startLedger(one, image, 'shuttle')
  const first = await migrate(lab, there('shuttle'))
  expect(first).toMatchObject({ state: 'awaiting-finalize', kind: 'move', error: null })
  expect(first.bytesSent).toBeGreaterThan(coldMiB * mebibyte)
  await writesOn(two, 'shuttle')

  const back = await follow(lab, first, 'return')
  expect(back).toMatchObject({ state: 'awaiting-finalize', kind: 'return', of: first.id, error: null })
  expect(back.bytesSent).toBeLessThan(5 * mebibyte)
  expect(await migrationOf(lab, first.id)).toMatchObject({ state: 'completed', followedBy: back.id })
  const home = await inspect<Inspected>(one, 'shuttle')
  expect(home).toMatchObject({
    Id: original,
    State: { Running: true },
    HostConfig: { RestartPolicy: { Name: 'always' } },
  })
  expect(await runs(two, 'shuttle')).toBe(false)
  await requireWhole(one, 'shuttle', await acknowledged(two, 'shuttle'))
  expect(await refusalOf(lab, first, 'return')).toMatchObject({ code: 'DRAYAGE_NOTHING_TO_RETURN' })
  expect(await refusalOf(lab, first, 'finalize')).toMatchObject({ code: 'DRAYAGE_NOTHING_TO_FINALIZE' })
  await writesOn(one, 'shuttle')

  const again = await migrate(lab, there('shuttle'))
  expect(again).toMatchObject({ state: 'awaiting-finalize', kind: 'move', error: null })
  expect(again.bytesSent).toBeLessThan(5 * mebibyte)
  expect(again.targetContainerId).toBe(first.targetContainerId)
  expect(await migrationOf(lab, back.id)).toMatchObject({ state: 'completed', followedBy: again.id })
  await requireWhole(two, 'shuttle', await acknowledged(one, 'shuttle'))

  const last = await follow(lab, again, 'return')
  expect(last).toMatchObject({ state: 'awaiting-finalize', error: null })
  await requireWhole(one, 'shuttle', await acknowledged(two, 'shuttle'))
  // What is kept on host-2 goes, and what lives on host-1 does not.
  expect(await follow(lab, last, 'finalize')).toMatchObject({ state: 'completed', kind: 'finalize', error: null })
  expect(await holdings(two)).toMatchObject({ containers: [], volumes: [] })
  expect(await migrationOf(lab, last.id)).toMatchObject({ state: 'completed' })
  expect(await runs(one, 'shuttle')).toBe(true)
})

test('a port that is taken at the last moment: it goes back by itself with nothing to carry, and the next try succeeds', async () => {
  const command = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done']
  await one.docker(['run', '-d', '--name', 'port', '-p', '8081:80', '-v', 'port:/data', image, ...command])
  const coordinator = lab.failpoints('coordinator')
  await coordinator.tell('start.before', 'hang')
  const { id } = await startMigration(lab, there('port'))
  await coordinator.untilReached('start.before')
  await two.docker(['run', '-d', '--name', 'thief', '-p', '8081:80', image, ...command])
  await coordinator.untell('start.before')
  const failed = await untilEnded(lab, id)
  expect(failed).toMatchObject({ error: { code: 'DRAYAGE_TARGET_NOT_STARTED', step: 'start' } })
  const back = await untilEnded(lab, failed.followedBy ?? '')
  expect(back).toMatchObject({ state: 'awaiting-finalize', kind: 'return', of: id, error: null })
  expect(back.rounds.reduce((sum, { contentBytes }) => sum + contentBytes, 0)).toBe(0)
  expect(await migrationOf(lab, id)).toMatchObject({ state: 'rolled-back', downtimeMs: expect.any(Number) })
  expect([await runs(one, 'port'), await runs(two, 'port')]).toEqual([true, false])
  await two.docker(['rm', '-f', 'thief'])
  expect(await migrate(lab, there('port'))).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect([await runs(one, 'port'), await runs(two, 'port')]).toEqual([false, true])
})

test('a device that is missing at the last moment: it goes back by itself, and leaves a copy there that the next try uses', async () => {
  // Null's numbers, under a name of its own: both hosts see the machine's /dev.
  const device = `/dev/drayage-${lab.id}`
  const command = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done']
  await run(['mknod', device, 'c', '1', '3'])
  try {
    const how = ['--restart', 'always', '--device', device, '-v', 'device:/data']
    const original = await one.docker(['run', '-d', '--name', 'device', ...how, image, ...command])
    const request = { ...there('device'), options: { allow: ['devices' as const] } }
    const coordinator = lab.failpoints('coordinator')
    await coordinator.tell('start.before', 'hang')
    await lab.failpoints(one).tell('ReinstateTarget.before', 'hang')
    const { id } = await startMigration(lab, request)
    await coordinator.untilReached('start.before')
    await rm(device)
    await coordinator.untell('start.before')
    // The one that it comes back to has its device.
    await lab.failpoints(one).untilReached('ReinstateTarget.before')
    await run(['mknod', device, 'c', '1', '3'])
    await lab.failpoints(one).untell('ReinstateTarget.before')
    const failed = await untilEnded(lab, id)
    expect(failed).toMatchObject({
      error: { code: 'DRAYAGE_TARGET_NOT_STARTED', step: 'start', message: expect.stringContaining(device) },
    })
    expect(await untilEnded(lab, failed.followedBy ?? '')).toMatchObject({ state: 'awaiting-finalize', error: null })
    expect(await migrationOf(lab, id)).toMatchObject({ state: 'rolled-back' })
    expect(await inspect<Inspected>(one, 'device')).toMatchObject({
      Id: original,
      State: { Running: true },
      HostConfig: { RestartPolicy: { Name: 'always' } },
    })
    expect(await runs(two, 'device')).toBe(false)
    const again = await migrate(lab, request)
    expect(again).toMatchObject({ state: 'awaiting-finalize', error: null })
    expect([await runs(one, 'device'), await runs(two, 'device')]).toEqual([false, true])
  } finally {
    await rm(device, { force: true })
  }
})

// Runs where it ran first, by its container's own host name; elsewhere it writes that it was there, and fails.
const homesick = `
[ -s /data/home ] || hostname > /data/home
[ "$(hostname)" = "$(cat /data/home)" ] || { echo elsewhere >> /data/log; sync; exit 3; }
trap 'exit 0' TERM
while :; do sleep 0.1; done
`
const moveHomesick = async (name: string, onUnhealthy: 'return' | 'discard' | 'keep' | 'stop'): Promise<Migration> => {
  await one.docker(['run', '-d', '--name', name, '-v', `${name}:/data`, image, 'sh', '-c', homesick])
  const migration = await migrate(lab, { ...there(name), options: { onUnhealthy } })
  if (migration.followedBy !== null) await untilEnded(lab, migration.followedBy)
  return migrationOf(lab, migration.id)
}
const log = async (host: LabHost, name: string): Promise<string> =>
  readFile(join(await mountpoint(host, name), 'log'), 'utf8').catch(() => '')

test('one that fails where it came to goes back with what it wrote there, or without, or stays, as was asked', async () => {
  const returned = await moveHomesick('returned', 'return')
  expect(returned).toMatchObject({ state: 'rolled-back', error: { code: 'DRAYAGE_TARGET_UNHEALTHY' } })
  expect([await runs(one, 'returned'), await log(one, 'returned')]).toEqual([true, 'elsewhere\n'])

  const discarded = await moveHomesick('discarded', 'discard')
  expect(discarded).toMatchObject({ state: 'rolled-back', error: { code: 'DRAYAGE_TARGET_UNHEALTHY' } })
  expect([await runs(one, 'discarded'), await log(one, 'discarded')]).toEqual([true, ''])
  // What was discarded is kept on the other host, and does not stand in the way of the next try.
  const again = await migrate(lab, { ...there('discarded'), options: { onUnhealthy: 'discard' } })
  expect(again.error).toMatchObject({ code: 'DRAYAGE_TARGET_UNHEALTHY', step: 'start' })
  expect(await untilEnded(lab, again.followedBy ?? '')).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect([await runs(one, 'discarded'), await log(one, 'discarded')]).toEqual([true, ''])

  const kept = await moveHomesick('kept', 'keep')
  expect(kept).toMatchObject({ state: 'failed', followedBy: null })
  expect([await runs(one, 'kept'), await log(two, 'kept')]).toEqual([false, 'elsewhere\n'])
  expect(await follow(lab, kept, 'return')).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect([await runs(one, 'kept'), await log(one, 'kept')]).toEqual([true, 'elsewhere\n'])
})

test('one that is unhealthy and goes on running is stopped where it came to, where that was asked', async () => {
  await one.docker([
    ...['run', '-d', '--name', 'stopped', '-v', 'stopped:/data', '--restart', 'always'],
    ...['--health-cmd', '[ "$(hostname)" = "$(cat /data/home)" ]', '--health-interval', '1s', '--health-retries', '2'],
    ...[image, 'sh', '-c', homesick.replace('exit 3', ':')],
  ])
  const stopped = await migrate(lab, { ...there('stopped'), options: { onUnhealthy: 'stop' } })
  expect(stopped).toMatchObject({ state: 'failed', followedBy: null, error: { code: 'DRAYAGE_TARGET_UNHEALTHY' } })
  expect([await runs(one, 'stopped'), await runs(two, 'stopped')]).toEqual([false, false])
  expect(await follow(lab, stopped, 'return')).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect([await runs(one, 'stopped'), await log(one, 'stopped')]).toEqual([true, 'elsewhere\n'])
})

test('a return that is cancelled leaves it where it is, and what is kept as the base of the next', async () => {
  await startLedger(one, image, 'cancelled')
  const moved = await migrate(lab, there('cancelled'))
  const before = [await holdings(one), await holdings(two)]
  const coordinator = lab.failpoints('coordinator')
  await coordinator.tell('finalcopy.after', 'hang')
  const { id } = await startFollowing(lab, moved, 'return')
  await coordinator.untilReached('finalcopy.after')
  await lab.coordinator.call('POST', `/v1/migrations/${id}/cancel`)
  await coordinator.untell('finalcopy.after')
  expect(await untilEnded(lab, id)).toMatchObject({ state: 'cancelled' })
  expect([await holdings(one), await holdings(two)]).toEqual(before)
  await writesOn(two, 'cancelled')
  const again = await follow(lab, moved, 'return')
  expect(again).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(again.bytesSent).toBeLessThan(5 * mebibyte)
  await requireWhole(one, 'cancelled', await acknowledged(two, 'cancelled'))
})

test('a container without volumes goes back to its old name, its networks and its policy, also where its network was removed meanwhile', async () => {
  await one.docker(['network', 'create', 'plain-net'])
  const command = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done']
  const how = ['--name', 'plain', '--network', 'plain-net', '--restart', 'unless-stopped']
  const original = await one.docker(['run', '-d', ...how, image, ...command])
  const moved = await migrate(lab, there('plain'))
  expect([await runs(one, 'plain'), await runs(two, 'plain')]).toEqual([false, true])
  await one.docker(['network', 'rm', 'plain-net'])
  const back = await follow(lab, moved, 'return')
  expect(back).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(await inspect<Inspected>(one, 'plain')).toMatchObject({
    Id: original,
    State: { Running: true },
    HostConfig: { RestartPolicy: { Name: 'unless-stopped' } },
  })
  expect(await runs(two, 'plain')).toBe(false)
  // What was made on the other host goes whole, with the network that was made for it.
  expect(await follow(lab, back, 'finalize')).toMatchObject({ state: 'completed', error: null })
  expect(await holdings(two)).toMatchObject({ containers: [], volumes: [] })
  expect(await two.docker(['network', 'ls', '-q', '--filter', 'name=plain-net'])).toBe('')
})

test('what somebody has written to the kept copy is neither overwritten nor removed in silence', async () => {
  await startLedger(one, image, 'touched')
  const moved = await migrate(lab, there('touched'))
  const aside = await setAside(one, 'touched', moved)
  await writeFile(join(aside, 'mine'), 'precious')
  expect(await refusalOf(lab, moved, 'return')).toMatchObject({
    code: 'DRAYAGE_RETAINED_CHANGED',
    detail: expect.stringContaining('mine'),
  })
  expect(await readFile(join(aside, 'mine'), 'utf8')).toBe('precious')
  expect(await runs(two, 'touched')).toBe(true)
  const back = await follow(lab, moved, 'return', { overwriteChanged: true })
  expect(back).toMatchObject({ state: 'awaiting-finalize', error: null })
  await requireWhole(one, 'touched', await acknowledged(two, 'touched'))

  // Somebody starts another container on a volume whose data was set aside: there is data in it again.
  const there_ = `${await mountpoint(two, 'touched')}`
  await two.docker(['run', '--name', 'squatter', '-v', 'touched:/data', image, 'true']).catch(() => '')
  await two.nsexec(['mkdir', '-p', there_])
  await appendFile(join(there_, 'theirs'), 'precious')
  const refused = await follow(lab, back, 'finalize')
  expect(refused).toMatchObject({ state: 'rolled-back', error: { code: 'DRAYAGE_RETAINED_CHANGED' } })
  expect((await holdings(two)).volumes).toEqual(['touched'])
})
