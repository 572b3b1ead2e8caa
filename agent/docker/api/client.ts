// The connection to the engine: dockerode's transport with what it leaves to its user: the API version agreed on, a
// time-out for every request, and Docker's refusals as AppErrors.

import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import Docker from 'dockerode'
import { AppError } from '../../../shared/errors.ts'
import { parseDockerHost } from './docker-host.ts'
import { engineError, engineTimeout } from './errors.ts'

// The newest API that these shapes were tried with. A newer engine serves it too; an older one is spoken to in its own.
export const newestApi = '1.51'
// Docker 19.03. What this agent builds on (mounts with options, IPC modes, created networks by name) is in it.
export const oldestApi = '1.40'

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export type RequestOptions = {
  readonly query?: Query
  readonly body?: unknown
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

export type Client = {
  readonly address: string
  // '1.51': what is spoken with this engine.
  apiVersion(): Promise<string>
  get<T>(path: string, options?: RequestOptions): Promise<T>
  post<T>(path: string, options?: RequestOptions): Promise<T>
  delete(path: string, options?: RequestOptions): Promise<void>
  // Resolves with the response as soon as its head has come; `timeoutMs` is for that. The signal ends the stream too.
  stream(
    method: 'GET' | 'POST',
    path: string,
    options?: RequestOptions & { readonly upload?: Readable },
  ): Promise<Readable>
}

const defaultTimeoutMs = 60_000

// dockerode wants to be told which answers are good. 304: it is so already (POST start, POST stop).
const goodStatuses = Object.fromEntries([200, 201, 202, 204, 304].map((status) => [status, true]))

export const compareApi = (a: string, b: string): number => {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number)
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number)
  return aMajor - bMajor || aMinor - bMinor
}

// The engine resolves `.`, `..` and empty parts of a path, encoded or not, and redirects to something else than was
// asked for; dockerode's transport cannot follow a redirect over a socket (it throws where nothing catches).
const checked = (part: string): string => {
  if (!part.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')) return part
  throw new AppError('DRAYAGE_INVALID_REQUEST', `"${part}" is no id or name of anything in Docker.`)
}

export const path = ([head = '', ...strings]: TemplateStringsArray, ...parts: string[]): string =>
  strings.reduce((whole, string, index) => whole + encodeURIComponent(checked(parts[index] ?? '')) + string, head)

const withoutUndefined = (query: Query): Record<string, string> =>
  Object.fromEntries(
    Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
  )

// dockerode hands over the bytes where the answer is not JSON (204, /_ping), and also where it is `null`.
const answerFrom = (result: unknown): unknown => {
  if (!Buffer.isBuffer(result)) return result
  const text = result.toString().trim()
  return text === 'null' ? null : text
}

type Dial = {
  readonly method: string
  readonly path: string
  readonly request: RequestOptions
  readonly isStream: boolean
  readonly upload?: Readable | undefined
}

const dial = (docker: Docker, { method, path, request, isStream, upload }: Dial, signal: AbortSignal) =>
  new Promise<unknown>((resolve, reject) => {
    docker.modem.dial(
      {
        // The trailing question mark is how dockerode's transport is told that there is a query.
        path: `${path}?`,
        method,
        options: { _query: withoutUndefined(request.query ?? {}), _body: request.body ?? {} },
        abortSignal: signal,
        isStream,
        statusCodes: goodStatuses,
        ...(upload === undefined ? {} : { file: upload }),
      },
      (error: unknown, result: unknown) => (error ? reject(error) : resolve(answerFrom(result))),
    )
  })

export const createClient = (options: { readonly dockerHost: string }): Client => {
  const target = parseDockerHost(options.dockerHost)
  const address = options.dockerHost
  let agreed: Promise<{ docker: Docker; version: string }> | undefined

  const send = async (docker: Docker, what: Dial): Promise<unknown> => {
    const timeoutMs = what.request.timeoutMs ?? defaultTimeoutMs
    const context = { address, method: what.method, path: what.path, timeoutMs }
    const caller = what.request.signal
    caller?.throwIfAborted()
    const timer = new AbortController()
    const expired = new AbortController()
    const signal = AbortSignal.any([expired.signal, ...(caller === undefined ? [] : [caller])])
    try {
      return await Promise.race([
        dial(docker, what, signal),
        wait(timeoutMs, undefined, { signal: timer.signal }).then(() => {
          expired.abort()
          throw engineTimeout(context)
        }),
        ...(caller === undefined ? [] : [aborted(caller, timer.signal)]),
      ])
    } catch (error) {
      caller?.throwIfAborted()
      const translated = error instanceof AppError ? error : engineError(error, context)
      // Whatever answers next may be another version of the engine.
      if (translated.code === 'DRAYAGE_ENGINE_UNREACHABLE') agreed = undefined
      throw translated
    } finally {
      timer.abort()
    }
  }

  const agree = async () => {
    const plain = new Docker(target)
    const said = await send(plain, { method: 'GET', path: '/version', request: { timeoutMs: 15_000 }, isStream: false })
    const offered = (said as { ApiVersion?: unknown }).ApiVersion
    if (typeof offered !== 'string') {
      throw new AppError(
        'DRAYAGE_ENGINE_UNREACHABLE',
        `What answers at ${address} is not a Docker engine: it names no API version. Check DOCKER_HOST.`,
      )
    }
    const version = compareApi(offered, newestApi) < 0 ? offered : newestApi
    return { docker: new Docker({ ...target, version: `v${version}` }), version }
  }

  const connection = (): Promise<{ docker: Docker; version: string }> => {
    if (agreed === undefined) {
      const attempt = agree()
      agreed = attempt
      attempt.catch(() => {
        if (agreed === attempt) agreed = undefined
      })
    }
    return agreed
  }

  const ask = async (method: string, path: string, request: RequestOptions = {}) =>
    send((await connection()).docker, { method, path, request, isStream: false })

  return {
    address,
    apiVersion: async () => (await connection()).version,
    get: async <T>(path: string, request?: RequestOptions) => (await ask('GET', path, request)) as T,
    post: async <T>(path: string, request?: RequestOptions) => (await ask('POST', path, request)) as T,
    delete: async (path, request) => {
      await ask('DELETE', path, request)
    },
    stream: async (method, path, request = {}) =>
      (await send((await connection()).docker, {
        method,
        path,
        request,
        isStream: true,
        upload: request.upload,
      })) as Readable,
  }
}

// Rejects when `signal` aborts, and no longer listens once `done` does.
const aborted = (signal: AbortSignal, done: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: done })
  })
