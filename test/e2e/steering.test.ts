// What an operator may say of a move beside its two hosts: commands around it, when it waits and when it goes on; and who is
// told of it. The coordinator lets each host take part in one migration at a time.
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Problem } from '../../shared/api/common.ts'
import { hasEnded, type Migration } from '../../shared/api/migrations.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'
import type { Inspection } from './inspection.ts'
import {
  holdings,
  inspect,
  migrate,
  migrationOf,
  refusal,
  startMigration,
  untilEnded,
  untilMigration,
} from './moving.ts'

const secret = 'what the receiver knows'
let lab: Lab
let one: LabHost
let two: LabHost
let image: string
let folder: string
let receiver: Server
let told: { readonly signed: boolean; readonly event: string; readonly migration: string; readonly host: string }[]

beforeAll(async () => {
  told = []
  folder = await mkdtemp(join(tmpdir(), 'drayage-steering-'))
  await writeFile(join(folder, 'secret'), `${secret}\n`, { mode: 0o600 })
  receiver = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const [, t, v1] = /^t=(\d+),v1=(.*)$/.exec(String(request.headers['drayage-signature'])) ?? []
    const { event, migration, workload } = JSON.parse(body)
    told.push({
      signed: v1 === createHmac('sha256', secret).update(`${t}.${body}`).digest('hex'),
      ...{ event, migration: migration.id, host: workload.host },
    })
    // The first is refused once, and comes again.
    response.writeHead(told.length === 1 ? 503 : 204).end()
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  lab = await startLab({
    hosts: 2,
    environment: {
      DRAYAGE_MAX_MIGRATIONS_PER_HOST: '1',
      DRAYAGE_WEBHOOK_URL: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
      DRAYAGE_WEBHOOK_SECRET_FILE: join(folder, 'secret'),
    },
  })
  one = lab.host('host-1')
  two = lab.host('host-2')
  image = (await loadImage(one, 'busybox')).ref
  await loadImage(two, 'busybox')
})
afterAll(async () => {
  await lab?.stop()
  receiver.close()
  await rm(folder, { recursive: true, force: true })
})
afterEach(async () => {
  for (const host of [one, two]) {
    await lab.limitRate(host, undefined)
    const containers = (await host.docker(['ps', '-aq'])).split('\n').filter(Boolean)
    if (containers.length > 0) await host.docker(['rm', '-f', ...containers])
    for (const volume of (await host.docker(['volume', 'ls', '-q'])).split('\n').filter(Boolean)) {
      await host.docker(['volume', 'rm', volume])
    }
  }
})

const there = (container: string) => ({ container, from: 'host-1', to: 'host-2' })
const runs = (host: LabHost, name: string): Promise<boolean> =>
  inspect<Inspection>(host, name).then(
    ({ State }) => State.Running,
    () => false,
  )
const sleeper = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done']
const start = (name: string, labels: Readonly<Record<string, string>> = {}) =>
  one.docker([
    ...['run', '-d', '--name', name, '-v', `${name}:/data`],
    ...Object.entries(labels).flatMap(([label, value]) => ['--label', `${label}=${value}`]),
    ...[image, ...sleeper],
  ])
const fill = (name: string, mebibytes: number) =>
  one.docker(['exec', name, 'dd', 'if=/dev/urandom', 'of=/data/cold', 'bs=1M', `count=${mebibytes}`])
const ask = async (id: string, verb: 'pause' | 'resume' | 'cancel'): Promise<Migration & Problem> => {
  const path = verb === 'cancel' ? `/v1/migrations/${id}/cancel` : `/v1/migrations/${id}:${verb}`
  const response = await fetch(`${lab.coordinator.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${lab.coordinator.token}` },
  })
  return (await response.json()) as Migration & Problem
}
const restartCoordinator = async () => {
  await lab.coordinator.process.kill()
  await lab.coordinator.process.start()
}
const isCopying = ({ steps }: Migration) => steps.some(({ name, state }) => name === 'precopy' && state === 'running')

