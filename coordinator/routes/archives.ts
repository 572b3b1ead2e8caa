// Volumes as tarballs. The bodies are streams: as slow as the slower side, and never kept here.
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import {
  archiveHeaders,
  archiveTrailer,
  CopyRequest,
  ExportQuery,
  ImportedVolume,
  ImportQuery,
  MoveRequest,
  Transfer,
  type VolumeArchive,
  VolumeOnHost,
} from '../../shared/api/archives.ts'
import { AppError, type ErrorCode } from '../../shared/errors.ts'
import { withStallTimeout } from '../../shared/rpc/liveness.ts'
import type { ArchiveService } from '../archives/service.ts'
import { goneOf } from './gone.ts'
import { problems } from './problem.ts'
import { orProblem } from './problem-events.ts'
import { eventStream, type ServerSentEvent } from './server-sent-events.ts'

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
        config: { role: 'operator' },
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
        reply.trailer(archiveTrailer, async () => inTrailer(summary()))
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

    // In a scope of its own: there a body is what it is, whatever it says of itself.
    await app.register(importRoute({ archives, stopping, idleMs }))

    app.post(
      '/v1/volumes/:host/:name/copy',
      {
        config: { role: 'operator' },
        schema: {
          operationId: 'copyVolume',
          summary: 'Copies a volume to another host, or to another name',
          description:
            'From agent to agent. Lasts as long as the request: who ends it, ends the copy, and nothing is left of it. The answer ' +
            'is server-sent events: `progress` ({bytes, entries, totalBytes}, the last an estimate) about once a second, and in ' +
            'the end `copied` (from, host, volume, created, entries, contentBytes, digest, live, warnings) or `problem` (a problem ' +
            'document). Without one of these two the copy was not made. The labels come along.',
          params: VolumeOnHost,
          body: CopyRequest,
          response: {
            200: { description: 'text/event-stream', content: { 'text/event-stream': { schema: Binary } } },
            ...problems(
              ...asking,
              'DRAYAGE_VOLUME_NOT_FOUND',
              'DRAYAGE_VOLUME_EXISTS',
              'DRAYAGE_WORKLOAD_RETIRED',
              'DRAYAGE_VOLUME_UNREADABLE',
              'DRAYAGE_ENGINE_REFUSED',
              'DRAYAGE_BODY_TOO_LARGE',
              'DRAYAGE_UNSUPPORTED_MEDIA_TYPE',
            ),
          },
        },
      },
      async (request, reply) => {
        const { params, body } = request
        const { host, name } = params
        const copying = await archives.copyVolume(
          {
            from: { host, volume: name },
            to: { host: body.to, volume: body.name ?? name },
            live: body.live === true,
            intoEmpty: body.intoEmpty === true,
          },
          AbortSignal.any([stopping, goneOf(reply)]),
        )
        return answerEvents(request, reply, copying)
      },
    )

    app.post(
      '/v1/volumes/:host/:name/move',
      {
        config: { role: 'operator' },
        schema: {
          operationId: 'moveVolume',
          summary: 'Moves a volume that no container uses to another host, or to another name',
          description:
            'A copy, and when both sides agree about it, the original is read once more and removed if it still is what was ' +
            'copied, and still nothing refers to it. What containers refer to is refused, running or not: they are moved with their ' +
            'volumes by a migration. The answer is server-sent events: `progress` as of a copy, `checking` ({bytes}, read so ' +
            'far), and in the end `moved` (as `copied`) or `problem` (a problem document). Who ends the request before the copy is ' +
            'whole ends it, and nothing is left of it; a problem after that leaves both, and says so.',
          params: VolumeOnHost,
          body: MoveRequest,
          response: {
            200: { description: 'text/event-stream', content: { 'text/event-stream': { schema: Binary } } },
            ...problems(
              ...asking,
              'DRAYAGE_VOLUME_NOT_FOUND',
              'DRAYAGE_VOLUME_EXISTS',
              'DRAYAGE_VOLUME_NOT_ORPHANED',
              'DRAYAGE_WORKLOAD_RETIRED',
              'DRAYAGE_VOLUME_UNREADABLE',
              'DRAYAGE_RECOVERY_NEEDED',
              'DRAYAGE_ENGINE_REFUSED',
              'DRAYAGE_BODY_TOO_LARGE',
              'DRAYAGE_UNSUPPORTED_MEDIA_TYPE',
            ),
          },
        },
      },
      async (request, reply) => {
        const { params, body } = request
        const { host, name } = params
        const moving = await archives.moveVolume(
          {
            from: { host, volume: name },
            to: { host: body.to, volume: body.name ?? name },
            intoEmpty: body.intoEmpty === true,
          },
          AbortSignal.any([stopping, goneOf(reply)]),
        )
        return answerEvents(request, reply, moving)
      },
    )

    app.get(
      '/v1/transfers/:id',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'getTransfer',
          summary: 'An export, an import, a copy, a move or a removal, while it runs and for a while after',
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }),
          response: {
            200: Transfer,
            ...problems('DRAYAGE_INVALID_REQUEST', 'DRAYAGE_TRANSFER_NOT_FOUND'),
          },
        },
      },
      async ({ params }) => archives.transfer(params.id),
    )
  }

