// The engine must go on: one that does nothing for too long, while it is its turn, is given up.
import type { Readable } from 'node:stream'
import { AppError } from '../../../shared/errors.ts'

export type Silence = {
  // Aborts with DRAYAGE_TIMEOUT when the engine's turn has lasted too long.
  readonly signal: AbortSignal
  readonly enginesTurn: () => void
  readonly notEnginesTurn: () => void
}

export const silenceLimit = (limitMs: number, what: string): Silence => {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const notEnginesTurn = () => clearTimeout(timer)
  return {
    signal: controller.signal,
    notEnginesTurn,
    enginesTurn: () => {
      notEnginesTurn()
      timer = setTimeout(() => {
        controller.abort(
          new AppError(
            'DRAYAGE_TIMEOUT',
            `The Docker engine did nothing for ${limitMs / 1000} s during ${what}. It may be overloaded or stuck: look at its log.`,
          ),
        )
      }, limitMs)
    },
  }
}

// From the engine: the time that the consumer takes for a chunk does not count.
export async function* withSilenceLimit(stream: Readable, limitMs: number, what: string): AsyncGenerator<Buffer> {
  const silence = silenceLimit(limitMs, what)
  silence.signal.addEventListener('abort', () => stream.destroy(silence.signal.reason as AppError), { once: true })
  try {
    silence.enginesTurn()
    for await (const chunk of stream) {
      silence.notEnginesTurn()
      yield chunk as Buffer
      silence.enginesTurn()
    }
  } finally {
    silence.notEnginesTurn()
    stream.destroy()
  }
}

// To the engine: the time that the producer takes for a piece does not count. When all are given, the turn is the engine's.
export async function* meteredBy(silence: Silence, pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    silence.enginesTurn()
    yield piece
    silence.notEnginesTurn()
  }
  silence.enginesTurn()
}
