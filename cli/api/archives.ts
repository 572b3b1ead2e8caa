// Volumes as tarballs over the coordinator's REST. Node's own HTTP rather than fetch: the proof of a whole tarball stands in
// the trailers, which fetch does not give.
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { pipeline } from 'node:stream/promises'
import {
  archiveHeaders,
  archiveTrailer,
  type CopiedVolume,
  type CopyEvent,
  type CopyRequest,
  type ImportedVolume,
  type MoveEvent,
  type MoveRequest,
  type Transfer,
  type VolumeArchive,
} from '../../shared/api/archives.ts'
import type { RemovalEvent, RemoveVolume } from '../../shared/api/orphans.ts'
import { AppError, isErrorCode } from '../../shared/errors.ts'
import { version } from '../../shared/package-root.ts'
import { unreachable } from './client.ts'
import { createEventStreamParser } from './event-stream.ts'
import { errorOfAnswer } from './problem.ts'

export type ExportRequest = { readonly host: string; readonly volume: string; readonly live: boolean }

export type ExportAnswer = {
  // What a walk of the volume found; null where the answer does not say.
  readonly entries: number | null
  readonly diskBytes: number | null
  // To be read once and to the end. Throws where the tarball breaks off, with the reason if the coordinator has it.
  readonly pieces: AsyncIterable<Buffer>
  // After the last piece. Throws DRAYAGE_STREAM_DAMAGED where it did not come.
  summary(): VolumeArchive
}

export type ImportRequest = {
  readonly host: string
  readonly volume: string
  readonly intoEmpty: boolean
  readonly stripComponents: number
  // NAME=VALUE
  readonly labels: readonly string[]
}

export type ArchiveClient = {
  exportVolume(request: ExportRequest, signal: AbortSignal): Promise<ExportAnswer>
  // body: asked for only when nothing stands in the way. lengthBytes: null where it is not known.
  importVolume(
    request: ImportRequest,
    body: AsyncIterable<Buffer>,
    lengthBytes: number | null,
    signal: AbortSignal,
  ): Promise<ImportedVolume>
  copyVolume(
    from: { readonly host: string; readonly volume: string },
    request: CopyRequest,
    onProgress: (bytes: number, totalBytes: number) => void,
    signal: AbortSignal,
  ): Promise<CopiedVolume>
  // The bytes of one file. Throws where they break off.
  readFile(
    place: { readonly host: string; readonly volume: string; readonly path: string },
    range: { readonly offset: number; readonly length: number | null },
    signal: AbortSignal,
  ): Promise<AsyncIterable<Buffer>>
  // onProgress: of the copy, and then of the last look at the original.
  moveVolume(
    from: { readonly host: string; readonly volume: string },
    request: MoveRequest,
    onProgress: (bytes: number, totalBytes: number | null) => void,
    signal: AbortSignal,
  ): Promise<CopiedVolume>
  // The one that was listed, and no other of its name.
  removeVolume(
    place: { readonly host: string; readonly volume: string },
    listed: RemoveVolume,
    onProgress: (bytesRead: number) => void,
    signal: AbortSignal,
  ): Promise<void>
}

export type ArchiveClientOptions = {
  readonly url: string
  // Empty: none.
  readonly token: string
  // Nothing has come or gone for so long.
  readonly idleMs?: number
}

// The coordinator's own is as long.
const patienceMs = 10 * 60_000

