// Volumes as tarballs. The bodies are streams: as slow as the slower side, and never kept here.
import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import {
  archiveHeaders,
  archiveTrailer,
  ExportQuery,
  Transfer,
  type VolumeArchive,
  VolumeOnHost,
} from '../../shared/api/archives.ts'
import { AppError, type ErrorCode } from '../../shared/errors.ts'
import type { ArchiveService } from '../archives/service.ts'
import { goneOf } from './gone.ts'
import { problems } from './problem.ts'

export type ArchiveRoutes = {
  readonly archives: ArchiveService
  readonly stopping: AbortSignal
  // How long the other side of a body may do nothing.
  readonly idleMs?: number
}

const tarball = 'application/x-tar'
const Binary = Type.Unsafe<Readable>({ type: 'string', format: 'binary' })

const asking: readonly ErrorCode[] = [
  'DRAYAGE_INVALID_REQUEST',
  'DRAYAGE_UNAUTHENTICATED',
  'DRAYAGE_HOST_NOT_FOUND',
  'DRAYAGE_HOST_OFFLINE',
  'DRAYAGE_AGENT_UNREACHABLE',
  'DRAYAGE_ENGINE_UNREACHABLE',
  'DRAYAGE_TIMEOUT',
  'DRAYAGE_MIGRATION_IN_PROGRESS',
  'DRAYAGE_VOLUME_BUSY',
  'DRAYAGE_VOLUME_DRIVER',
  'DRAYAGE_VOLUME_OPTIONS',
  'DRAYAGE_VOLUME_IN_USE',
  'DRAYAGE_ID_SHIFT_MISMATCH',
]

export const archiveRoutes =
  ({ archives, stopping, idleMs = 10 * 60_000 }: ArchiveRoutes): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/volumes/:host/:name/archive',
      {
        exposeHeadRoute: false,
        schema: {
          operationId: 'exportVolume',
          summary: 'A volume as a tarball',
          description:
            'A PAX tarball that `tar --extract --xattrs --xattrs-include="*" --acls --numeric-owner` restores exactly. A volume ' +
            'that containers use while they run is refused unless `live=true`; otherwise what changes while it is read fails the ' +
            'export. What fails on the way ends the connection before the body is complete. After the last byte, the trailer ' +
            `\`${archiveTrailer}\` has this as JSON: host, volume, entries, contentBytes, archiveBytes, archiveSha256, digest, ` +
            `live, warnings. \`${archiveHeaders.entries}\` and \`${archiveHeaders.diskBytes}\` tell beforehand what to expect; ` +
            `\`${archiveHeaders.transfer}\` is the id by which /v1/transfers/{id} tells why it broke off.`,
          params: VolumeOnHost,
          querystring: ExportQuery,
          response: {
            200: { description: 'A tarball', content: { [tarball]: { schema: Binary } } },
            ...problems(...asking, 'DRAYAGE_VOLUME_NOT_FOUND', 'DRAYAGE_WORKLOAD_RETIRED', 'DRAYAGE_VOLUME_UNREADABLE'),
          },
        },
      },
      async ({ params: { host, name }, query }, reply) => {
        const signal = AbortSignal.any([stopping, goneOf(reply)])
        const { id, entries, diskBytes, pieces, summary } = await archives.exportVolume(
          { host, volume: name, live: query.live === 'true' },
          signal,
        )
        reply.trailer(archiveTrailer, async () => asciiJson(summary()))
        return reply
          .header('content-type', tarball)
          .header('content-disposition', `attachment; filename="${name}.tar"`)
          .header('cache-control', 'no-store')
          .header(archiveHeaders.transfer, id)
          .header(archiveHeaders.entries, entries)
          .header(archiveHeaders.diskBytes, diskBytes)
          .send(bodyOf(pieces, idleMs))
      },
    )

    app.get(
      '/v1/transfers/:id',
      {
        schema: {
          operationId: 'getTransfer',
          summary: 'An export, an import or a copy, while it runs and for a while after',
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }),
          response: {
            200: Transfer,
            ...problems('DRAYAGE_INVALID_REQUEST', 'DRAYAGE_UNAUTHENTICATED', 'DRAYAGE_TRANSFER_NOT_FOUND'),
          },
        },
      },
      async ({ params }) => archives.transfer(params.id),
    )
  }

// A reader that has taken nothing for too long is cut off, and the volume with it let go of.
const bodyOf = (pieces: AsyncIterable<Buffer>, idleMs: number): Readable => {
  const attended = async function* () {
    for await (const piece of pieces) {
      const timer = setTimeout(() => {
        const seconds = Math.round(idleMs / 1000)
        body.destroy(new AppError('DRAYAGE_TIMEOUT', `Nothing of the tarball was taken for ${seconds} s.`))
      }, idleMs)
      try {
        yield piece
      } finally {
        clearTimeout(timer)
      }
    }
  }
  const body = Readable.from(attended())
  return body
}

// A field of HTTP holds no more than ASCII for certain.
const asciiJson = (archive: VolumeArchive): string =>
  JSON.stringify(archive).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