// The answer to a copy or a move: what becomes of it, while it does.
const answerEvents = (
  request: FastifyRequest,
  reply: FastifyReply,
  { id, events }: { readonly id: string; readonly events: AsyncIterable<ServerSentEvent> },
) =>
  reply
    .header('content-type', 'text/event-stream')
    .header('cache-control', 'no-store')
    .header(archiveHeaders.transfer, id)
    .send(Readable.from(eventStream(orProblem(events, request))))

const importRoute =
  ({ archives, stopping, idleMs }: Required<ArchiveRoutes>): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

    app.put(
      '/v1/volumes/:host/:name/archive',
      {
        config: { role: 'operator', takesStream: true },
        onResponse: async ({ raw }) => letEnd(raw),
        schema: {
          operationId: 'importVolume',
          summary: 'Makes a volume from a tarball',
          description:
            'The body is the tarball, not compressed, in any of the forms of POSIX or GNU tar. It has no limit but the free space of the host; with ' +
            '`Expect: 100-continue` it need not be sent before everything that can be refused has not been. The volume is made, ' +
            'unless `intoEmpty=true` names one that is empty; while it is being made no container can start on it, and where ' +
            'anything fails, or the sender goes, nothing of it is left.',
          params: VolumeOnHost,
          querystring: ImportQuery,
          body: { content: { [tarball]: { schema: Type.Unsafe<Readable>({ contentMediaType: tarball }) } } },
          response: {
            200: ImportedVolume,
            201: ImportedVolume,
            ...problems(
              ...asking,
              'DRAYAGE_VOLUME_EXISTS',
              'DRAYAGE_UNSUPPORTED_MEDIA_TYPE',
              'DRAYAGE_TARBALL_REFUSED',
              'DRAYAGE_STREAM_DAMAGED',
              'DRAYAGE_WORKLOAD_RETIRED',
              'DRAYAGE_TARGET_CHANGED',
              'DRAYAGE_TARGET_FULL',
              'DRAYAGE_UNREPRESENTABLE',
              'DRAYAGE_ENGINE_REFUSED',
            ),
          },
        },
      },
      async (request, reply) => {
        const { host, name } = request.params
        requireNoEncoding(request.headers['content-encoding'])
        const { intoEmpty, stripComponents = '0', label = [] } = request.query
        const imported = await archives.importVolume(
          {
            ...{ host, volume: name, intoEmpty: intoEmpty === 'true' },
            ...{ stripComponents: Number(stripComponents), labels: labelsFrom([label].flat()) },
          },
          arriving(request.raw, idleMs),
          () => {
            if (request.headers.expect !== undefined) reply.raw.writeContinue()
          },
          AbortSignal.any([stopping, goneOf(reply)]),
        )
        return reply.code(imported.created ? 201 : 200).send(imported)
      },
    )
  }

const requireNoEncoding = (encoding: string | undefined): void => {
  if (encoding === undefined || encoding === 'identity') return
  throw new AppError(
    'DRAYAGE_UNSUPPORTED_MEDIA_TYPE',
    `The body is encoded (${encoding}), and only a plain tarball is taken. Nothing was done.`,
  )
}

const labelsFrom = (labels: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    labels.map((label) => {
      const equals = label.indexOf('=')
      return [label.slice(0, equals), label.slice(equals + 1)]
    }),
  )

// A sender that has not read its answer yet would lose it with the connection: what it still sends is taken, for a while.
const letEnd = (body: IncomingMessage): void => {
  if (body.complete) return
  const timer = setTimeout(() => body.destroy(), lingerMs)
  body.once('close', () => clearTimeout(timer))
  body.resume()
}
const lingerMs = 10_000

// The answer is still to be sent when the body has broken off: the connection is not closed with the reading.
const arriving = async function* (body: Readable, idleMs: number): AsyncGenerator<Buffer> {
  const pieces = body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  const silent = () =>
    new AppError('DRAYAGE_TIMEOUT', `Nothing more of the tarball has come for ${Math.round(idleMs / 1000)} s.`)
  try {
    yield* withStallTimeout(pieces, idleMs, silent)
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown
    const why = (thrown as Error).message
    throw new AppError('DRAYAGE_TARBALL_REFUSED', `The tarball broke off: ${why}. What had come of it was removed.`, {
      cause: thrown,
    })
  }
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

// What programs take of trailers: Node's clients 16 KB, some others half of that.
const mostTrailerBytes = 8000

// As many of the warnings as there is room for; the others are counted.
const inTrailer = (archive: VolumeArchive): string => {
  for (let kept = archive.warnings.length; kept >= 0; kept--) {
    const left = archive.warnings.length - kept
    const more = left === 0 ? [] : [{ code: 'more-warnings', message: `${left} more warnings are not shown` }]
    const text = asciiJson({ ...archive, warnings: [...archive.warnings.slice(0, kept), ...more] })
    if (text.length <= mostTrailerBytes) return text
  }
  throw new Error('what is told of a tarball has no room in a trailer')
}

// A field of HTTP holds no more than ASCII for certain.
const asciiJson = (archive: VolumeArchive): string =>
  JSON.stringify(archive).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
