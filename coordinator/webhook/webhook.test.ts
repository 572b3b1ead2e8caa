import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Journal } from '../migration/ports.ts'
import { accepted, type NewMigration } from '../migration/record.ts'
import { createHostStore } from '../store/hosts.ts'
import { createJournal } from '../store/journal.ts'
import { openTemporaryDatabase, type TemporaryDatabase } from '../store/testing/temporary-database.ts'
import { createDeliveryStore } from '../store/webhook-deliveries.ts'
import { plan } from '../testing/stand-in-parts.ts'
import { createWebhookSender } from './sender.ts'
import { openWebhook } from './settings.ts'

const secret = 'a secret of the right length'
type Received = { readonly headers: IncomingHttpHeaders; readonly body: string }

let temporary: TemporaryDatabase
let receiver: Server
let url: string
let received: Received[]
let answers: number[]
let stopping: AbortController
let running: Promise<void>[]
// The sender's clock: its sleeps pass at once, and move it on.
let nowMs: number
const clock = {
  now: () => new Date(nowMs),
  sleep: async (ms: number, signal?: AbortSignal) => {
    await new Promise((resolve) => setImmediate(resolve))
    // What has nothing to do waits to be woken.
    if (ms < 3_600_000) nowMs += ms
    else if (!signal?.aborted) await new Promise((resolve) => signal?.addEventListener('abort', resolve))
  },
}

beforeEach(async () => {
  temporary = await openTemporaryDatabase()
  for (const host of ['host-1', 'host-2']) await createHostStore(temporary.db).add(host, new Date(0))
  ;[received, answers, running, nowMs] = [[], [], [], Date.UTC(2026, 0, 5)]
  stopping = new AbortController()
  receiver = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      const status = answers.shift() ?? 204
      response.writeHead(status, status === 307 ? { location: url } : {}).end()
    })
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
})
afterEach(async () => {
  stopping.abort()
  await Promise.all(running)
  receiver.closeAllConnections()
  receiver.close()
  temporary.remove()
})

const start = (over: { url?: string } = {}): { journal: Journal; wake: () => void } => {
  const journal: Journal = createJournal(temporary.db, clock, { announced: () => sender.wake() })
  const deliveries = createDeliveryStore(temporary.db, clock)
  const sender = createWebhookSender({
    ...{ url, secret, deliveries, journal, clock, log: { warn: () => {} } },
    ...over,
  })
  running.push(sender.run(stopping.signal))
  return { journal, wake: sender.wake }
}

const migration = (id: string, over: Partial<NewMigration> = {}): NewMigration => ({
  ...{ id, kind: 'move', of: null, terms: {}, subject: 'web', idempotencyKey: null },
  members: [{ containerId: 'c1', containerName: 'web' }],
  request: accepted({ container: 'web', from: 'host-1', to: 'host-2' }),
  plan: { ...plan, ports: ['0.0.0.0:8080->80/tcp'] },
  ...over,
})

const move = async (journal: Journal, id: string, from: string, containerId: string, to: string, target: string) => {
  const request = accepted({ container: 'web', from, to })
  await journal.create(migration(id, { request, members: [{ containerId, containerName: 'web' }] }))
  const leases = await journal.acquireLeases(id, { host: from, members: [{ containerId, volumes: [] }] })
  await journal.append(id, { step: 'hold', phase: 'done', facts: { hold: [{ targetContainerId: target }] } })
  await journal.commit(
    id,
    to,
    leases.map((lease) => ({ lease, containerId: target })),
  )
}

