import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Verifier } from '../verification/verifier.ts'
import { goneOf } from './gone.ts'
import { problems } from './problem.ts'
import { eventStream } from './server-sent-events.ts'

export type VerificationRoutes = { readonly verifier: Verifier; readonly stopping: AbortSignal }

const Id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) })
const Stream = Type.Unsafe<Readable>({ type: 'string' })

// The first is asked for before anything is answered: what is refused is a problem document and no stream.
const begun = async <T>(events: AsyncIterable<T>): Promise<AsyncIterable<T>> => {
  const iterator = events[Symbol.asyncIterator]()
  const first = await iterator.next()
  return (async function* () {
    try {
      for (let step = first; step.done !== true; step = await iterator.next()) yield step.value
    } finally {
      await iterator.return?.()
    }
  })()
}

export const verificationRoutes =
  ({ verifier, stopping }: VerificationRoutes): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/v1/migrations/:id(^[0-9A-Za-z_-]+)::verify',
      {
        config: { role: 'operator' },
        schema: {
          operationId: 'verifyMigration',
          summary: 'Reads what a migration has left again, and compares it with its receipt',
          description:
            'The data that the source keeps, and the target’s volumes where nothing runs on them, read whole from the disk. ' +
            'Server-sent events: `progress`, {volume, host, bytes, totalBytes}, about once a second; and last ' +
            '`verification`, with a verdict on each copy. Changes nothing, and ends with the connection. Comments are heartbeats.',
          params: Id,
          response: {
            200: { description: 'text/event-stream', content: { 'text/event-stream': { schema: Stream } } },
            ...problems('DRAYAGE_INVALID_REQUEST', 'DRAYAGE_MIGRATION_NOT_FOUND', 'DRAYAGE_NOTHING_TO_VERIFY'),
          },
        },
      },
      async ({ params }, reply) => {
        const events = await begun(verifier.verify(params.id, AbortSignal.any([stopping, goneOf(reply)])))
        return reply
          .header('content-type', 'text/event-stream')
          .header('cache-control', 'no-store')
          .send(Readable.from(eventStream(events)))
      },
    )
  }