describe('hooks', () => {
  test('by label are run before the stop and after the start, their output is kept, and the webhook hears of the move', async () => {
    await start('web', {
      'drayage.hook.pre-stop': `sh -c 'echo draining; echo yes > /data/drained'`,
      'drayage.hook.post-start': '["sh", "-c", "echo \\"drained: $(cat /data/drained)\\"; echo oops >&2; exit 3"]',
      'drayage.hook.post-start.on-error': 'continue',
      'drayage.hook.post-start.timeout': '1m',
    })
    const migration = await migrate(lab, there('web'))
    expect(migration).toMatchObject({
      state: 'awaiting-finalize',
      error: null,
      hooks: [
        { hook: 'pre-stop', host: 'host-1', outcome: 'succeeded', exitCode: 0, output: 'draining\n' },
        { hook: 'post-start', host: 'host-2', outcome: 'failed', exitCode: 3, onError: 'continue' },
      ],
    })
    expect(migration.hooks[1]?.output.split('\n').toSorted()).toEqual(['', 'drained: yes', 'oops'])
    expect(migration.warnings.map(({ code }) => code)).toContain('hook-failed')
    const { webhooks } = await untilMigration(lab, migration.id, 'the webhook was told', (seen) =>
      seen.webhooks.every(({ state }) => state === 'sent'),
    )
    expect(webhooks).toMatchObject([{ event: 'migration.committed', attempts: 2 }, { event: 'migration.ended' }])
    const own = { signed: true, migration: migration.id, host: 'host-2' }
    expect(told).toEqual([
      { ...own, event: 'migration.committed' },
      { ...own, event: 'migration.committed' },
      { ...own, event: 'migration.ended' },
    ])
  })

  test('a pre-stop hook that fails leaves everything as it was, and one that does not end is ended', async () => {
    await start('web')
    const before = await holdings(two)
    const preStop = { command: `sh -c 'echo not now; exit 7'` }
    const refused = await migrate(lab, { ...there('web'), options: { preStop } })
    expect(refused).toMatchObject({
      state: 'rolled-back',
      downtimeMs: null,
      error: { code: 'DRAYAGE_HOOK_FAILED', step: 'stop' },
      hooks: [{ outcome: 'failed', exitCode: 7, output: 'not now\n' }],
    })
    expect(await runs(one, 'web')).toBe(true)
    expect(await holdings(two)).toEqual(before)

    const slow = { command: ['sh', '-c', 'sleep 86399; true'], timeoutMs: 500, onError: 'continue' as const }
    const moved = await migrate(lab, { ...there('web'), options: { preStop: slow } })
    expect(moved).toMatchObject({ state: 'awaiting-finalize', hooks: [{ outcome: 'timed-out', exitCode: null }] })
    const warnings = moved.warnings.map(({ code }) => code)
    expect([warnings.includes('hook-failed'), warnings.includes('hook-left-running')]).toEqual([true, false])
  })

  test('a post-start hook that fails counts as a target that did not come up: it goes back, whatever its hooks say there', async () => {
    await start('web')
    const postStart = { command: ['no-such-program'] }
    const migration = await migrate(lab, { ...there('web'), options: { postStart } })
    expect(migration.error).toMatchObject({ code: 'DRAYAGE_HOOK_FAILED', step: 'start' })
    expect(migration.hooks).toMatchObject([{ hook: 'post-start', host: 'host-2', outcome: 'failed' }])
    const back = await untilEnded(lab, migration.followedBy ?? '')
    expect(back).toMatchObject({ kind: 'return', state: 'awaiting-finalize', hooks: [{ onError: 'continue' }] })
    expect(await runs(one, 'web')).toBe(true)
    expect(await migrationOf(lab, migration.id)).toMatchObject({ state: 'rolled-back' })
  })
})

test('a container is stopped by its own signal and within its own time; one that had to be killed is told of', async () => {
  const detached = (name: string, options: readonly string[], script: string) =>
    one.docker(['run', '-d', '--name', name, '-v', `${name}:/data`, ...options, image, 'sh', '-c', script])
  const loop = 'while :; do sleep 0.1; done'
  await detached('polite', ['--stop-signal', 'USR1'], `trap 'echo USR1 > /data/heard; exit 0' USR1; ${loop}`)
  await detached('deaf', ['--stop-timeout', '1'], `trap '' TERM; ${loop}`)
  const [polite, deaf] = await Promise.all(['polite', 'deaf'].map((name) => migrate(lab, there(name))))
  const warned = (migration: Migration | undefined) => migration?.warnings.some(({ code }) => code === 'source-killed')
  expect([polite?.state, deaf?.state]).toEqual(['awaiting-finalize', 'awaiting-finalize'])
  expect([warned(polite), warned(deaf)]).toEqual([false, true])
  expect(await two.docker(['exec', 'polite', 'cat', '/data/heard'])).toBe('USR1')
})