export const createArchiveClient = ({ url, token, idleMs = patienceMs }: ArchiveClientOptions): ArchiveClient => {
  const open = (method: string, path: string, headers: Record<string, string>, signal: AbortSignal): ClientRequest => {
    const request = url.startsWith('https:') ? httpsRequest : httpRequest
    const outgoing = request(`${url}${path}`, {
      method,
      signal,
      headers: {
        'user-agent': `dray/${version}`,
        accept: 'application/x-tar, application/json, application/problem+json',
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    })
    outgoing.setSocketKeepAlive(true, 30_000)
    outgoing.setTimeout(idleMs, () =>
      outgoing.destroy(
        new AppError('DRAYAGE_TIMEOUT', `Nothing has come from the coordinator at ${url} for ${idleMs / 1000} s.`),
      ),
    )
    return outgoing
  }

  const answerOf = (outgoing: ClientRequest): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      outgoing.once('response', resolve)
      // Also what comes later: by then whoever reads the answer hears of it there.
      outgoing.on('error', (thrown) => reject(thrown instanceof AppError ? thrown : unreachable(url, thrown)))
    })

  const textOf = async (answer: IncomingMessage): Promise<unknown> => {
    const pieces: Buffer[] = []
    for await (const piece of answer) pieces.push(piece as Buffer)
    try {
      return JSON.parse(Buffer.concat(pieces).toString('utf8'))
    } catch {
      return undefined
    }
  }
  const refusalOf = async (path: string, answer: IncomingMessage): Promise<AppError> =>
    errorOfAnswer(`${url}${path}`, answer.statusCode ?? 0, await textOf(answer))

  // Why a transfer broke off, as far as the coordinator can still be asked.
  const reasonOf = async (id: string | undefined): Promise<AppError | null> => {
    if (id === undefined) return null
    try {
      const path = `/v1/transfers/${encodeURIComponent(id)}`
      const outgoing = open('GET', path, {}, AbortSignal.timeout(10_000))
      outgoing.end()
      const answer = await answerOf(outgoing)
      const { error } = (await textOf(answer)) as Transfer
      return error !== null && isErrorCode(error.code) ? new AppError(error.code, error.message) : null
    } catch {
      return null
    }
  }

  const number = (header: string | string[] | undefined): number | null =>
    typeof header === 'string' && /^[0-9]+$/.test(header) ? Number(header) : null
  const one = (header: string | string[] | undefined): string | undefined =>
    typeof header === 'string' ? header : undefined

  // take: answers what the last event came to, and null for the others.
  const followed = async <E extends { readonly event: string }, R>(
    path: string,
    body: object,
    signal: AbortSignal,
    take: (event: E) => R | null,
  ): Promise<R> => {
    const headers = { accept: 'text/event-stream, application/problem+json', 'content-type': 'application/json' }
    const outgoing = open('POST', path, headers, signal)
    outgoing.end(JSON.stringify(body))
    const answer = await answerOf(outgoing)
    if (answer.statusCode !== 200) throw await refusalOf(path, answer)
    const parser = createEventStreamParser()
    try {
      for await (const piece of answer.setEncoding('utf8')) {
        for (const { event, data } of parser.push(piece as string)) {
          const value: unknown = JSON.parse(data)
          if (event === 'problem') throw errorOfAnswer(`${url}${path}`, 500, value)
          const result = take({ event, data: value } as unknown as E)
          if (result !== null) return result
        }
      }
    } catch (thrown) {
      if (thrown instanceof AppError || signal.aborted) throw thrown
      const id = one(answer.headers[archiveHeaders.transfer])
      throw (await reasonOf(id)) ?? unreachable(url, thrown)
    }
    throw new AppError(
      'DRAYAGE_STREAM_DAMAGED',
      `The coordinator at ${url} ended the answer without saying what came of it. dray volumes tells what there is.`,
    )
  }

  return {
    copyVolume: ({ host, volume }, body, onProgress, signal) =>
      followed<CopyEvent, CopiedVolume>(`${volumePath(host, volume)}/copy`, body, signal, ({ event, data }) => {
        if (event === 'copied') return data
        onProgress(data.bytes, data.totalBytes)
        return null
      }),
    readFile: async ({ host, volume, path: inVolume }, { offset, length }, signal) => {
      const query = new URLSearchParams({ path: inVolume, offset: String(offset) })
      if (length !== null) query.set('length', String(length))
      const path = `${volumePath(host, volume)}/file?${query}`
      const outgoing = open('GET', path, { accept: 'application/octet-stream, application/problem+json' }, signal)
      outgoing.end()
      const answer = await answerOf(outgoing)
      if (answer.statusCode !== 200) throw await refusalOf(path, answer)
      return (async function* () {
        try {
          for await (const piece of answer) yield piece as Buffer
        } catch (thrown) {
          if (thrown instanceof AppError || signal.aborted) throw thrown
          throw new AppError(
            'DRAYAGE_STREAM_DAMAGED',
            `${host}/${volume}:${inVolume} broke off: it became shorter while it was read, or the connection to ${url} was ended.`,
            { cause: thrown },
          )
        }
      })()
    },
    moveVolume: ({ host, volume }, body, onProgress, signal) =>
      followed<MoveEvent, CopiedVolume>(`${volumePath(host, volume)}/move`, body, signal, ({ event, data }) => {
        if (event === 'moved') return data
        onProgress(data.bytes, event === 'progress' ? data.totalBytes : null)
        return null
      }),
    removeVolume: async ({ host, volume }, listed, onProgress, signal) => {
      await followed<RemovalEvent, object>(`${volumePath(host, volume)}/remove`, listed, signal, ({ event, data }) => {
        if (event === 'removed') return data
        onProgress(data.bytes)
        return null
      })
    },
    importVolume: async ({ host, volume, intoEmpty, stripComponents, labels }, body, lengthBytes, signal) => {
      const query = new URLSearchParams(intoEmpty ? { intoEmpty: 'true' } : {})
      if (stripComponents > 0) query.set('stripComponents', String(stripComponents))
      for (const label of labels) query.append('label', label)
      const path = `${archivePath(host, volume)}${query.size === 0 ? '' : `?${query}`}`
      const length: Record<string, string> =
        lengthBytes === null ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(lengthBytes) }
      const headers = { 'content-type': 'application/x-tar', expect: '100-continue', ...length }
      const outgoing = open('PUT', path, headers, signal)
      const sending = new AbortController()
      // The answer may come before all is sent: then it is a refusal, and the rest is of no use.
      const sent = new Promise<void>((resolve, reject) => {
        outgoing.once('continue', () => {
          pipeline(body, outgoing, { signal: sending.signal }).then(resolve, (thrown) => {
            if (!sending.signal.aborted && !outgoing.destroyed) outgoing.destroy()
            reject(thrown)
          })
        })
        outgoing.once('response', () => resolve())
      })
      outgoing.flushHeaders()
      try {
        const [answer] = await Promise.all([answerOf(outgoing), sent])
        const { statusCode = 0 } = answer
        if (statusCode !== 200 && statusCode !== 201) throw await refusalOf(path, answer)
        return (await textOf(answer)) as ImportedVolume
      } finally {
        sending.abort()
        outgoing.destroy()
      }
    },
    exportVolume: async ({ host, volume, live }, signal) => {
      const path = `${archivePath(host, volume)}${live ? '?live=true' : ''}`
      const outgoing = open('GET', path, { te: 'trailers' }, signal)
      outgoing.end()
      const answer = await answerOf(outgoing)
      if (answer.statusCode !== 200) throw await refusalOf(path, answer)
      const id = one(answer.headers[archiveHeaders.transfer])
      const pieces = async function* (): AsyncGenerator<Buffer> {
        let bytes = 0
        try {
          for await (const piece of answer) {
            bytes += (piece as Buffer).length
            yield piece as Buffer
          }
        } catch (thrown) {
          if (thrown instanceof AppError || signal.aborted) throw thrown
          throw (await reasonOf(id)) ?? brokeOff(url, host, volume, bytes, thrown)
        }
      }
      return {
        entries: number(answer.headers[archiveHeaders.entries]),
        diskBytes: number(answer.headers[archiveHeaders.diskBytes]),
        pieces: pieces(),
        summary: () => {
          const trailer = answer.trailers[archiveTrailer]
          if (trailer !== undefined) return JSON.parse(trailer) as VolumeArchive
          throw new AppError(
            'DRAYAGE_STREAM_DAMAGED',
            `The tarball of ${host}/${volume} came without its summary, so nothing says that it is whole. Is there a proxy on the ` +
              'way that drops the trailers of HTTP? Go round it.',
          )
        },
      }
    },
  }
}

const volumePath = (host: string, volume: string): string =>
  `/v1/volumes/${encodeURIComponent(host)}/${encodeURIComponent(volume)}`
const archivePath = (host: string, volume: string): string => `${volumePath(host, volume)}/archive`

const brokeOff = (url: string, host: string, volume: string, bytes: number, cause: unknown): AppError =>
  new AppError(
    'DRAYAGE_STREAM_DAMAGED',
    `The tarball of ${host}/${volume} broke off after ${bytes} bytes: the connection to ${url} was ended. What came is not whole.`,
    { cause },
  )
