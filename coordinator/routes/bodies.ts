// Bodies of requests: most are small and must come soon; a tarball comes for as long as it takes, and only when it can be
// taken.
import type { FastifyInstance } from 'fastify'
import { AppError } from '../../shared/errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    // The route reads the body itself, and says when it may come (reply.raw.writeContinue).
    readonly takesStream?: boolean
  }
}

// Node's own limit on the time that a request takes (server.requestTimeout) knows no exceptions; this one does.
export const superviseBodies = (app: FastifyInstance, withinMs: number): void => {
  // Unless somebody listens, Node tells every client that asks (Expect: 100-continue, RFC 9110) to go on at once.
  app.server.on('checkContinue', (request, response) => app.server.emit('request', request, response))

  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.takesStream === true) return
    if (request.headers.expect !== undefined) reply.raw.writeContinue()
    const { raw } = request
    if (raw.complete) return
    const timer = setTimeout(() => {
      raw.destroy(new AppError('DRAYAGE_TIMEOUT', `The body of the request had not come after ${withinMs / 1000} s.`))
    }, withinMs)
    const done = () => clearTimeout(timer)
    raw.once('end', done)
    raw.once('close', done)
  })
}