test('paused in the middle of a round it leaves the container running, outlasts a kill of the coordinator, and goes on where it was', async () => {
  const mebibytes = 100
  await start('slow')
  await fill('slow', mebibytes)
  await lab.limitRate(one, 100)
  const { id } = await startMigration(lab, there('slow'))
  const { url, token } = lab.coordinator
  const events = await fetch(`${url}/v1/migrations/${id}/events`, { headers: { authorization: `Bearer ${token}` } })
  let heard = ''
  for await (const chunk of events.body ?? []) {
    heard += Buffer.from(chunk).toString()
    const bytes = [...heard.matchAll(/"step":"precopy","what":"slow","bytes":(\d+)/g)].map(([, count]) => Number(count))
    if (bytes.some((count) => count > 75 * 1024 * 1024)) break
  }
  expect(await ask(id, 'pause')).toMatchObject({ id, pauseRequested: true })
  const paused = await untilMigration(lab, id, 'it was paused', ({ state }) => state === 'paused')
  expect(paused).toMatchObject({ rounds: [], error: null, next: expect.stringContaining(`dray resume ${id}`) })
  expect(await runs(one, 'slow')).toBe(true)
  expect((await refusal(lab, there('slow'))).problem).toMatchObject({ code: 'DRAYAGE_MIGRATION_IN_PROGRESS' })

  await restartCoordinator()
  expect(await migrationOf(lab, id)).toMatchObject({ state: 'paused' })
  expect(await runs(one, 'slow')).toBe(true)
  await lab.limitRate(one, undefined)
  await ask(id, 'resume')
  const ended = await untilEnded(lab, id)
  expect(ended).toMatchObject({ state: 'awaiting-finalize', error: null, pauseRequested: false })
  // What had crossed by the last checkpoint is not sent again.
  const [first] = ended.rounds
  expect(first?.bytesSent).toBeLessThan((mebibytes - 15) * 1024 * 1024)
  expect(await runs(two, 'slow')).toBe(true)
  expect(await ask(id, 'pause')).toMatchObject({ code: 'DRAYAGE_MIGRATION_ENDED' })
})

test('with one migration to a host, others wait for their turn, also through a kill of the coordinator, and can be cancelled there', async () => {
  for (const name of ['first', 'second', 'third']) await start(name)
  await fill('first', 40)
  await lab.limitRate(one, 60)
  const { id } = await startMigration(lab, there('first'))
  await untilMigration(lab, id, 'it copied', isCopying)
  const second = await startMigration(lab, there('second'))
  const third = await startMigration(lab, there('third'))
  expect(second).toMatchObject({ state: 'queued', queue: { position: 1, waitsFor: expect.stringContaining(id) } })
  expect(third).toMatchObject({ state: 'queued', queue: { position: 2 } })
  expect(second.steps.every(({ state }) => state === 'pending')).toBe(true)

  await restartCoordinator()
  await untilMigration(lab, second.id, 'it was queued again', ({ queue }) => queue?.position === 1)
  await ask(third.id, 'cancel')
  expect(await untilEnded(lab, third.id)).toMatchObject({ state: 'cancelled' })
  expect(await migrationOf(lab, second.id)).toMatchObject({ state: 'queued' })

  // One that is paused gives its turn away, and waits for the next when it is resumed.
  await ask(id, 'pause')
  await untilMigration(lab, id, 'it was paused', ({ state }) => state === 'paused')
  await untilMigration(lab, second.id, 'its turn had come', ({ state }) => state !== 'queued')
  expect(await ask(id, 'resume')).toMatchObject({
    state: 'queued',
    queue: { waitsFor: expect.stringContaining(second.id) },
  })
  await lab.limitRate(one, undefined)
  const ends = await Promise.all([second.id, id].map((each) => untilEnded(lab, each)))
  expect(ends.map(({ state }) => state)).toEqual(['awaiting-finalize', 'awaiting-finalize'])
  await eventually('all three to be where they belong', 60_000, async () =>
    (await runs(two, 'first')) && (await runs(two, 'second')) && (await runs(one, 'third')) ? true : undefined,
  )
  expect(ends.every(({ state }) => hasEnded(state))).toBe(true)
})
