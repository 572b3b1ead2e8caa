// The ways back: a container that has moved goes back to what was kept, with little sent and nothing lost; one that does
// not come up goes back by itself; and what is kept is removed only when it may be.
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Migration } from '../../shared/api/migrations.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { checkLedger, keepLedger } from '../lab/ledger.ts'
import { eventually } from '../lab/wait.ts'
import type { Inspection } from './inspection.ts'
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
  untilMigration,
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

const runs = async (host: LabHost, name: string): Promise<boolean> =>
  inspect<Inspection>(host, name).then(
    ({ State }) => State.Running,
    () => false,
  )

// Beside a ledger that is written without pause, so much that nobody touches.
const coldMiB = 60
const startLedger = async (name: string): Promise<string> => {
  const volume = `${name}:/data`
  await one.docker([
    'run',
    '--rm',
    '-v',
    volume,
    image,
    'dd',
    'if=/dev/urandom',
    'of=/data/cold',
    'bs=1M',
    `count=${coldMiB}`,
  ])
  return one.docker(['run', '-d', '--name', name, '--restart', 'always', '-v', volume, image, ...keepLedger])
}
const acknowledged = async (host: LabHost, container: string): Promise<number> =>
  Number((await host.docker(['logs', '--tail', '1', container])) || 0)
const writesOn = async (host: LabHost, name: string): Promise<void> => {
  const before = await acknowledged(host, name)
  await eventually(`${name} to write`, 60_000, async () => (await acknowledged(host, name)) > before + 5 || undefined)
}
const requireWhole = async (host: LabHost, name: string, lines: number): Promise<void> => {
  const ledger = checkLedger(await host.docker(['exec', name, 'cat', '/data/ledger']))
  expect(ledger.lines).toBeGreaterThanOrEqual(lines)
}

test('there, back, there and back again: only what has changed is sent, and no acknowledged line is lost', async () => {
  const original = await startLedger('shuttle')
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

test('the agent dies in the middle of putting a kept copy in place, and of removing one: both are finished', async () => {
  await startLedger('struck')
  const moved = await migrate(lab, there('struck'))
  const dies = async (name: string, wish: 'return' | 'finalize', of: Migration, host: LabHost) => {
    const failpoints = lab.failpoints(host)
    await failpoints.tell(name, 'hang')
    const { id } = await startFollowing(lab, of, wish)
    await failpoints.untilReached(name)
    await host.agent.kill()
    await failpoints.untell(name)
    await host.agent.start()
    return untilEnded(lab, id)
  }
  const back = await dies('ReinstateTarget.middle', 'return', moved, one)
  expect(back).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(await inspect<Inspected>(one, 'struck')).toMatchObject({
    State: { Running: true },
    HostConfig: { RestartPolicy: { Name: 'always' } },
  })
  await requireWhole(one, 'struck', await acknowledged(two, 'struck'))
  expect(await dies('FinalizeSource.middle', 'finalize', back, two)).toMatchObject({ state: 'completed', error: null })
  expect(await holdings(two)).toMatchObject({ containers: [], volumes: [] })
  await requireWhole(one, 'struck', await acknowledged(one, 'struck'))
})

test('the coordinator is killed in the middle of a return: the next one finishes it', async () => {
  const noisy = 'trap "dd if=/dev/urandom of=/data/noise bs=1M count=40; exit 0" TERM; while :; do sleep 0.1; done'
  await one.docker([
    ...['run', '-d', '--name', 'killed', '--stop-timeout', '60', '-v', 'killed:/data', image, 'sh', '-c', noisy],
  ])
  const moved = await migrate(lab, there('killed'))
  await lab.limitRate(two, 60)
  const { id } = await startFollowing(lab, moved, 'return')
  await untilMigration(lab, id, 'the last round runs', ({ steps }) =>
    steps.some(({ name, state }) => name === 'finalcopy' && state !== 'pending'),
  )
  await lab.coordinator.process.kill()
  await lab.limitRate(two, undefined)
  await lab.coordinator.process.start()
  expect(await untilEnded(lab, id)).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect([await runs(one, 'killed'), await runs(two, 'killed')]).toEqual([true, false])
  expect(await one.docker(['exec', 'killed', 'stat', '-c', '%s', '/data/noise'])).toBe(String(40 * mebibyte))
})

test('a return that is cancelled leaves it where it is, and what is kept as the base of the next', async () => {
  await startLedger('cancelled')
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

test('what somebody has written to the kept copy is neither overwritten nor removed in silence', async () => {
  await startLedger('touched')
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

test('a finalize waits for a host that is away, says so, and goes on when it is back; the image goes only when asked', async () => {
  await startLedger('away')
  const moved = await migrate(lab, there('away'))
  await one.agent.kill()
  const { id } = await startFollowing(lab, moved, 'finalize', { removeImage: true })
  const waits = await untilMigration(lab, id, 'it says what it waits for', ({ waiting }) => waiting !== null)
  expect(waits).toMatchObject({ state: 'running', kind: 'finalize' })
  await one.agent.start()
  expect(await untilEnded(lab, id)).toMatchObject({ state: 'completed', error: null })
  expect(await holdings(one)).toMatchObject({ containers: [], volumes: [], images: [] })
  await requireWhole(two, 'away', 1)
  await loadImage(one, 'busybox')
})
