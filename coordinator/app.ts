// The REST interface, built and not listening: main.ts listens, tests inject.
import helmet from '@fastify/helmet'
import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  LogController,
} from 'fastify'
import { AppError } from '../shared/errors.ts'
import { version } from '../shared/package-root.ts'
import type { HostDirectory } from './agents/directory.ts'
import type { ArchiveService } from './archives/service.ts'
import type { Fencing } from './fencing/fencing.ts'
import type { ApiTokens } from './identity/api-tokens.ts'
import type { RestTls } from './identity/rest-tls.ts'
import type { Rotation } from './identity/rotation.ts'
import type { MigrationService } from './migration/service.ts'
import type { Orphans } from './orphans/orphans.ts'
import type { Recovery } from './recovery/recovery.ts'
import { archiveRoutes } from './routes/archives.ts'
import { auditRoutes } from './routes/audit.ts'
import { auditRequests } from './routes/auditing.ts'
import { requireRoles } from './routes/authentication.ts'
import { authorityRoutes, nameAuthorities } from './routes/authority.ts'
import { superviseBodies } from './routes/bodies.ts'
import { browseRoutes } from './routes/browse.ts'
import { hostRoutes } from './routes/hosts.ts'
import { inventoryRoutes } from './routes/inventory.ts'
import { migrationRoutes } from './routes/migrations.ts'
import { operationsRoutes } from './routes/operations.ts'
import { orphanRoutes } from './routes/orphans.ts'
import { problemMediaType, rawProblem, toAppError, toProblem } from './routes/problem.ts'
import { defaultRateLimits, guardRates, type RateLimits } from './routes/rate-limits.ts'
import { recoveryRoutes } from './routes/recovery.ts'
import { noSuchRoute, watchRoutes } from './routes/route-table.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { verificationRoutes } from './routes/verifications.ts'
import type { AuditStore } from './store/audit.ts'
import type { InventoryStore } from './store/inventory.ts'
import type { Statistics } from './store/statistics.ts'
import type { Verifier } from './verification/verifier.ts'

export type AppDeps = {
  readonly hosts: HostDirectory
  readonly fencing: Pick<Fencing, 'fence'>
  readonly recovery: Pick<Recovery, 'describe' | 'settle'>
  readonly inventory: Pick<InventoryStore, 'containers' | 'volumes'>
  readonly migrations: Pick<
    MigrationService,
    'plan' | 'start' | 'return' | 'finalize' | 'get' | 'list' | 'cancel' | 'pause' | 'resume' | 'watch'
  >
  readonly archives: ArchiveService
  readonly orphans: Pick<Orphans, 'list'>
  readonly verifier: Verifier
  readonly statistics: () => Promise<Statistics>
  readonly unready: () => Promise<readonly string[]>
  readonly tokens: ApiTokens
  readonly audit: AuditStore
  readonly rateLimits?: RateLimits
  readonly authority: Pick<Rotation, 'describe' | 'rotate' | 'finish'>
  // Certificates, PEM, of the authorities that are trusted; the one that issues first.
  readonly trusted: () => readonly string[]
  // Null: plain HTTP.
  readonly tls: RestTls | null
  readonly log: FastifyBaseLogger
}

const mebibyte = 1024 * 1024
// For a request that is no stream to come whole.
const patienceMs = 30_000

export const buildApp = async (deps: AppDeps): Promise<FastifyInstance> => {
  const stopping = new AbortController()
  const app = Fastify({
    loggerInstance: deps.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: mebibyte,
    // The time-out is of the head; superviseBodies sees to the rest.
    ...(deps.tls === null
      ? { http: { headersTimeout: patienceMs } }
      : { https: { headersTimeout: patienceMs, ...deps.tls } }),
    // A volume's name may be as long as a file's.
    routerOptions: { maxParamLength: 255 },
    // Who is connected already is answered until the server has closed.
    return503OnClosing: false,
    // What is not asked for is refused, not dropped; "1" is not 1; every fault is named.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: true } },
    // What is no HTTP never becomes a request.
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET' || socket.destroyed) return
      const fault = new AppError(
        'DRAYAGE_INVALID_REQUEST',
        `This is no HTTP request that can be read: ${error.message}.`,
      )
      socket.end(rawProblem(toProblem(fault, null, '')))
    },
    // A path that cannot be decoded fails before any hook or handler.
    frameworkErrors: (error, { url, id }, reply: unknown) => {
      const problem = toProblem(toAppError(error), url, id)
      const answer = reply as FastifyReply
      answer.code(problem.status).type(problemMediaType).send(JSON.stringify(problem))
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

  const table = watchRoutes(app)
  // Over TLS there is nothing to be told of it here: a proxy in front knows its own names.
  await app.register(helmet, { strictTransportSecurity: false })
  // Answers say what stands now, and some hold secrets.
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })
  if (deps.tls?.byAuthority) nameAuthorities(app, deps.trusted)
  requireRoles(app, deps.tokens, await guardRates(app, deps.rateLimits ?? defaultRateLimits))
  auditRequests(app, deps.audit)
  superviseBodies(app, patienceMs)

  app.setErrorHandler<FastifyError | AppError>((thrown, request, reply) => {
    const error = toAppError(thrown)
    if (error.meaning.http >= 500 && error.code === 'DRAYAGE_INTERNAL') {
      request.log.error({ err: thrown, method: request.method, url: request.url }, 'A request failed unforeseen')
    }
    request.refusal = error.code
    if (error.code === 'DRAYAGE_RATE_LIMITED') reply.header('retry-after', String(error.details['retryAfterSeconds']))
    if (error.code === 'DRAYAGE_UNAUTHENTICATED') reply.header('www-authenticate', 'Bearer')
    if (error.code === 'DRAYAGE_METHOD_NOT_ALLOWED') reply.header('allow', String(error.details['allowed']))
    const problem = toProblem(error, request.url, request.id)
    return reply.code(problem.status).type(problemMediaType).send(problem)
  })
  app.setNotFoundHandler((request) => {
    // As it was sent: what would only be a route if its dots were resolved is none.
    throw noSuchRoute(table, request.method, request.url.split('?', 1).join(''))
  })

  // Event streams last until they are told; a server that closes waits for them.
  app.addHook('preClose', async () => stopping.abort())

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Drayage',
        version,
        description:
          'Moves Docker containers and their data between hosts. Every error is a problem document (RFC 9457) with a stable `code`.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  })
  await app.register(hostRoutes(deps))
  await app.register(authorityRoutes(deps))
  await app.register(inventoryRoutes(deps))
  await app.register(recoveryRoutes(deps))
  await app.register(migrationRoutes({ migrations: deps.migrations, stopping: stopping.signal }))
  await app.register(verificationRoutes({ verifier: deps.verifier, stopping: stopping.signal }))
  await app.register(archiveRoutes({ archives: deps.archives, stopping: stopping.signal }))
  await app.register(browseRoutes({ browse: deps.archives.browse, stopping: stopping.signal }))
  await app.register(orphanRoutes({ orphans: deps.orphans, archives: deps.archives, stopping: stopping.signal }))
  await app.register(tokenRoutes(deps))
  await app.register(auditRoutes(deps))
  await app.register(operationsRoutes(deps))
  return app
}
