// Volumes that nothing uses.
import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { archiveHeaders, VolumeOnHost } from '../../shared/api/archives.ts'
import { OrphanList, OrphansQuery, RemoveVolume } from '../../shared/api/orphans.ts'
import type { ArchiveService } from '../archives/service.ts'
import type { Orphans } from '../orphans/orphans.ts'
import { goneOf } from './gone.ts'
import { problems } from './problem.ts'
import { orProblem } from './problem-events.ts'
import { eventStream } from './server-sent-events.ts'

export type OrphanRoutes = {
  readonly orphans: Pick<Orphans, 'list'>
  readonly archives: Pick<ArchiveService, 'removeVolume'>
  readonly stopping: AbortSignal
}

const Stream = Type.Unsafe<Readable>({ type: 'string' })

export const orphanRoutes =
  ({ orphans, archives, stopping }: OrphanRoutes): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/orphans',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'listOrphans',
          summary: 'The volumes that no container uses, with what they were for',
          description:
            '`verdict` says whether a volume is an `orphan`, is `kept` by a migration, is the `debris` of one, or is `not-known` ' +
            'to be unused; `reason` why, and what ends that. Of a host that is not `reliable` (away, its engine away, declared ' +
            'down, or never reported) nothing is listed: what is unused there is not known.',
          querystring: OrphansQuery,
          response: { 200: OrphanList, ...problems('DRAYAGE_INVALID_REQUEST', 'DRAYAGE_HOST_NOT_FOUND') },
        },
      },
      async ({ query }) => orphans.list(query),
    )

    app.post(
      '/v1/volumes/:host/:name/remove',
      {
        config: { role: 'operator' },
        schema: {
          operationId: 'removeVolume',
          summary: 'Removes a volume that no container uses, for good',
          description:
            'With driver, mountpoint and createdAt as they were listed: another volume of that name is not removed. The host’s ' +
            'engine is asked again who refers to it, and removes it without force. With `digest`, that of its export, it is read ' +
            'again first, and removed only if it still holds exactly that. What a migration has or keeps is refused, and so is what is ' +
            '`not-known`; `debris` is not. The answer is server-sent events: `progress` ({bytes}, read so far) about once a second, and in ' +
            'the end `removed` ({host, volume}) or `problem` (a problem document). What the engine has begun is not taken back.',
          params: VolumeOnHost,
          body: RemoveVolume,
          response: {
            200: { description: 'text/event-stream', content: { 'text/event-stream': { schema: Stream } } },
            ...problems(
              'DRAYAGE_INVALID_REQUEST',
              'DRAYAGE_HOST_NOT_FOUND',
              'DRAYAGE_VOLUME_NOT_FOUND',
              'DRAYAGE_HOST_OFFLINE',
              'DRAYAGE_AGENT_UNREACHABLE',
              'DRAYAGE_ENGINE_UNREACHABLE',
              'DRAYAGE_TIMEOUT',
              'DRAYAGE_RECOVERY_NEEDED',
              'DRAYAGE_MIGRATION_IN_PROGRESS',
              'DRAYAGE_VOLUME_BUSY',
              'DRAYAGE_VOLUME_IN_USE',
              'DRAYAGE_VOLUME_NOT_ORPHANED',
              'DRAYAGE_VOLUME_CHANGED',
              'DRAYAGE_VOLUME_UNREADABLE',
              'DRAYAGE_SOURCE_CHANGED',
              'DRAYAGE_ENGINE_REFUSED',
              'DRAYAGE_BODY_TOO_LARGE',
              'DRAYAGE_UNSUPPORTED_MEDIA_TYPE',
            ),
          },
        },
      },
      async (request, reply) => {
        const { params, body } = request
        const place = { host: params.host, volume: params.name }
        const { id, events } = await archives.removeVolume(place, body, AbortSignal.any([stopping, goneOf(reply)]))
        return reply
          .header('content-type', 'text/event-stream')
          .header('cache-control', 'no-store')
          .header(archiveHeaders.transfer, id)
          .send(Readable.from(eventStream(orProblem(events, request))))
      },
    )
  }
