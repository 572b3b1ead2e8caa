// The coordinator's REST but for volumes' tarballs (archives.ts), and the only user of fetch. Every call has a time-out; every failure is an AppError.
import type { AuditList, AuditQuery } from '../../shared/api/audit.ts'
import { type Authority, authoritiesHeader } from '../../shared/api/authority.ts'
import type { Directory } from '../../shared/api/browse.ts'
import type { AddedHost, FencedHost, FenceHost, GivenUp, HostList, RemovedHost } from '../../shared/api/hosts.ts'
import type { ContainerList, InventoryQuery, VolumeList } from '../../shared/api/inventory.ts'
import type {
  FinalizeRequest,
  Migration,
  MigrationEvent,
  MigrationList,
  MigrationRequest,
  MigrationState,
  ReturnRequest,
} from '../../shared/api/migrations.ts'
import type { OrphanList, OrphansQuery } from '../../shared/api/orphans.ts'
import type { Plan } from '../../shared/api/plan.ts'
import type { Recovery, SettleRecovery } from '../../shared/api/recovery.ts'
import type { AddedToken, AddToken, ApiTokenList } from '../../shared/api/tokens.ts'
import type { VerificationEvent } from '../../shared/api/verifications.ts'
import { AppError } from '../../shared/errors.ts'
import { version } from '../../shared/package-root.ts'
import { createEventStreamParser } from './event-stream.ts'
import { errorOfAnswer } from './problem.ts'

export type Client = {
  readonly url: string
  hosts(): Promise<HostList>
  addHost(name: string): Promise<AddedHost>
  // On the operator's word that it is down.
  fence(name: string): Promise<FencedHost>
  removeHost(name: string, giveUp: readonly GivenUp[]): Promise<RemovedHost>
  authority(): Promise<Authority>
  rotateAuthority(without: readonly string[]): Promise<Authority>
  finishAuthority(without: readonly string[]): Promise<Authority>
  recovery(): Promise<Recovery>
  // Stops containers, and waits until they have ended.
  settle(owners: SettleRecovery['owners']): Promise<Recovery>
  containers(query: InventoryQuery): Promise<ContainerList>
  volumes(query: InventoryQuery): Promise<VolumeList>
  orphans(query: OrphansQuery): Promise<OrphanList>
  // One page of a directory in a volume: the first, or what comes after this name.
  entries(
    place: { readonly host: string; readonly volume: string; readonly path: string },
    after: string | undefined,
  ): Promise<Directory>
  plan(request: MigrationRequest): Promise<Plan>
  // The same key and request give the same migration, so it may be called again where the answer was lost.
  start(request: MigrationRequest, idempotencyKey: string): Promise<Migration>
  // As `start`.
  return(id: string, request: ReturnRequest, idempotencyKey: string): Promise<Migration>
  finalize(id: string, request: FinalizeRequest, idempotencyKey: string): Promise<Migration>
  migrations(query: { readonly state?: MigrationState; readonly limit?: string }): Promise<MigrationList>
  migration(id: string): Promise<Migration>
  cancel(id: string): Promise<Migration>
  pause(id: string): Promise<Migration>
  resume(id: string): Promise<Migration>
  tokens(): Promise<ApiTokenList>
  addToken(wish: AddToken): Promise<AddedToken>
  removeToken(name: string): Promise<void>
  audit(query: AuditQuery): Promise<AuditList>
  // Ends when the server ends it; throws when it is cut, or has been silent for too long.
  events(id: string): AsyncIterable<MigrationEvent>
  // The last event is the verification. Throws when it is cut, or has been silent for too long.
  verify(id: string, signal: AbortSignal): AsyncIterable<VerificationEvent>
}

export type ClientOptions = {
  readonly url: string
  // Empty: none.
  readonly token: string
  // Whom this connection trusts besides the system's, where that is kept for the next one.
  readonly kept?: KeptAuthorities
  readonly timeoutMs?: number
  // The first event comes at once, on connecting; a proxy that holds the stream back is found out by this.
  readonly firstEventMs?: number
  // Several of the coordinator's heartbeats.
  readonly silenceMs?: number
}

export type KeptAuthorities = {
  readonly fingerprints: readonly string[]
  // PEM.
  replace(certificates: readonly string[]): Promise<void>
}

// Planning reads the size of every volume, and starting plans again.
const planTimeoutMs = 11 * 60_000

// A directory of millions of names is read and sorted.
const listTimeoutMs = 60_000

// Every agent that is online is asked, and a container has its own time to stop.
const recoverTimeoutMs = 10 * 60_000

// Failures that come before the request has left: it cannot have been acted on.
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

const causeOf = (thrown: unknown): { readonly code: string; readonly text: string } => {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
  // Node tries every address of a name, and reports the lot as one AggregateError without a message.
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause
  const text = first instanceof Error ? first.message : String(first)
  const code = first instanceof Error && 'code' in first ? String(first.code) : ''
  return { code, text: text === '' ? code : text }
}

const isTimeout = (thrown: unknown): boolean => thrown instanceof Error && thrown.name === 'TimeoutError'

