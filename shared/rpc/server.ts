// The server's side of every call: who may call, errors as trailers, back-pressure, cancellation.
import { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  type ServerDuplexStream,
  type ServerWritableStream,
} from '@grpc/grpc-js'
import { AppError } from '../errors.ts'
import { keyHashOf } from '../identity/key-hash.ts'
import { anonymous, type Identity, identityOf, type Role } from '../identity/names.ts'
import type { Banned } from './banned.ts'
import { toStatus } from './errors.ts'
import { written } from './flow.ts'
import { sendInPlace, waitsForReceiver } from './send-in-place.ts'
import { defaultSilenceMs, keepalive } from './silence.ts'
import type { TlsIdentity } from './tls.ts'
import { openTlsListener, type TlsListener, type TlsListenerOptions } from './tls-listener.ts'

export type CallContext = {
  // Its name in proto/: "StopSource".
  readonly method: string
  readonly caller: Identity
  // Where the call comes from, without the port.
  readonly address: string
  // SHA-256 of the SubjectPublicKeyInfo (DER) of the certificate presented, hex; null: none was.
  callerKeyHash(): string | null
  // While something waits to be sent: whether it waits for the caller, who has not used what he has, and not for the line.
  isCallerBehind(): boolean
  // Aborted when the caller went, cancelled, or its deadline passed.
  readonly signal: AbortSignal
}

// What the three kinds of call have in common.
type AnyCall = {
  getAuthContext(): { sslPeerCertificate?: unknown }
  getPath(): string
  getPeer(): string
  on(event: 'cancelled', listener: () => void): unknown
}

type Failed = (thrown: unknown, method: string, caller: Identity, address: string) => void

const certificateOf = (call: AnyCall): ReturnType<TLSSocket['getPeerCertificate']> | undefined =>
  call.getAuthContext().sslPeerCertificate as ReturnType<TLSSocket['getPeerCertificate']> | undefined

const callerOf = (call: AnyCall): Identity => {
  const certificate = certificateOf(call)
  return certificate === undefined ? anonymous : identityOf(certificate.subjectaltname)
}

const callerKeyHashOf = (call: AnyCall): string | null => {
  const certificate = certificateOf(call)
  if (certificate === undefined) return null
  return keyHashOf(new X509Certificate(certificate.raw))
}

// "10.0.0.11:51234", "[::1]:51234".
const addressOf = (call: AnyCall): string => call.getPeer().replace(/:\d+$/, '')

const contextOf = (call: AnyCall, roles: readonly Role[], banned: Pick<Banned, 'has'>): CallContext => {
  const caller = callerOf(call)
  if (banned.has(callerKeyHashOf(call) ?? '')) throw revoked(caller, call.getPath())
  if (!roles.includes(caller.role)) {
    throw new AppError(
      'DRAYAGE_ROLE_FORBIDDEN',
      `${call.getPath()} may be called by ${roles.join(' or ')}, and the certificate presented is of ${caller.role}` +
        `${caller.host === null ? '' : ` ${caller.host}`}. Nothing was done.`,
    )
  }
  const controller = new AbortController()
  call.on('cancelled', () => controller.abort())
  const method = call.getPath().slice(call.getPath().lastIndexOf('/') + 1)
  return {
    method,
    caller,
    address: addressOf(call),
    callerKeyHash: () => callerKeyHashOf(call),
    isCallerBehind: () => waitsForReceiver(call),
    signal: controller.signal,
  }
}

const revoked = ({ host }: Identity, path: string): AppError =>
  new AppError(
    'DRAYAGE_CERTIFICATE_REVOKED',
    `The host ${host} was removed, and its certificate with it: ${path} was not done. To add it again, remove the folder ` +
      `identity of its agent's data directory, and start the agent with the token of a new dray host add ${host}.`,
  )

