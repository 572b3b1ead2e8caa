// For whoever runs the coordinator: is it alive, can it work, how is it doing, what does it offer.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { HostState } from '../../shared/api/hosts.ts'
import { hasEnded, MigrationState } from '../../shared/api/migrations.ts'
import type { HostDirectory } from '../agents/directory.ts'
import type { Statistics } from '../store/statistics.ts'
import { problems } from './problem.ts'

export type OperationsRoutes = {
  readonly hosts: Pick<HostDirectory, 'list'>
  readonly statistics: () => Promise<Statistics>
  // Why it cannot work now; empty when it can.
  readonly unready: () => Promise<readonly string[]>
}

const Status = Type.Object({ status: Type.Literal('ok') })
const Unready = Type.Object({ status: Type.Literal('unready'), reasons: Type.Array(Type.String()) })

export const operationsRoutes =
  ({ hosts, statistics, unready }: OperationsRoutes): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/healthz',
      {
        config: { role: 'anyone' },
        schema: {
          operationId: 'isAlive',
          summary: 'The process answers',
          security: [],
          response: { 200: Status },
        },
      },
      async () => ({ status: 'ok' as const }),
    )

    app.get(
      '/readyz',
      {
        config: { role: 'anyone' },
        schema: {
          operationId: 'isReady',
          summary: 'The database answers and agents can connect',
          security: [],
          response: { 200: Status, 503: Unready },
        },
      },
      async (_request, reply) => {
        const reasons = await unready()
        if (reasons.length === 0) return reply.code(200).send({ status: 'ok' as const })
        return reply.code(503).send({ status: 'unready' as const, reasons: [...reasons] })
      },
    )

    app.get(
      '/metrics',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'readMetrics',
          summary: 'Figures in the Prometheus text format',
          response: {
            200: { description: 'Prometheus text', content: { 'text/plain': { schema: Type.String() } } },
            ...problems(),
          },
        },
      },
      async (_request, reply) => {
        const text = metricsText(
          (await hosts.list()).map(({ state }) => state),
          await statistics(),
        )
        return reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8').send(text)
      },
    )

    app.get(
      '/openapi.json',
      {
        config: { role: 'anyone' },
        schema: {
          operationId: 'readOpenApi',
          summary: 'This document',
          security: [],
          response: { 200: Type.Unsafe<object>({ type: 'object', additionalProperties: true }) },
        },
      },
      async () => app.swagger(),
    )
  }

const hostStates: readonly HostState[] = ['online', 'lost', 'unknown']
const migrationStates = MigrationState.anyOf.map((state) => state.const)

// https://prometheus.io/docs/instrumenting/exposition_formats/. Every state has a line, also those that none is in: a
// series that appears only with the first failure cannot be watched for it.
export const metricsText = (hosts: readonly HostState[], { migrationsByState, bytesSent }: Statistics): string => {
  const family = (name: string, type: 'gauge' | 'counter', help: string, samples: readonly string[]) =>
    [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map((sample) => `${name}${sample}`)].join('\n')
  const unfinished = migrationStates.filter((state) => !hasEnded(state))
  return [
    family(
      'drayage_hosts',
      'gauge',
      'Hosts by state.',
      hostStates.map((state) => `{state="${state}"} ${hosts.filter((host) => host === state).length}`),
    ),
    family(
      'drayage_migrations',
      'gauge',
      'Migrations by state.',
      migrationStates.map((state) => `{state="${state}"} ${migrationsByState[state] ?? 0}`),
    ),
    family('drayage_migrations_unfinished', 'gauge', 'Migrations that have not ended.', [
      ` ${unfinished.reduce((sum, state) => sum + (migrationsByState[state] ?? 0), 0)}`,
    ]),
    family('drayage_volume_bytes_sent_total', 'counter', 'Bytes of volumes that crossed between hosts.', [
      ` ${bytesSent}`,
    ]),
    '',
  ].join('\n')
}
