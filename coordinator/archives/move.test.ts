import { expect, test } from 'vitest'
import type { MoveEvent } from '../../shared/api/archives.ts'
import { AppError } from '../../shared/errors.ts'
import { createMove } from './move.ts'
import type { ArchivePort } from './ports.ts'
import { createTransfers } from './transfers.ts'

const from = { host: 'host-1', volume: 'data' }
const to = { host: 'host-2', volume: 'data' }
const listed = { driver: 'local', mountpoint: '/v/data', createdAt: '2026-01-01T00:00:00.000Z' }
const digest = 'd'.repeat(64)
const summary = {
  ...{ entries: 2, contentBytes: 5, archiveBytes: 0, archiveSha256: '', digest },
  ...{ skipped: [], skippedEntries: 0 },
}
const inUse = new AppError('DRAYAGE_VOLUME_IN_USE', 'web refers to it.')

// unusableAt: at which look somebody refers to the volume, from 1; 3: the agent's own.
const setUp = ({ unusableAt = 0, cutOff = false, gone = new AbortController() } = {}) => {
  const done: string[] = []
  const holds = {
    take: async ({ kind, makes }: { kind: string; makes: readonly { host: string }[] }) => {
      done.push(`${kind} holds ${makes.map(({ host }) => host)}`)
    },
    release: async () => void done.push('let go'),
  }
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  const transfers = createTransfers(holds, { now: () => new Date(0) }, log)
  const agent: ArchivePort = {
    exportVolume: () => {
      throw new Error('a move exports nothing')
    },
    readCopy: () => {
      throw new Error('a move verifies nothing')
    },
    listDirectory: () => {
      throw new Error('a move lists nothing')
    },
    readFile: () => {
      throw new Error('a move shows nothing')
    },
    lendVolume: async function* (_, signal) {
      done.push('lent')
      yield { atHand: { entries: 2, diskBytes: 4096, running: [], labels: {} } }
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    },
    importVolume: async function* () {
      yield { report: 'ready', ready: {} }
      done.push('copied')
      yield { report: 'imported', imported: { created: true, summary } }
    },
    removeVolume: async function* (asked) {
      if (unusableAt === 3) throw inUse
      yield { bytes: 3, removed: false }
      if (cutOff) throw new AppError('DRAYAGE_AGENT_UNREACHABLE', 'The agent of host-1 has gone.')
      done.push(`removed ${asked.volume} of ${asked.createdAt} with ${asked.digest.slice(0, 3)}`)
      yield { bytes: 5, removed: true }
    },
  }
  let looks = 0
  const move = createMove({
    hosts: { archives: async () => ({ agent, address: 'a:1' }) },
    transfers,
    identityOf: async () => listed,
    requireRemovable: async () => {
      looks += 1
      if (looks === unusableAt) throw inUse
    },
  })
  const run = async () => {
    const { id, events } = await move({ from, to, intoEmpty: false }, gone.signal)
    const seen: MoveEvent[] = []
    for await (const event of events) seen.push(event)
    return { id, seen }
  }
  return { run, done, gone }
}

test('the original is removed after both sides agree about the copy, by what it was and held, and both are held throughout', async () => {
  const { run, done, gone } = setUp()
  const { seen } = await run()
  gone.abort()
  expect(seen.map(({ event }) => event)).toEqual(['checking', 'moved'])
  expect(seen.at(-1)?.data).toMatchObject({ from, host: 'host-2', volume: 'data', digest, created: true })
  expect(done).toEqual([
    'move holds host-1,host-2',
    'lent',
    'copied',
    'removed data of 2026-01-01T00:00:00.000Z with ddd',
    'let go',
  ])
})

test('what a container refers to is refused before anything is copied', async () => {
  const { run, done } = setUp({ unusableAt: 1 })
  await expect(run()).rejects.toMatchObject({ code: 'DRAYAGE_VOLUME_IN_USE', message: 'web refers to it.' })
  expect(done).toEqual(['move holds host-1,host-2'])
})

test.each([
  ['the coordinator', 2],
  ['its agent', 3],
])('where %s sees a container come to refer to it meanwhile, both stay, and it is said', async (_, unusableAt) => {
  const { run, done } = setUp({ unusableAt })
  await expect(run()).rejects.toMatchObject({
    code: 'DRAYAGE_VOLUME_IN_USE',
    message: expect.stringContaining('there are two now'),
  })
  expect(done).toEqual(['move holds host-1,host-2', 'lent', 'copied'])
})

test('where its agent goes after it was asked to remove the original, nothing is said of the original', async () => {
  const failure = await setUp({ cutOff: true })
    .run()
    .catch((thrown: AppError) => thrown)
  expect(failure).toMatchObject({
    code: 'DRAYAGE_AGENT_UNREACHABLE',
    message: expect.stringContaining('whether the original is still on host-1 is not known'),
  })
  expect(failure).not.toMatchObject({ message: expect.stringContaining('two now') })
})

test('a volume is not moved onto itself', async () => {
  const { done } = setUp()
  const move = createMove({
    hosts: { archives: () => Promise.reject(new Error('nobody is asked')) },
    transfers: createTransfers(
      { take: async () => {}, release: async () => {} },
      { now: () => new Date(0) },
      { info: () => {}, warn: () => {}, error: () => {} },
    ),
    identityOf: async () => listed,
    requireRemovable: async () => {},
  })
  await expect(move({ from, to: from, intoEmpty: true }, new AbortController().signal)).rejects.toMatchObject({
    code: 'DRAYAGE_INVALID_REQUEST',
  })
  expect(done).toEqual([])
})