// roles: who may call. Each service names its own; there is no default. banned: who may not, whatever his role.
export const handlers = (
  roles: readonly Role[],
  onFailure: Failed = () => {},
  banned: Pick<Banned, 'has'> = { has: () => false },
) => {
  const unary =
    <Request, Reply>(
      handle: (request: Request, context: CallContext) => Promise<Reply>,
    ): handleUnaryCall<Request, Reply> =>
    (call, callback) => {
      const answer = async () => handle(call.request, contextOf(call, roles, banned))
      answer().then(
        (reply) => callback(null, reply),
        (thrown) => {
          onFailure(thrown, call.getPath(), callerOf(call), addressOf(call))
          callback(toStatus(thrown))
        },
      )
    }

  const pump = async (
    call: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>,
    replies: AsyncIterable<unknown>,
  ) => {
    // One is being written while the next one is made; the stream's own idea of full would be sixteen, of 1 MiB each.
    let before: Promise<void> | undefined
    for await (const reply of replies) {
      await before
      if (call.cancelled) return
      before = written(call, reply)
    }
    call.end()
  }

  const stream = (
    call: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>,
    open: () => AsyncIterable<unknown>,
  ) => {
    const run = async () => pump(call, open())
    run().catch((thrown) => {
      onFailure(thrown, call.getPath(), callerOf(call), addressOf(call))
      call.emit('error', toStatus(thrown))
    })
  }

  const serverStream =
    <Request, Reply>(
      handle: (request: Request, context: CallContext) => AsyncIterable<Reply>,
    ): handleServerStreamingCall<Request, Reply> =>
    (call) => {
      const plain = call as unknown as ServerWritableStream<unknown, unknown>
      stream(plain, () => handle(call.request, contextOf(plain, roles, banned)))
    }

  const duplex =
    <Request, Reply>(
      handle: (requests: AsyncIterable<Request>, context: CallContext) => AsyncIterable<Reply>,
    ): handleBidiStreamingCall<Request, Reply> =>
    (call) => {
      const plain = call as unknown as ServerDuplexStream<unknown, unknown>
      // A handler that stops listening still has its say: the call is not destroyed with the iteration.
      const requests = { [Symbol.asyncIterator]: () => call.iterator({ destroyOnReturn: false }) }
      stream(plain, () => handle(requests, contextOf(plain, roles, banned)))
    }

  return { unary, serverStream, duplex }
}

export const createServer = ({ silenceMs = defaultSilenceMs }: { readonly silenceMs?: number } = {}): Server =>
  new ListeningServer({
    'grpc.max_receive_message_length': 16 * 1024 * 1024,
    'grpc.max_send_message_length': 16 * 1024 * 1024,
    ...keepalive(silenceMs),
    interceptors: [sendInPlace],
  })

// Its ports are ours (tls-listener.ts), and end with it.
class ListeningServer extends Server {
  readonly #ports: TlsListener[] = []

  listensAt(port: TlsListener): void {
    this.#ports.push(port)
  }
  override tryShutdown(callback: (error?: Error) => void): void {
    this.#close()
    super.tryShutdown(callback)
  }
  override forceShutdown(): void {
    this.#close()
    super.forceShutdown()
    for (const port of this.#ports) port.cut()
  }
  #close(): void {
    for (const port of this.#ports) port.close()
  }
}

// address: host:port; port 0 is any that is free.
export const listen = async (
  server: Server,
  address: string,
  tls: TlsIdentity,
  options: TlsListenerOptions,
): Promise<{ readonly port: number }> => {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? []
  const at = { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
  const listener = await openTlsListener(server, at, tls, options)
  if (server instanceof ListeningServer) server.listensAt(listener)
  return { port: listener.port }
}

// Lets running calls end for `graceMs`, then cuts them.
export const shutDown = async (server: Server, graceMs: number): Promise<void> => {
  const timer = setTimeout(() => server.forceShutdown(), graceMs)
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
  clearTimeout(timer)
}