// By OpenSSL, and by Node where the names do not fit.
const isNotTrusted = (code: string): boolean =>
  code === 'ERR_TLS_CERT_ALTNAME_INVALID' || /^(SELF_SIGNED|UNABLE_TO|CERT_|DEPTH_ZERO)/.test(code)

export const unreachable = (url: string, thrown: unknown): AppError => {
  const { code, text } = causeOf(thrown)
  if (isNotTrusted(code)) {
    return new AppError(
      'DRAYAGE_AUTHORITY_MISMATCH',
      `The certificate that ${url} presents is not trusted (${text}). Nothing was sent. If it is your coordinator, log in with the fingerprint of its authority (dray login ${url} --fingerprint …), or give its ca.pem (--ca-file); if the name is wrong, use one that the certificate has.`,
      { cause: thrown, details: { sent: false } },
    )
  }
  const overTls = url.startsWith('http:') ? ' If it speaks TLS, its address begins with https.' : ''
  return new AppError(
    'DRAYAGE_COORDINATOR_UNREACHABLE',
    `No coordinator answers at ${url} (${text}). Check that it runs there (dray coordinator), that DRAYAGE_URL or --url names it, and that nothing on the way refuses the port.${overTls}`,
    { cause: thrown, details: { sent: !neverSent.has(code) } },
  )
}

