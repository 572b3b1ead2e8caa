// Threads of a round that die in its middle: by an operating system that is out of memory, or by what nobody has thought of.
import { mkdir, open as openFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Worker as RealWorker } from 'node:worker_threads'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { createVolumeEngine } from '../engine.ts'
import { openRounds, type Rounds } from '../testing/rounds.ts'
import { rsyncDifferences } from '../testing/streams.ts'
import type { Assignment, Task } from './protocol.ts'

const workers = vi.hoisted(() => new Map<RealWorker, string | undefined>())
vi.mock(import('node:worker_threads'), async (original) => {
  const real = await original()
  class Watched extends real.Worker {
    override postMessage(...[message, transfer]: Parameters<RealWorker['postMessage']>): void {
      workers.set(this, (message as Assignment).task.kind)
      super.postMessage(message, transfer as [])
    }
  }
  return { ...real, Worker: Watched }
})

const engine = createVolumeEngine()
afterAll(() => engine.close())

const mebibyte = 1024 * 1024

const at = async (kind: Task['kind']): Promise<RealWorker> =>
  vi.waitFor(
    () => {
      const found = [...workers].find(([, task]) => task === kind)
      if (found === undefined) throw new Error(`no thread does ${kind}`)
      return found[0]
    },
    { timeout: 60_000, interval: 5 },
  )
const kill = async (kind: Task['kind']): Promise<void> => {
  const worker = await at(kind)
  await worker.terminate()
  workers.delete(worker)
}

// A round in whose middle, after so many pieces, the thread that does `kind` dies. What became of the round.
const roundWithout = async (rounds: Rounds, kind: Task['kind'], after: number): Promise<unknown> => {
  workers.clear()
  async function* dying(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let count = 0
    for await (const piece of pieces) {
      if (count++ === after) await kill(kind)
      yield piece
    }
  }
  return engine
    .receive(
      rounds.target,
      (holding) => {
        const { pieces, limits } = engine.read(rounds.source, {
          final: false,
          memory: rounds.memory.source,
          holding,
        })
        return { pieces: dying(pieces), limits }
      },
      { memory: rounds.memory.target },
    )
    .then(
      () => 'whole',
      (error) => error,
    )
}

const equalAfterOneMore = async (rounds: Rounds): Promise<void> => {
  await rounds.round(true)
  expect(await rsyncDifferences(rounds.source, rounds.target)).toEqual([])
}

describe('the round after one in which a thread died makes both ends equal:', () => {
  const manyFiles = async (source: string): Promise<void> => {
    for (let number = 0; number < 1500; number++) {
      const folder = join(source, `${number % 10}`)
      if (number < 10) await mkdir(folder)
      await writeFile(join(folder, `${number}`), Buffer.alloc(5000 + number, `${number} `))
    }
  }

  // It may have been between two batches: then the other makes all that is left.
  test('the further one that makes small files', async () => {
    await using rounds = await openRounds(() => engine)
    await manyFiles(rounds.source)
    const became = await roundWithout(rounds, 'make-files', 4)
    if (became !== 'whole') expect(became).toMatchObject({ code: 'DRAYAGE_INTERNAL' })
    await equalAfterOneMore(rounds)
  })

  test.each(['read', 'write'] as const)('the one that does: %s', async (kind) => {
    await using rounds = await openRounds(() => engine)
    await manyFiles(rounds.source)
    expect(await roundWithout(rounds, kind, 4)).toMatchObject({ code: 'DRAYAGE_INTERNAL' })
    await equalAfterOneMore(rounds)
  })

  test('the further one that reads blocks of a large file', async () => {
    await using rounds = await openRounds(() => engine)
    const path = join(rounds.source, 'large')
    await writeFile(path, Buffer.alloc(96 * mebibyte, 'large'))
    await rounds.round(false)
    await using file = await openFile(path, 'r+')
    // All over it, so that the stream goes on while it is read.
    for (let block = 0; block < 96; block++)
      await file.write(Buffer.alloc(mebibyte / 4, `${block}`), 0, undefined, block * mebibyte)
    const became = await roundWithout(rounds, 'read-blocks', 2)
    if (became !== 'whole') expect(became).toMatchObject({ code: 'DRAYAGE_INTERNAL' })
    await equalAfterOneMore(rounds)
  })
})
