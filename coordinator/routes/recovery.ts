import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Recovery as RecoveryDocument, SettleRecovery } from '../../shared/api/recovery.ts'
import type { Recovery } from '../recovery/recovery.ts'
import { callerOf } from './authentication.ts'
import { problems } from './problem.ts'

export type RecoveryRoutes = { readonly recovery: Pick<Recovery, 'describe' | 'settle'> }

export const recoveryRoutes =
  ({ recovery }: RecoveryRoutes): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/recovery',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'describeRecovery',
          summary: 'Where the database and what the agents remember differ, and what is proposed. Changes nothing',
          response: { 200: RecoveryDocument, ...problems() },
        },
      },
      async () => recovery.describe(),
    )

    app.post(
      '/v1/recovery::settle',
      {
        config: { role: 'admin' },
        schema: {
          operationId: 'settleRecovery',
          summary: 'Writes owners and epochs as proposed, or as told, and has every agent carry it out',
          description:
            'Each workload gets an epoch above every one that is known of. Its owner may run; every other copy is stopped and ' +
            'retired by its agent, before a copy that was put back is started. What a host that is down is to be told waits ' +
            'until it is back.',
          body: SettleRecovery,
          response: {
            200: RecoveryDocument,
            ...problems(
              'DRAYAGE_INVALID_REQUEST',
              'DRAYAGE_RECOVERY_BLOCKED',
              'DRAYAGE_BODY_TOO_LARGE',
              'DRAYAGE_UNSUPPORTED_MEDIA_TYPE',
            ),
          },
        },
      },
      async (request) => {
        request.subject =
          request.body.owners.map(({ workload, host }) => `${workload} to ${host ?? 'none'}`).join(', ') ||
          'as proposed'
        return recovery.settle(request.body, callerOf(request).name)
      },
    )
  }
