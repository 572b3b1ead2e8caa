// Downtime follows what changes, not what there is: a container that writes without pause beside half a gigabyte that
// nobody touches.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { checkLedger, keepLedger } from '../lab/ledger.ts'
import { eventually } from '../lab/wait.ts'
import { differences, migrate, mountpoint, setAside, startMigration, untilEnded, untilMigration } from './moving.ts'

let lab: Lab
let one: LabHost
let two: LabHost

beforeAll(async () => {
  lab = await startLab({ hosts: 2 })
  one = lab.host('host-1')
  two = lab.host('host-2')
})
afterAll(() => lab?.stop())

const mebibyte = 1024 * 1024
const coldMiB = 500
const warmMiB = 64

// Rewrites a page of a large file, over and over, while the ledger is appended to.
const writing = `
(while :; do dd if=/dev/urandom of=/data/warm bs=4096 count=1 seek=$((RANDOM % 16384)) conv=notrunc 2>/dev/null; done) &
${keepLedger.at(-1)}`

const acknowledged = async (host: LabHost, container: string): Promise<number> =>
  Number((await host.docker(['logs', '--tail', '1', container])) || 0)

const startWriter = async (volume: string): Promise<string> => {
  const image = await loadImage(one, 'busybox')
  const fill = `dd if=/dev/urandom of=/data/cold bs=1M count=${coldMiB}; dd if=/dev/urandom of=/data/warm bs=1M count=${warmMiB}`
  await one.docker(['run', '--rm', '-v', `${volume}:/data`, image.ref, 'sh', '-c', fill])
  const id = await one.docker(['run', '-d', '--name', volume, '-v', `${volume}:/data`, image.ref, 'sh', '-c', writing])
  await eventually('the container to write', 30_000, async () => (await acknowledged(one, id)) >= 20 || undefined)
  return id
}

test('the last round carries what has changed since the one before, and nothing acknowledged is lost', async () => {
  const source = await startWriter('live')
  const migration = await migrate(lab, { container: 'live', from: 'host-1', to: 'host-2' })
  expect(migration).toMatchObject({ state: 'awaiting-finalize', error: null })

  const [first, ...later] = migration.rounds
  const last = later.at(-1)
  expect(first).toMatchObject({ round: 1, final: false })
  expect(first?.contentBytes).toBeGreaterThanOrEqual((coldMiB + warmMiB) * mebibyte)
  expect(last).toMatchObject({ final: true })
  for (const round of later) expect(round.contentBytes).toBeLessThan((warmMiB + 4) * mebibyte)
  expect(migration.receipt?.volumes[0]?.contentBytes).toBeGreaterThan((coldMiB + warmMiB) * mebibyte)
  expect(migration.rounds.filter(({ final }) => final)).toHaveLength(1)
  expect(migration.liveCopy).toMatchObject({ rounds: migration.rounds.length - 1, finalMs: expect.any(Number) })

  const lines = await acknowledged(one, source)
  const ledger = checkLedger(await two.docker(['exec', 'live', 'cat', '/data/ledger']))
  expect(ledger.lines).toBeGreaterThanOrEqual(lines)
  await two.docker(['stop', 'live'])
  // What the target's copy had before it went on writing.
  const changed = await differences(await setAside(one, 'live', migration), await mountpoint(two, 'live'))
  expect(changed.split('\n').filter((line) => line.includes('cold'))).toEqual([])
})

test('agents and a coordinator that are killed between rounds go on, with no more than what has changed', async () => {
  await startWriter('killed')
  const { id } = await startMigration(lab, { container: 'killed', from: 'host-1', to: 'host-2' })
  const begun = await untilMigration(lab, id, 'a round was made', ({ rounds }) => rounds.length >= 1)
  expect(begun.rounds[0]?.final).toBe(false)
  for (const killed of [one.agent, two.agent, lab.coordinator.process]) {
    await killed.kill()
    await killed.start()
  }
  const migration = await untilEnded(lab, id)
  expect(migration).toMatchObject({ state: 'awaiting-finalize', error: null })
  const wholes = migration.rounds.filter(({ contentBytes }) => contentBytes >= coldMiB * mebibyte)
  expect(wholes).toHaveLength(1)
})

// When the target's agent remembered last what it holds; 0: not yet.
const rememberedAt = async (host: LabHost): Promise<number> => {
  const rounds = join(host.agentDataDir, 'rounds')
  const files = await readdir(rounds, { recursive: true }).catch(() => [])
  const held = files.filter((name) => name.endsWith('/held'))
  const times = await Promise.all(held.map(async (name) => (await stat(join(rounds, name)).catch(() => null))?.mtimeMs))
  return Math.max(0, ...times.map((time) => time ?? 0))
}

test('a first round that is cut, whoever ends and where, goes on where it was', async () => {
  const image = await loadImage(one, 'busybox')
  const fill = `dd if=/dev/urandom of=/data/cold bs=1M count=${coldMiB}`
  await one.docker(['run', '--rm', '-v', 'cut:/data', image.ref, 'sh', '-c', fill])
  await one.docker([
    'run',
    '-d',
    '--name',
    'cut',
    '--stop-timeout',
    '1',
    '-v',
    'cut:/data',
    image.ref,
    'sleep',
    '100000',
  ])
  await lab.limitRate(one, 320)
  try {
    const { id } = await startMigration(lab, { container: 'cut', from: 'host-1', to: 'host-2' })
    const mishaps: readonly (() => Promise<void>)[] = [
      async () => {
        await two.agent.kill()
        await lab.cut(one)
        await two.agent.start()
        await lab.mend(one)
      },
      async () => {
        await one.agent.kill()
        await one.agent.start()
      },
    ]
    let before = await rememberedAt(two)
    for (const mishap of mishaps) {
      before = await eventually('the target to remember some of the round', 120_000, async () => {
        const at = await rememberedAt(two)
        return at > before ? at : undefined
      })
      await mishap()
    }
    const migration = await untilEnded(lab, id)
    expect(migration).toMatchObject({ state: 'awaiting-finalize', error: null })
    // What the last attempt carried; each of those before it had brought a place to go on from.
    expect(migration.rounds[0]?.bytesSent).toBeGreaterThan(0)
    expect(migration.rounds[0]?.bytesSent).toBeLessThan((coldMiB - 2 * 16) * mebibyte)
    expect(migration.receipt?.volumes[0]?.contentBytes).toBe(coldMiB * mebibyte)
    expect(await differences(await setAside(one, 'cut', migration), await mountpoint(two, 'cut'))).toBe('')
  } finally {
    await lab.limitRate(one, undefined)
  }
})

test('a migration that is cancelled between rounds leaves the container running, and nothing on the target', async () => {
  const source = await startWriter('cancelled')
  const { id } = await startMigration(lab, { container: 'cancelled', from: 'host-1', to: 'host-2' })
  await untilMigration(lab, id, 'it copies', ({ steps }) =>
    steps.some(({ name, state }) => name === 'precopy' && state === 'running'),
  )
  await lab.coordinator.call('POST', `/v1/migrations/${id}/cancel`)
  const migration = await untilEnded(lab, id)
  expect(migration.state).toBe('cancelled')
  expect(migration.downtimeMs).toBeNull()
  const before = await acknowledged(one, source)
  await eventually('it to go on', 10_000, async () => (await acknowledged(one, source)) > before || undefined)
  expect(await two.docker(['volume', 'ls', '--quiet', '--filter', 'name=cancelled'])).toBe('')
})