const query = (values: Readonly<Record<string, string | readonly string[] | undefined>>): string => {
  const given = Object.entries(values).flatMap(([name, value = []]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const createClient = ({
  url,
  token,
  kept,
  timeoutMs = 15_000,
  firstEventMs = 10_000,
  silenceMs = 60_000,
}: ClientOptions): Client => {
  const headers = {
    'user-agent': `dray/${version}`,
    ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
  }

  const send = async (path: string, init: RequestInit): Promise<Response> => {
    // Not followed: a redirect would carry the token to somebody else.
    const sent = { ...init, headers: { ...headers, ...init.headers }, redirect: 'manual' } as const
    const response = await fetch(`${url}${path}`, sent)
    await followAuthorities(response.headers.get(authoritiesHeader))
    return response
  }

  // What was trusted when this connection was made vouches for what is to be trusted at the next. That it cannot be had or
  // kept is no failure of what was asked: it is tried again at the next command.
  let isFollowed = kept === undefined || !url.startsWith('https:')
  const followAuthorities = async (named: string | null): Promise<void> => {
    if (kept === undefined || isFollowed || named === null) return
    isFollowed = true
    if (named.split(',').toSorted().join() === kept.fingerprints.toSorted().join()) return
    await authority()
      .then(({ authorities }) => kept.replace(authorities.map(({ certificate }) => certificate)))
      .catch(() => {})
  }

  // member: one that the answer's object always has; an answer without it is not the coordinator's. null: nothing is
  // answered but that it is done.
  const call = async <T extends object>(
    member: (keyof T & string) | null,
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    options: { body?: unknown; idempotencyKey?: string; timeoutMs?: number } = {},
  ): Promise<T> => {
    const patienceMs = options.timeoutMs ?? timeoutMs
    const init: RequestInit = {
      method,
      signal: AbortSignal.timeout(patienceMs),
      headers: {
        accept: 'application/json, application/problem+json',
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(options.idempotencyKey === undefined ? {} : { 'idempotency-key': options.idempotencyKey }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    }
    try {
      const response = await send(path, init)
      const body = parsed(await response.text())
      if (response.status === 204 && member === null) return {} as T
      if (response.ok && member !== null && typeof body === 'object' && body !== null && member in body)
        return body as T
      throw errorOfAnswer(`${url}${path}`, response.status, body)
    } catch (thrown) {
      if (thrown instanceof AppError) throw thrown
      if (!isTimeout(thrown)) throw unreachable(url, thrown)
      throw new AppError(
        'DRAYAGE_TIMEOUT',
        `The coordinator at ${url} did not answer ${method} ${path} within ${patienceMs / 1000} s. It may be overloaded, or something on the way swallows the connection; try again.`,
        { cause: thrown, details: { sent: true } },
      )
    }
  }

  // heardFrom: an event, where the first comes at once and a proxy might let through nothing but comments; or anything.
  async function* eventsOf<T>(
    path: string,
    init: { readonly method: 'GET' | 'POST'; readonly signal?: AbortSignal; readonly heardFrom: 'event' | 'anything' },
    known: readonly string[],
  ): AsyncGenerator<T> {
    const silence = new AbortController()
    const tooSilent = () =>
      silence.abort(new AppError('DRAYAGE_TIMEOUT', `The events of ${url}${path} stopped coming.`))
    let timer = setTimeout(tooSilent, firstEventMs)
    const signal = init.signal === undefined ? silence.signal : AbortSignal.any([silence.signal, init.signal])
    try {
      const response = await send(path, { method: init.method, signal, headers: { accept: 'text/event-stream' } })
      const type = response.headers.get('content-type') ?? ''
      if (!response.ok || response.body === null || !type.startsWith('text/event-stream')) {
        throw errorOfAnswer(`${url}${path}`, response.status, parsed(await response.text()))
      }
      const parser = createEventStreamParser()
      let heard = init.heardFrom === 'anything'
      for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
        for (const { event, data } of parser.push(piece)) {
          const value = parsed(data)
          if (typeof value !== 'object' || value === null || !known.includes(event)) continue
          heard = true
          yield { event, data: value } as T
        }
        // A comment proves that the server is there, but not that events get through.
        if (!heard) continue
        clearTimeout(timer)
        timer = setTimeout(tooSilent, silenceMs)
      }
    } catch (thrown) {
      throw thrown instanceof AppError ? thrown : unreachable(url, thrown)
    } finally {
      clearTimeout(timer)
      silence.abort()
    }
  }

  const authority = () => call<Authority>('authorities', 'GET', '/v1/authority')
  const changeAuthority = (how: 'rotate' | 'finish', without: readonly string[]) =>
    call<Authority>('authorities', 'POST', `/v1/authority:${how}`, { body: { without: [...without] } })

  const migrationPath = (id: string): string => `/v1/migrations/${encodeURIComponent(id)}`

  return {
    url,
    hosts: () => call<HostList>('hosts', 'GET', '/v1/hosts'),
    addHost: (name) => call<AddedHost>('joinToken', 'POST', '/v1/hosts', { body: { name } }),
    removeHost: (name, giveUp) => {
      const given = new URLSearchParams(giveUp.map((what): [string, string] => ['giveUp', what]))
      return call<RemovedHost>('removedAt', 'DELETE', `/v1/hosts/${encodeURIComponent(name)}?${given}`)
    },
    fence: (name) =>
      call<FencedHost>('migrations', 'POST', `/v1/hosts/${encodeURIComponent(name)}/fence`, {
        body: { iKnowItIsDown: true } satisfies FenceHost,
      }),
    authority,
    rotateAuthority: (without) => changeAuthority('rotate', without),
    finishAuthority: (without) => changeAuthority('finish', without),
    recovery: () => call<Recovery>('workloads', 'GET', '/v1/recovery', { timeoutMs: recoverTimeoutMs }),
    settle: (owners) =>
      call<Recovery>('workloads', 'POST', '/v1/recovery:settle', {
        body: { owners, asShown: true } satisfies SettleRecovery,
        timeoutMs: recoverTimeoutMs,
      }),
    containers: (filter) => call<ContainerList>('containers', 'GET', `/v1/containers${query(filter)}`),
    volumes: (filter) => call<VolumeList>('volumes', 'GET', `/v1/volumes${query(filter)}`),
    entries: ({ host, volume, path }, after) =>
      call<Directory>(
        'entries',
        'GET',
        `/v1/volumes/${encodeURIComponent(host)}/${encodeURIComponent(volume)}/entries${query({ path, after })}`,
        { timeoutMs: listTimeoutMs },
      ),
    orphans: (filter) => call<OrphanList>('orphans', 'GET', `/v1/orphans${query(filter)}`),
    plan: (body) => call<Plan>('refusals', 'POST', '/v1/migrations:plan', { body, timeoutMs: planTimeoutMs }),
    start: (body, idempotencyKey) =>
      call<Migration>('steps', 'POST', '/v1/migrations', { body, idempotencyKey, timeoutMs: planTimeoutMs }),
    return: (id, body, idempotencyKey) =>
      call<Migration>('steps', 'POST', `${migrationPath(id)}:return`, {
        body,
        idempotencyKey,
        timeoutMs: planTimeoutMs,
      }),
    finalize: (id, body, idempotencyKey) =>
      call<Migration>('steps', 'POST', `${migrationPath(id)}:finalize`, { body, idempotencyKey }),
    migrations: (filter) => call<MigrationList>('migrations', 'GET', `/v1/migrations${query(filter)}`),
    migration: (id) => call<Migration>('steps', 'GET', migrationPath(id)),
    cancel: (id) => call<Migration>('steps', 'POST', `${migrationPath(id)}/cancel`),
    pause: (id) => call<Migration>('steps', 'POST', `${migrationPath(id)}:pause`),
    resume: (id) => call<Migration>('steps', 'POST', `${migrationPath(id)}:resume`),
    tokens: () => call<ApiTokenList>('tokens', 'GET', '/v1/tokens'),
    addToken: (body) => call<AddedToken>('token', 'POST', '/v1/tokens', { body }),
    removeToken: async (name) => {
      await call(null, 'DELETE', `/v1/tokens/${encodeURIComponent(name)}`)
    },
    audit: (filter) => call<AuditList>('entries', 'GET', `/v1/audit${query(filter)}`),
    events: (id) =>
      eventsOf<MigrationEvent>(`${migrationPath(id)}/events`, { method: 'GET', heardFrom: 'event' }, [
        'migration',
        'progress',
      ]),
    verify: (id, signal) =>
      eventsOf<VerificationEvent>(`${migrationPath(id)}:verify`, { method: 'POST', signal, heardFrom: 'anything' }, [
        'progress',
        'verification',
      ]),
  }
}
