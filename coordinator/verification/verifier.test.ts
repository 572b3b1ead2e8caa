import { expect, test } from 'vitest'
import type { VerificationEvent } from '../../shared/api/verifications.ts'
import { AppError } from '../../shared/errors.ts'
import type { ArchiveHosts, ArchivePort } from '../archives/ports.ts'
import { createMigrationService } from '../migration/service.ts'
import { nothingElse as inventories } from '../migration/testing/inventories.ts'
import { createMemoryJournal } from '../migration/testing/memory-journal.ts'
import type { Member } from '../migration/testing/model-host.ts'
import { noHooks } from '../migration/testing/model-workload.ts'
import { createTwoHosts } from '../migration/testing/two-hosts.ts'
import { createVerifier } from './verifier.ts'

const clock = { now: () => new Date('2026-01-05T08:00:00.000Z'), sleep: async () => {} }
const log = { info: () => {}, error: () => {} }
const request = { container: 'web', from: 'host-1', to: 'host-2' }

type Reading = (side: 'source' | 'target') => ReturnType<ArchivePort['readCopy']>

const read = (digest: string): ReturnType<ArchivePort['readCopy']> =>
  (async function* () {
    yield { bytes: 10, read: null }
    yield { bytes: 1_000, read: null }
    yield {
      bytes: 21,
      read: { digest, entries: 1, contentBytes: 21, differing: digest === 'rotten' ? ['a file'] : [] },
    }
  })()
const failing = (error: AppError): ReturnType<ArchivePort['readCopy']> =>
  // biome-ignore lint/correctness/useYield: it fails before its first message
  (async function* () {
    throw error
  })()

const moved = async (reading: Reading, options = {}, size: Member = 1) => {
  const journal = createMemoryJournal(clock.now)
  const world = createTwoHosts(() => 'none', noHooks, size)
  const service = createMigrationService({ journal, hosts: world.hosts, clock, log, inventories })
  const { migration } = await service.start({ ...request, options }, null)
  for await (const _ of service.watch(migration.id, new AbortController().signal));
  const asked: object[] = []
  const unused = () => failing(new AppError('DRAYAGE_INTERNAL', 'not asked for here')) as never
  const hosts: ArchiveHosts = {
    archives: async (host) => ({
      agent: {
        exportVolume: unused,
        importVolume: unused,
        lendVolume: unused,
        removeVolume: unused,
        listDirectory: unused,
        readFile: unused,
        readCopy: (asking) => {
          asked.push({ host, ...asking })
          return reading(asking.side)
        },
      },
      address: host,
    }),
  }
  return { id: migration.id, asked, journal, verifier: createVerifier({ journal, hosts, clock }) }
}

const all = async (events: AsyncIterable<VerificationEvent>) => {
  const seen: VerificationEvent[] = []
  for await (const event of events) seen.push(event)
  return seen
}
const never = new AbortController().signal

test('of several that moved together, each volume is read where its carrier has left it', async () => {
  const { id, asked, verifier } = await moved(() => read('d'), { dependents: 'take' }, 2)
  await all(verifier.verify(id, never))
  expect(asked.slice(0, 3)).toMatchObject([
    { volume: 'data', migrationId: id },
    { volume: 'shared', migrationId: id },
    { volume: 'data-2', migrationId: `${id}.2` },
  ])
})

test('a source that keeps what the receipt says is whole, whatever became of the target since', async () => {
  const { id, asked, verifier } = await moved((side) => read(side === 'source' ? 'd' : 'other'))
  const events = await all(verifier.verify(id, never))
  expect(events.at(-1)).toMatchObject({
    event: 'verification',
    data: {
      migration: id,
      sourceIsWhole: true,
      copies: [
        { side: 'source', host: 'host-1', verdict: 'same', foundDigest: 'd' },
        { side: 'target', host: 'host-2', verdict: 'differs', foundDigest: 'other', expectedDigest: 'd' },
      ],
    },
  })
  expect(asked).toMatchObject([
    { host: 'host-1', migrationId: id, side: 'source', volume: 'data', devices: 'keep' },
    { host: 'host-2', migrationId: id, side: 'target', volume: 'data' },
  ])
  // Holes are read faster than they are large, and a directory's own bytes are none of the content.
  for (const { event, data } of events)
    if (event === 'progress') expect(data.bytes).toBeLessThanOrEqual(data.totalBytes)
})

test('it is read as it was copied, without the devices that were skipped', async () => {
  const { id, asked, verifier } = await moved(() => read('d'), { devices: 'skip' })
  await all(verifier.verify(id, never))
  expect(asked[0]).toMatchObject({ devices: 'skip' })
})

test.each([
  ['DRAYAGE_VOLUME_NOT_FOUND', 'gone'],
  ['DRAYAGE_VOLUME_IN_USE', 'in-use'],
  ['DRAYAGE_VOLUME_UNREADABLE', 'unreadable'],
  ['DRAYAGE_AGENT_UNREACHABLE', 'out-of-reach'],
] as const)('a copy that cannot be read (%s) is told as %s, and the others are read', async (code, verdict) => {
  const { id, verifier } = await moved((side) =>
    side === 'source' ? failing(new AppError(code, 'this is why')) : read('d'),
  )
  expect((await all(verifier.verify(id, never))).at(-1)?.data).toMatchObject({
    sourceIsWhole: false,
    copies: [
      { verdict, foundDigest: null, message: expect.stringContaining('this is why') },
      { side: 'target', verdict: 'same' },
    ],
  })
})

test('a copy whose digest is another is told so, and the source is not whole', async () => {
  const { id, verifier } = await moved((side) => read(side === 'source' ? 'rotten' : 'd'))
  expect((await all(verifier.verify(id, never))).at(-1)?.data).toMatchObject({
    sourceIsWhole: false,
    copies: [
      { verdict: 'differs', foundDigest: 'rotten', differing: ['a file'] },
      { verdict: 'same', differing: [] },
    ],
  })
})

test('what was never moved has nothing to verify', async () => {
  const { verifier, journal } = await moved(() => read('d'))
  await expect(all(verifier.verify('none', never))).rejects.toMatchObject({ code: 'DRAYAGE_MIGRATION_NOT_FOUND' })
  const [record] = await journal.list({ limit: 1 })
  if (record === undefined) throw new Error('there is no migration')
  await journal.create({ ...record, id: 'planned', idempotencyKey: null })
  await expect(all(verifier.verify('planned', never))).rejects.toMatchObject({ code: 'DRAYAGE_NOTHING_TO_VERIFY' })
})
