import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Verification, VerifiedCopy } from '../../shared/api/verifications.ts'
import { type FakeCoordinator, problem, startFakeCoordinator } from '../testing/fake-coordinator.ts'
import { dray } from '../testing/run-dray.ts'
import { migrationId } from '../testing/samples.ts'

let coordinator: FakeCoordinator
beforeEach(async () => {
  coordinator = await startFakeCoordinator()
})
afterEach(() => coordinator.close())

const route = `POST /v1/migrations/${migrationId}:verify`
const verify = (...more: string[]) => dray(['verify', migrationId, ...more], { url: coordinator.url })

const copy: VerifiedCopy = {
  ...{ volume: 'data', host: 'host-1', side: 'source', verdict: 'same', message: 'Every entry is what it was.' },
  ...{ expectedDigest: 'a'.repeat(64), foundDigest: 'a'.repeat(64), entries: 7, contentBytes: 2048, differing: [] },
}
const verification = (changes: Partial<VerifiedCopy> = {}): Verification => ({
  migration: migrationId,
  copies: [{ ...copy, ...changes }],
  sourceIsWhole: (changes.verdict ?? 'same') === 'same',
  verifiedAt: '2026-01-05T08:00:00.000Z',
})
const answer = (last: Verification | null): void =>
  coordinator.on(route, (_asked, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(
      ': heartbeat\n\nevent: progress\ndata: {"volume":"data","host":"host-1","bytes":1,"totalBytes":2}\n\n',
    )
    if (last !== null) response.write(`event: verification\ndata: ${JSON.stringify(last)}\n\n`)
    response.end()
  })

test('a copy that is whole is told with its digest, and the exit code is 0', async () => {
  answer(verification())
  const { exit, stdout } = await verify()
  expect(exit).toBe(0)
  expect(stdout).toContain('is what its receipt says')
  expect(stdout).toMatch(/source {2}data on host-1: same, aaaaaaaaaaaa… \(2\.00 KiB in 7 entries\)/)
  expect(JSON.parse((await verify('--json')).stdout)).toEqual(verification())
})

test.each([
  ['differs', 6, 'NOT what its receipt says'],
  ['unreadable', 6, 'could be read'],
  ['out-of-reach', 7, 'could be read'],
  ['gone', 3, 'could be read'],
] as const)('a copy that is %s ends in %i', async (verdict, exit, words) => {
  answer(verification({ verdict, foundDigest: verdict === 'differs' ? 'b'.repeat(64) : null }))
  const told = await verify()
  expect(told.exit).toBe(exit)
  expect(told.stdout).toContain(words)
})

test('the entries that differ are listed, up to twenty', async () => {
  const differing = Array.from({ length: 25 }, (_, index) => `path-${index}`)
  answer(verification({ verdict: 'differs', differing }))
  const { stdout } = await verify()
  expect(stdout).toContain('path-19')
  expect(stdout).not.toContain('path-20')
  expect(stdout).toContain('and 5 more, which --json names')
})

test('a refusal is told as such, and an end without a verification is no verification', async () => {
  coordinator.on(route, problem('DRAYAGE_NOTHING_TO_VERIFY', 'There is no copy to compare.'))
  expect(await verify()).toMatchObject({ exit: 4, stderr: expect.stringContaining('no copy to compare') })
  answer(null)
  expect(await verify()).toMatchObject({ exit: 7, stdout: '' })
})
