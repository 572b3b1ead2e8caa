// For tests: a source and a target with the memory of each, and rounds between them that may be cut.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Holding, ReadOptions, ReceiveOptions, RoundSummary, VolumeEngine } from '../engine.ts'
import { temporaryDirectory } from './streams.ts'

export type Rounds = AsyncDisposable & {
  readonly source: string
  readonly target: string
  readonly memory: { readonly source: string; readonly target: string }
  // Throws unless both ends come to the same digest.
  round(final: boolean, how?: How): Promise<RoundSummary & { readonly holding: Holding; readonly read: RoundSummary }>
  // The stream ends after so many bytes, as if the line had been cut. false: the round was shorter, and is whole.
  cutAfter(bytes: number, final: boolean, how?: How): Promise<boolean>
  // From now on rounds become ones to be gone on with so often; at first as they do by themselves.
  pace(checkpoints: ReadOptions['checkpoints']): void
  // The way back: what was the target is the source, each with the memory that it has.
  readonly back: Omit<Rounds, 'back' | 'pace' | typeof Symbol.asyncDispose>
}

export type How = Pick<ReadOptions, 'devices' | 'everything'> & Pick<ReceiveOptions, 'noteWritten'>

class Cut extends Error {}

async function* cut(pieces: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let rest = bytes
  for await (const piece of pieces) {
    if (rest < piece.length) {
      if (rest > 0) yield piece.subarray(0, rest)
      throw new Cut()
    }
    // Whoever takes the piece takes its memory.
    rest -= piece.length
    yield piece
  }
}

export const openRounds = async (engine: () => VolumeEngine, parent?: string): Promise<Rounds> => {
  const directory = await temporaryDirectory(parent)
  const at = (name: string) => join(directory.path, name)
  const memory = { source: at('memory-of-source'), target: at('memory-of-target') }
  for (const path of [at('source'), at('target'), memory.source, memory.target]) await mkdir(path)

  let checkpoints: ReadOptions['checkpoints']
  const between = (source: 'source' | 'target', target: 'source' | 'target') => {
    const attempt = async (final: boolean, bytes: number, { noteWritten = false, ...how }: How) => {
      let reading: Promise<RoundSummary> | undefined
      let holding: Holding = { digest: '', lacking: [] }
      const written = await engine().receive(
        at(target),
        (held) => {
          holding = held
          const { pieces, limits, summary } = engine().read(at(source), {
            final,
            memory: memory[source],
            holding: held,
            ...(checkpoints && { checkpoints }),
            ...how,
          })
          reading = summary
          return { pieces: cut(pieces, bytes), limits }
        },
        { memory: memory[target], noteWritten },
      )
      const read = await reading
      if (read === undefined || read.digest !== written.digest) {
        throw new Error(`the source has ${read?.digest}, the target ${written.digest}`)
      }
      return { ...written, holding, read }
    }
    return {
      source: at(source),
      target: at(target),
      memory: { source: memory[source], target: memory[target] },
      round: (final: boolean, how: How = {}) => attempt(final, Number.POSITIVE_INFINITY, how),
      cutAfter: async (bytes: number, final: boolean, how: How = {}) => {
        try {
          await attempt(final, bytes, how)
          return false
        } catch (error) {
          if (error instanceof Cut) return true
          throw error
        }
      },
    }
  }
  return {
    ...between('source', 'target'),
    back: between('target', 'source'),
    pace: (wanted) => {
      checkpoints = wanted
    },
    [Symbol.asyncDispose]: directory[Symbol.asyncDispose],
  }
}
