// A network that takes every packet and delivers none, for a while: no connection is cut, and nobody is told.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rsyncDifferences } from '../volume/testing/streams.ts'
import type { Told } from './testing/paused-line.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-paused-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const script = join(import.meta.dirname, 'testing/paused-line.ts')
const overPausedLine = async (silenceMs: number, until: number | 'given-up'): Promise<Told> => {
  const args = ['--net', process.execPath, script, dir, `${silenceMs}`, `${until}`]
  const child = spawn('unshare', args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let told: Told | undefined
  child.on('message', (message: Told) => {
    told = message
  })
  await once(child, 'exit')
  if (told === undefined) throw new Error('the two agents did not come to their end')
  return told
}
const mebibyte = 1024 * 1024

test('a pause that is shorter than what counts as silence is waited out: the same stream goes on', async () => {
  const { attempts, droppedPackets, tarBytes, isSame } = await overPausedLine(16_000, 3_000)
  expect(droppedPackets).toBeGreaterThan(0)
  expect(attempts).toEqual([{ held: '', crossedBytes: tarBytes, error: null }])
  expect(isSame).toBe(true)
  expect(await rsyncDifferences(join(dir, 'volume'), join(dir, 'copy'))).toEqual([])
}, 120_000)

test('after a longer one, which both ends give up, it goes on where the target had it on its disk', async () => {
  const { attempts, droppedPackets, isSame } = await overPausedLine(5_000, 'given-up')
  expect(droppedPackets).toBeGreaterThan(0)
  const [cut, goneOn] = attempts
  expect(cut).toMatchObject({ held: '', error: 'DRAYAGE_PEER_UNREACHABLE' })
  expect(goneOn).toMatchObject({ held: expect.stringMatching(/^[0-9a-f]{64}$/), error: null })
  // Of 48 MiB 24 had come: what was lacking crosses, and what had come after the last place at which it may go on.
  expect(goneOn?.crossedBytes).toBeLessThan((48 - 24 + 8) * mebibyte)
  expect(isSame).toBe(true)
  expect(await rsyncDifferences(join(dir, 'volume'), join(dir, 'copy'))).toEqual([])
}, 120_000)
