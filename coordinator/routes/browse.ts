// What is in a volume.
import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { VolumeOnHost } from '../../shared/api/archives.ts'
import { Directory, FileQuery, fileSizeHeader, ListQuery } from '../../shared/api/browse.ts'
import type { ErrorCode } from '../../shared/errors.ts'
import type { Browse } from '../archives/browse.ts'
import { goneOf } from './gone.ts'
import { problems } from './problem.ts'

export type BrowseRoutes = { readonly browse: Browse; readonly stopping: AbortSignal }

const Binary = Type.Unsafe<Readable>({ type: 'string', format: 'binary' })

const refusals: readonly ErrorCode[] = [
  'DRAYAGE_INVALID_REQUEST',
  'DRAYAGE_HOST_NOT_FOUND',
  'DRAYAGE_VOLUME_NOT_FOUND',
  'DRAYAGE_PATH_NOT_FOUND',
  'DRAYAGE_PATH_REFUSED',
  'DRAYAGE_HOST_OFFLINE',
  'DRAYAGE_AGENT_UNREACHABLE',
  'DRAYAGE_ENGINE_UNREACHABLE',
  'DRAYAGE_TIMEOUT',
  'DRAYAGE_VOLUME_BUSY',
  'DRAYAGE_VOLUME_DRIVER',
  'DRAYAGE_VOLUME_OPTIONS',
  'DRAYAGE_VOLUME_UNREADABLE',
  'DRAYAGE_WORKLOAD_RETIRED',
]

const defaultLimit = '1000'
// What the audit says of it.
const subjectOf = ({ host, name }: { host: string; name: string }, path: string): string =>
  `${host}/${name}:${path}`.slice(0, 200)

export const browseRoutes =
  ({ browse, stopping }: BrowseRoutes): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/volumes/:host/:name/entries',
      {
        config: { role: 'operator' },
        schema: {
          operationId: 'listVolumeEntries',
          summary: 'What is in one directory of a volume',
          description:
            'As it is now, whether or not containers use it. No symlink is followed, also not within the volume, and nothing below a ' +
            'mount point is shown.',
          params: VolumeOnHost,
          querystring: ListQuery,
          response: { 200: Directory, ...problems(...refusals) },
        },
      },
      async (request, reply) => {
        const { host, name } = request.params
        const { path = '', after = '', limit = defaultLimit } = request.query
        request.subject = subjectOf(request.params, path)
        const signal = AbortSignal.any([stopping, goneOf(reply)])
        return browse.list({ host, volume: name, path }, { after, limit: Number(limit) }, signal)
      },
    )

    app.get(
      '/v1/volumes/:host/:name/file',
      {
        exposeHeadRoute: false,
        config: { role: 'operator' },
        schema: {
          operationId: 'readVolumeFile',
          summary: 'The content of one file of a volume',
          description:
            `As it is now, from \`offset\` on and \`length\` bytes at most; \`${fileSizeHeader}\` is the size of the whole file. Only a ` +
            'regular file, and none through a symlink. A body that is shorter than its content-length is not whole.',
          params: VolumeOnHost,
          querystring: FileQuery,
          response: {
            200: { description: 'Its bytes', content: { 'application/octet-stream': { schema: Binary } } },
            ...problems(...refusals),
          },
        },
      },
      async (request, reply) => {
        const { host, name } = request.params
        const { path, offset = '0', length } = request.query
        request.subject = subjectOf(request.params, path)
        const { size, bytes, pieces } = await browse.read(
          { host, volume: name, path },
          { offset: Number(offset), length: length === undefined ? null : Number(length) },
          AbortSignal.any([stopping, goneOf(reply)]),
        )
        return reply
          .header('content-type', 'application/octet-stream')
          .header('content-disposition', 'attachment')
          .header('content-length', bytes)
          .header(fileSizeHeader, size)
          .send(Readable.from(pieces))
      },
    )
  }
