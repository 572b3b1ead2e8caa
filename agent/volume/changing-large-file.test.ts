// A large file that changes while several threads read it (round/read-blocks.ts).
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createVolumeEngine } from './engine.ts'
import { openRounds } from './testing/rounds.ts'
import { rsyncDifferences } from './testing/streams.ts'

const engine = createVolumeEngine()
afterAll(() => engine.close())

const mebibytes = 40

test('while it is written to, punched, cut and extended without pause, both ends agree after every round', async () => {
  await using rounds = await openRounds(() => engine)
  const path = join(rounds.source, 'large')
  await writeFile(path, Buffer.alloc(mebibytes * 1024 * 1024, 'as it was at first; '))
  await rounds.round(false)
  const script = new URL('./testing/churn-large.ts', import.meta.url).pathname
  const churn = spawn(process.execPath, [script, path, `${mebibytes}`], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(churn, 'exit')
  try {
    await Promise.race([once(churn.stdout, 'data'), ended])
    for (let round = 0; round < 12; round++) await rounds.round(false)
    expect(churn.exitCode).toBeNull()
  } finally {
    churn.kill('SIGKILL')
    await ended
  }
  await rounds.round(true)
  expect(await rsyncDifferences(rounds.source, rounds.target)).toEqual([])
}, 120_000)
