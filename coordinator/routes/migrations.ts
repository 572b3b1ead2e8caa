import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import {
  FinalizeRequest,
  Migration,
  MigrationList,
  MigrationQuery,
  MigrationRequest,
  ReturnRequest,
} from '../../shared/api/migrations.ts'
import { Plan } from '../../shared/api/plan.ts'
import type { ErrorCode } from '../../shared/errors.ts'
import type { MigrationService, Started } from '../migration/service.ts'
import { callerOf } from './authentication.ts'
import { goneOf } from './gone.ts'
import { problems } from './problem.ts'
import { eventStream } from './server-sent-events.ts'

export type MigrationRoutes = {
  readonly migrations: Pick<
    MigrationService,
    'plan' | 'start' | 'return' | 'finalize' | 'get' | 'list' | 'cancel' | 'pause' | 'resume' | 'watch'
  >
  // Open event streams end when it is aborted; their readers come back.
  readonly stopping: AbortSignal
}

const newestIfNotTold = 100

const Id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) })

const Stream = Type.Unsafe<Readable>({ type: 'string' })

const IdempotencyKey = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{1,255}$',
      description: 'The same key with the same request always answers with the same migration',
    }),
  ),
})

// What can be said before anything is looked at on a host, and what a host can say when it is.
const asking: readonly ErrorCode[] = [
  'DRAYAGE_INVALID_REQUEST',
  'DRAYAGE_SAME_HOST',
  'DRAYAGE_HOST_NOT_FOUND',
  'DRAYAGE_CONTAINER_NOT_FOUND',
  'DRAYAGE_CONTAINER_AMBIGUOUS',
  'DRAYAGE_BODY_TOO_LARGE',
  'DRAYAGE_UNSUPPORTED_MEDIA_TYPE',
  'DRAYAGE_HOST_OFFLINE',
  'DRAYAGE_AGENT_UNREACHABLE',
  'DRAYAGE_TIMEOUT',
]

const acceptedOrKnown =
  '202 when it was accepted now, 200 when it was before: under the same Idempotency-Key, or as it runs.'

// Two callers who happen on the same key are still two.
const keyOf = (request: FastifyRequest): string | null => {
  const key = request.headers['idempotency-key']
  return key === undefined ? null : `${callerOf(request).id}/${key}`
}

const answer = (reply: FastifyReply, { migration, created }: Started) =>
  reply
    .code(created ? 202 : 200)
    .header('location', `/v1/migrations/${migration.id}`)
    .send(migration)

// What the audit says of a migration that follows another.
const following = async (
  request: FastifyRequest,
  id: string,
  start: (key: string | null) => Promise<Started>,
): Promise<Started> => {
  request.subject = `migration ${id}`
  const started = await start(keyOf(request))
  request.subject += `, by ${started.migration.id}`
  return started
}