const until = async (what: string, holds: () => Promise<boolean> | boolean): Promise<void> => {
  const giveUpAt = performance.now() + 30_000
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`waited in vain until ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
const bodies = () => received.map(({ body }) => JSON.parse(body))

describe('the webhook', () => {
  test('is told of the hand-over and of the end, where the workload lives, signed over time and body', async () => {
    const { journal } = start()
    await move(journal, 'm1', 'host-1', 'c1', 'host-2', 'c2')
    await until('the commit was told', () => received.length === 1)
    await journal.end('m1', { state: 'awaiting-finalize', error: null })
    await until('both were sent', async () =>
      (await journal.deliveries('m1')).every(({ state, attempts }) => state === 'sent' && attempts === 1),
    )
    expect(bodies()).toMatchObject([
      {
        event: 'migration.committed',
        workload: { name: 'web', epoch: 1, host: 'host-2', containerId: 'c2', ports: ['0.0.0.0:8080->80/tcp'] },
        migration: { id: 'm1', kind: 'move', from: 'host-1', to: 'host-2', state: 'running', error: null },
      },
      { event: 'migration.ended', workload: { host: 'host-2' }, migration: { state: 'awaiting-finalize' } },
    ])
    const [first] = received
    const { headers, body } = first ?? { headers: {}, body: '' }
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['drayage-signature'])) ?? []
    expect(v1).toBe(createHmac('sha256', secret).update(`${t}.${body}`).digest('hex'))
    expect(Number(t) * 1_000).toBe(Date.UTC(2026, 0, 5))
    expect(headers).toMatchObject({
      'drayage-event': 'migration.committed',
      'drayage-delivery': JSON.parse(body).id,
      'content-type': 'application/json',
    })
  })

  test('is told that a workload which was put back lives where it was, and why', async () => {
    const { journal } = start()
    await journal.create(migration('m1'))
    const error = { code: 'DRAYAGE_PORT_TAKEN', message: 'Port 80 is taken', step: 'plan' as const, reasons: [] }
    await journal.end('m1', { state: 'rolled-back', error })
    await until('it was told', () => received.length === 1)
    expect(bodies()).toMatchObject([
      {
        workload: { id: null, host: 'host-1', containerId: 'c1' },
        migration: { state: 'rolled-back', downtimeMs: null, error: { code: 'DRAYAGE_PORT_TAKEN' } },
      },
    ])
  })

  test('is told again, the same bytes under the same id, until it has taken it; a redirect is no taking', async () => {
    answers = [500, 307, 429, 200]
    const { journal } = start()
    await move(journal, 'm1', 'host-1', 'c1', 'host-2', 'c2')
    await until('it was sent', async () => (await journal.deliveries('m1'))[0]?.state === 'sent')
    expect(received).toHaveLength(4)
    expect(new Set(received.map(({ body }) => body)).size).toBe(1)
    expect(await journal.deliveries('m1')).toMatchObject([{ attempts: 4, lastError: 'it answered 429' }])
    const times = received.map(({ headers }) => Number(/t=(\d+)/.exec(String(headers['drayage-signature']))?.[1]))
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 1, 3, 7])
  })

  test('hears of one workload in the order of what happened, also where the first could not be told at once', async () => {
    answers = [500, 500]
    const { journal } = start()
    await move(journal, 'm1', 'host-1', 'c1', 'host-2', 'c2')
    await journal.end('m1', { state: 'awaiting-finalize', error: null })
    await move(journal, 'm2', 'host-2', 'c2', 'host-1', 'c1')
    await until('all was sent', async () => (await journal.deliveries('m2'))[0]?.state === 'sent')
    const told = bodies().slice(2)
    expect(told.map(({ workload: { host } }) => host)).toEqual(['host-2', 'host-2', 'host-1'])
    expect(told.map(({ sequence }) => sequence)).toEqual([1, 2, 3])
  })

  test('that cannot be reached is tried for a day, with longer and longer pauses, and then given up', async () => {
    receiver.close()
    const begun = nowMs
    const { journal } = start({ url: 'http://127.0.0.1:1/' })
    await move(journal, 'm1', 'host-1', 'c1', 'host-2', 'c2')
    await until('it was given up', async () => (await journal.deliveries('m1'))[0]?.state === 'given-up')
    const [delivery] = await journal.deliveries('m1')
    expect(delivery?.lastError).toBeTruthy()
    expect(delivery?.attempts).toBeGreaterThan(200)
    expect(nowMs - begun).toBeLessThanOrEqual(24 * 60 * 60_000)
  }, 60_000)

  test('is told by the next process what the last one could not tell', async () => {
    const silent = createJournal(temporary.db, clock, { announced: () => {} })
    await move(silent, 'm1', 'host-1', 'c1', 'host-2', 'c2')
    const { journal } = start()
    await until('it was sent', async () => (await journal.deliveries('m1'))[0]?.state === 'sent')
    expect(received).toHaveLength(1)
  })

  test('that is not wanted has nothing written down for it; and removing an old copy tells nobody', async () => {
    const none = createJournal(temporary.db, clock)
    await move(none, 'm1', 'host-1', 'c1', 'host-2', 'c2')
    await none.end('m1', { state: 'awaiting-finalize', error: null })
    const { journal } = start()
    await journal.create(migration('f1', { kind: 'finalize', of: 'm1' }))
    await journal.end('f1', { state: 'completed', error: null })
    expect([...(await journal.deliveries('m1')), ...(await journal.deliveries('f1'))]).toEqual([])
  })
})

test('a webhook without a secret, or with one that can be guessed, is refused with what to do', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-webhook-'))
  const file = join(folder, 'secret')
  writeFileSync(file, 'short\n')
  expect(openWebhook(undefined, undefined)).toBeNull()
  expect(() => openWebhook(url, undefined)).toThrow(/openssl rand -hex 32/)
  expect(() => openWebhook(undefined, file)).toThrow(/--webhook-url/)
  expect(() => openWebhook(url, file)).toThrow(/5 characters/)
  expect(() => openWebhook(url, join(folder, 'none'))).toThrow(/cannot be read/)
  writeFileSync(file, `${secret}\n`)
  expect(openWebhook(url, file)).toEqual({ url, secret })
  rmSync(folder, { recursive: true })
})
