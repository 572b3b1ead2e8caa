import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AuditList, AuditQuery } from '../../shared/api/audit.ts'
import type { AuditStore } from '../store/audit.ts'
import { problems } from './problem.ts'

export type AuditRoutes = { readonly audit: Pick<AuditStore, 'list'> }

const newestIfNotTold = 100

export const auditRoutes =
  ({ audit }: AuditRoutes): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/audit',
      {
        config: { role: 'admin' },
        schema: {
          operationId: 'listAudit',
          summary: 'Who asked for what, and what was answered, newest first',
          description:
            'Every request that takes more than reading, every one that who asked may not make, and every agent that was ' +
            'enrolled or refused. Lines are never changed and never deleted.',
          querystring: AuditQuery,
          response: { 200: AuditList, ...problems('DRAYAGE_INVALID_REQUEST') },
        },
      },
      async ({ query: { limit, before, ...filter } }) => ({
        entries: await audit.list({
          ...filter,
          limit: limit === undefined ? newestIfNotTold : Number(limit),
          ...(before === undefined ? {} : { before: Number(before) }),
        }),
      }),
    )
  }
