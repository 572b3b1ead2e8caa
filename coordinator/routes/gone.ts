import type { FastifyReply } from 'fastify'

// Aborted when the answer has ended, or the caller is no longer there to read it.
export const goneOf = (reply: FastifyReply): AbortSignal => {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return gone.signal
}