export const migrationRoutes =
  ({ migrations, stopping }: MigrationRoutes): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/v1/migrations',
      {
        config: { role: 'operator' },
        schema: {
          operationId: 'startMigration',
          summary: 'Moves a container and its data to another host',
          description: acceptedOrKnown,
          headers: IdempotencyKey,
          body: MigrationRequest,
          response: {
            200: Migration,
            202: Migration,
            ...problems(
              ...asking,
              'DRAYAGE_PLAN_REFUSED',
              'DRAYAGE_MIGRATION_IN_PROGRESS',
              'DRAYAGE_IDEMPOTENCY_KEY_REUSED',
            ),
          },
        },
      },
      async (request, reply) => {
        const { body } = request
        const allowing = (body.options?.allow ?? []).join(', ')
        const what = body.container ?? `the project ${body.project}`
        request.subject = `${what} from ${body.from} to ${body.to}${allowing && `, allowing ${allowing}`}`
        const started = await migrations.start(body, keyOf(request))
        request.subject += `, migration ${started.migration.id}`
        return answer(reply, started)
      },
    )

    app.post(
      '/v1/migrations::plan',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'planMigration',
          summary: 'What a migration would do; refusals stand in it. Changes nothing',
          body: MigrationRequest,
          response: { 200: Plan, ...problems(...asking) },
        },
      },
      async ({ body }, reply) => migrations.plan(body, AbortSignal.any([stopping, goneOf(reply)])),
    )

    app.get(
      '/v1/migrations',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'listMigrations',
          summary: 'Migrations, newest first',
          querystring: MigrationQuery,
          response: { 200: MigrationList, ...problems('DRAYAGE_INVALID_REQUEST') },
        },
      },
      async ({ query: { state, limit } }) => ({
        migrations: await migrations.list({
          limit: limit === undefined ? newestIfNotTold : Number(limit),
          ...(state === undefined ? {} : { state }),
        }),
      }),
    )

    app.get(
      '/v1/migrations/:id',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'getMigration',
          summary: 'One migration in full',
          params: Id,
          response: {
            200: Migration,
            ...problems('DRAYAGE_INVALID_REQUEST', 'DRAYAGE_MIGRATION_NOT_FOUND'),
          },
        },
      },
      async ({ params }) => migrations.get(params.id),
    )

    app.post(
      '/v1/migrations/:id/cancel',
      {
        config: { role: 'operator' },
        schema: {
          operationId: 'cancelMigration',
          summary: 'Asks a migration to put everything back. It ends when it has',
          params: Id,
          response: {
            202: Migration,
            ...problems(
              'DRAYAGE_INVALID_REQUEST',
              'DRAYAGE_MIGRATION_NOT_FOUND',
              'DRAYAGE_MIGRATION_ENDED',
              'DRAYAGE_PAST_COMMIT',
            ),
          },
        },
      },
      async ({ params }, reply) => reply.code(202).send(await migrations.cancel(params.id)),
    )

    app.post(
      '/v1/migrations/:id(^[0-9A-Za-z_-]+)::pause',
      {
        config: { role: 'operator' },
        schema: {
          operationId: 'pauseMigration',
          summary: 'Holds a migration back, at the next point where that can be',
          description:
            'Between two steps, or in the middle of a copy, which is cut off and later goes on where it was. The container runs ' +
            'on meanwhile; once it is about to be stopped, a pause is refused. The state is `paused` when it is.',
          params: Id,
          response: {
            202: Migration,
            ...problems(
              'DRAYAGE_INVALID_REQUEST',
              'DRAYAGE_MIGRATION_NOT_FOUND',
              'DRAYAGE_MIGRATION_ENDED',
              'DRAYAGE_PAST_COMMIT',
              'DRAYAGE_NOT_PAUSABLE',
            ),
          },
        },
      },
      async (request, reply) => {
        request.subject = `migration ${request.params.id}`
        return reply.code(202).send(await migrations.pause(request.params.id))
      },
    )

    app.post(
      '/v1/migrations/:id(^[0-9A-Za-z_-]+)::resume',
      {
        config: { role: 'operator' },
        schema: {
          operationId: 'resumeMigration',
          summary: 'Lets a paused migration go on, as soon as it is its turn',
          params: Id,
          response: {
            202: Migration,
            ...problems('DRAYAGE_INVALID_REQUEST', 'DRAYAGE_MIGRATION_NOT_FOUND', 'DRAYAGE_MIGRATION_ENDED'),
          },
        },
      },
      async (request, reply) => {
        request.subject = `migration ${request.params.id}`
        return reply.code(202).send(await migrations.resume(request.params.id))
      },
    )

    app.post(
      '/v1/migrations/:id(^[0-9A-Za-z_-]+)::return',
      {
        config: { role: 'operator' },
        schema: {
          operationId: 'returnMigration',
          summary: 'Moves the container of a migration back to where it came from, sending only what has changed since',
          description: `A migration of its own, which is the answer. ${acceptedOrKnown}`,
          params: Id,
          headers: IdempotencyKey,
          body: Type.Union([ReturnRequest, Type.Null()]),
          response: {
            200: Migration,
            202: Migration,
            ...problems(
              ...asking,
              'DRAYAGE_MIGRATION_NOT_FOUND',
              'DRAYAGE_NOTHING_TO_RETURN',
              'DRAYAGE_RETAINED_CHANGED',
              'DRAYAGE_PLAN_REFUSED',
              'DRAYAGE_MIGRATION_IN_PROGRESS',
              'DRAYAGE_IDEMPOTENCY_KEY_REUSED',
            ),
          },
        },
      },
      async (request, reply) => {
        const { params, body } = request
        return answer(
          reply,
          await following(request, params.id, (key) => migrations.return(params.id, body ?? {}, key)),
        )
      },
    )

    app.post(
      '/v1/migrations/:id(^[0-9A-Za-z_-]+)::finalize',
      {
        config: { role: 'operator' },
        schema: {
          operationId: 'finalizeMigration',
          summary: 'Removes what a migration has kept on the host that the container came from',
          description: `A migration of its own, which is the answer; it waits for a host that is away. ${acceptedOrKnown}`,
          params: Id,
          headers: IdempotencyKey,
          body: Type.Union([FinalizeRequest, Type.Null()]),
          response: {
            200: Migration,
            202: Migration,
            ...problems(
              'DRAYAGE_INVALID_REQUEST',
              'DRAYAGE_BODY_TOO_LARGE',
              'DRAYAGE_UNSUPPORTED_MEDIA_TYPE',
              'DRAYAGE_MIGRATION_NOT_FOUND',
              'DRAYAGE_NOTHING_TO_FINALIZE',
              'DRAYAGE_MIGRATION_IN_PROGRESS',
              'DRAYAGE_IDEMPOTENCY_KEY_REUSED',
            ),
          },
        },
      },
      async (request, reply) => {
        const { params, body } = request
        return answer(
          reply,
          await following(request, params.id, (key) => migrations.finalize(params.id, body ?? {}, key)),
        )
      },
    )

    app.get(
      '/v1/migrations/:id/events',
      {
        exposeHeadRoute: false,
        config: { role: 'viewer' },
        schema: {
          operationId: 'watchMigration',
          summary: 'Server-sent events of one migration, until it has ended',
          description:
            '`migration`: the whole migration, on connecting and whenever a step or its state changes. `progress`: ' +
            '{step, what, bytes, totalBytes}, about once a second while bytes move. Comments are heartbeats.',
          params: Id,
          response: {
            200: { description: 'text/event-stream', content: { 'text/event-stream': { schema: Stream } } },
            ...problems('DRAYAGE_INVALID_REQUEST', 'DRAYAGE_MIGRATION_NOT_FOUND'),
          },
        },
      },
      async ({ params }, reply) => {
        // An unknown migration is a problem document, not a stream that fails.
        await migrations.get(params.id)
        const events = migrations.watch(params.id, AbortSignal.any([stopping, goneOf(reply)]))
        return reply
          .header('content-type', 'text/event-stream')
          .header('cache-control', 'no-store')
          .send(Readable.from(eventStream(events)))
      },
    )
  }
