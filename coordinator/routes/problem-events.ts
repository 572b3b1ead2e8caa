// An answer that has begun can tell of a failure only within itself.
import { asAppError } from '../../shared/errors.ts'
import { toProblem } from './problem.ts'
import type { ServerSentEvent } from './server-sent-events.ts'

export const orProblem = async function* (
  events: AsyncIterable<ServerSentEvent>,
  { url, id }: { readonly url: string; readonly id: string },
): AsyncGenerator<ServerSentEvent> {
  try {
    yield* events
  } catch (thrown) {
    yield { event: 'problem', data: toProblem(asAppError(thrown, 'It failed on the way'), url, id) }
  }
}
