import { X509Certificate } from 'node:crypto'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import {
  type CallOptions,
  Client,
  type ClientDuplexStream,
  connectivityState,
  credentials,
  type MethodDefinition as GrpcMethod,
  Metadata,
} from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import { AppError, type ErrorCode } from '../errors.ts'
import { keyHashOf } from '../identity/key-hash.ts'
import type { Banned } from './banned.ts'
import { fromStatus } from './errors.ts'
import { flowControlWindow, untilDrained, withFewAhead } from './flow.ts'
import { services } from './services.ts'
import { defaultSilenceMs, keepalive } from './silence.ts'
import type { TlsIdentity } from './tls.ts'

type Services = typeof services
type RequestOf<M> = M extends MethodDefinition<infer Request, infer _R, infer _Q, infer _O> ? Request : never
type ReplyOf<M> = M extends MethodDefinition<infer _Q, infer _R, infer _P, infer Output> ? Output : never

export type CallLimits = {
  // The call ends with DRAYAGE_TIMEOUT after this long. Streams that carry volumes have none: they end when nothing
  // has come for a while (stallTimeoutMs).
  readonly timeoutMs?: number
  readonly stallTimeoutMs?: number
  readonly signal?: AbortSignal
}

export type RpcClient<S extends keyof Services> = {
  unary<M extends keyof Services[S] & string>(
    method: M,
    request: RequestOf<Services[S][M]>,
    limits: CallLimits,
  ): Promise<ReplyOf<Services[S][M]>>
  // The call is cancelled when the consumer stops reading.
  serverStream<M extends keyof Services[S] & string>(
    method: M,
    request: RequestOf<Services[S][M]>,
    limits: CallLimits,
  ): AsyncIterable<ReplyOf<Services[S][M]>>
  duplex<M extends keyof Services[S] & string>(
    method: M,
    limits: CallLimits,
  ): {
    send(request: RequestOf<Services[S][M]>): Promise<void>
    end(): void
    readonly replies: AsyncIterable<ReplyOf<Services[S][M]>>
  }
  // Resolves when there is a connection to the peer. A call made while one is being tried anew fails at once; this waits.
  ready(timeoutMs: number): Promise<void>
  close(): void
  // Closes when the calls that are under way have ended; it is not for new ones. `close` ends those that last (seen with
  // grpc-js 1.14, some seconds later).
  retire(): void
}

export type Endpoint = {
  readonly address: string
  // The name that the peer's certificate must carry, whatever its address.
  readonly dnsName: string
  // For messages: "the agent of host-1".
  readonly describedAs: string
  readonly whenUnreachable: ErrorCode
  // Whom not to talk to, whatever his certificate says. One who is banned later is not talked to any longer.
  readonly banned?: Pick<Banned, 'has' | 'onChange'>
  // Told when that is why a connection is refused or calls are ended.
  readonly onBanned?: (refusal: AppError) => void
  // How long it may say nothing before it counts as gone (silence.ts).
  readonly silenceMs?: number
  // What may be on its way to here (flow.ts). Default: what the longest line needs.
  readonly windowBytes?: number
}

const mebibyte = 1024 * 1024

// Keepalive finds a peer that went without a word.
const channelOptions = {
  'grpc.max_receive_message_length': 16 * mebibyte,
  'grpc.max_send_message_length': 16 * mebibyte,
  'grpc.keepalive_permit_without_calls': 0,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 5_000,
  'grpc.use_local_subchannel_pool': 1,
}

// identity: absent only for enrolment, where the caller has no certificate yet; `authority` then still pins the peer.
export const connect = <S extends keyof Services>(
  service: S,
  endpoint: Endpoint,
  tls: TlsIdentity | Pick<TlsIdentity, 'authority'>,
): RpcClient<S> => {
  const definition = services[service] as unknown as Record<string, GrpcMethod<unknown, unknown>>
  const { banned, onBanned = () => {} } = endpoint
  let refusal: AppError | null = null
  let peerKey = ''
  const refuseBanned = (): AppError | undefined => {
    if (!banned?.has(peerKey)) return undefined
    refusal ??= new AppError(
      'DRAYAGE_CERTIFICATE_REVOKED',
      `${endpoint.describedAs} shows a certificate of a host that was removed: nothing is asked of it any more.`,
    )
    onBanned(refusal)
    return refusal
  }
  const verification = {
    checkServerIdentity: (name: string, certificate: PeerCertificate): Error | undefined => {
      peerKey = keyHashOf(new X509Certificate(certificate.raw))
      // What answers there now may be another one.
      refusal = null
      return checkServerIdentity(name, certificate) ?? refuseBanned()
    },
  }
  const [key, certificate] = 'key' in tls ? [Buffer.from(tls.key), Buffer.from(tls.certificate)] : [null, null]
  const secure = credentials.createSsl(Buffer.from(tls.authority), key, certificate, verification)
  const silenceMs = endpoint.silenceMs ?? defaultSilenceMs
  // The receiver's window decides the throughput, and grpc-js honours it in the client alone: which is why the target pulls.
  const client = new Client(endpoint.address, secure, {
    ...channelOptions,
    'grpc-node.flow_control_window': endpoint.windowBytes ?? flowControlWindow,
    ...keepalive(silenceMs),
    'grpc.ssl_target_name_override': endpoint.dnsName,
    'grpc.default_authority': endpoint.dnsName,
  })

  const method = (name: string): GrpcMethod<unknown, unknown> => {
    const found = definition[name]
    if (found === undefined) throw new Error(`${service} has no method ${name}`)
    return found
  }
  const callOptions = ({ timeoutMs }: CallLimits): CallOptions =>
    timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs }
  // A call waits for its connection as long as the kernel tries to make one, which is minutes where packets vanish. What
  // is connected when the time is up has begun, and what was connected before has failed.
  const unlessConnected = (giveUp: () => void): NodeJS.Timeout =>
    setTimeout(() => {
      if (client.getChannel().getConnectivityState(false) !== connectivityState.READY) giveUp()
    }, silenceMs)
  const notConnected = () =>
    new AppError(
      endpoint.whenUnreachable,
      `${endpoint.describedAs} could not be connected to within ${silenceMs / 1000} s.`,
    )
  const translate = (thrown: unknown) => refusal ?? fromStatus(thrown, endpoint.describedAs, endpoint.whenUnreachable)

  // By what ends each.
  const underWay = new Set<() => void>()
  let isRetired = false
  const close = () => {
    stopListening?.()
    client.close()
  }
  const hasEnded = (cancel: () => void) => {
    underWay.delete(cancel)
    if (isRetired && underWay.size === 0) close()
  }
  const stopListening = banned?.onChange(() => {
    if (underWay.size > 0 && refuseBanned() !== undefined) for (const cancel of underWay) cancel()
  })

  const read = async function* <Reply>(
    call: { cancel(): void; [Symbol.asyncIterator](): AsyncIterator<unknown> },
    { signal, stallTimeoutMs }: CallLimits,
  ): AsyncGenerator<Reply> {
    const cancel = () => call.cancel()
    underWay.add(cancel)
    signal?.addEventListener('abort', cancel, { once: true })
    if (signal?.aborted) cancel()
    let stalled = false
    let unconnected = false
    let timer: NodeJS.Timeout | undefined
    // The time that the consumer takes is not the peer's silence.
    const awaitPeer = () => {
      if (stallTimeoutMs === undefined) return
      timer = setTimeout(() => {
        stalled = true
        call.cancel()
      }, stallTimeoutMs)
    }
    awaitPeer()
    const connecting = unlessConnected(() => {
      unconnected = true
      call.cancel()
    })
    try {
      for await (const reply of { [Symbol.asyncIterator]: () => call[Symbol.asyncIterator]() }) {
        clearTimeout(timer)
        clearTimeout(connecting)
        yield reply as Reply
        awaitPeer()
      }
    } catch (thrown) {
      if (unconnected) throw notConnected()
      if (!stalled) throw translate(thrown)
      const seconds = Math.round((stallTimeoutMs ?? 0) / 1000)
      throw new AppError('DRAYAGE_TIMEOUT', `Nothing has come from ${endpoint.describedAs} for ${seconds} s.`, {
        cause: thrown,
      })
    } finally {
      clearTimeout(timer)
      clearTimeout(connecting)
      signal?.removeEventListener('abort', cancel)
      call.cancel()
      hasEnded(cancel)
    }
  }

  return {
    unary: (name, request, limits) =>
      new Promise((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = method(name)
        const call = client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request as unknown,
          new Metadata(),
          callOptions(limits),
          (error, reply) => {
            limits.signal?.removeEventListener('abort', cancel)
            clearTimeout(connecting)
            hasEnded(cancel)
            if (error) reject(unconnected ? notConnected() : translate(error))
            else resolve(reply as ReplyOf<Services[S][typeof name]>)
          },
        )
        const cancel = () => call.cancel()
        underWay.add(cancel)
        let unconnected = false
        const connecting = unlessConnected(() => {
          unconnected = true
          cancel()
        })
        limits.signal?.addEventListener('abort', cancel, { once: true })
        if (limits.signal?.aborted) cancel()
      }),

    serverStream: (name, request, limits) => {
      const { path, requestSerialize, responseDeserialize } = method(name)
      return {
        [Symbol.asyncIterator]: () =>
          read(
            withFewAhead(() =>
              client.makeServerStreamRequest(
                path,
                requestSerialize,
                responseDeserialize,
                request as unknown,
                new Metadata(),
                callOptions(limits),
              ),
            ),
            limits,
          ),
      }
    },

    duplex: (name, limits) => {
      const { path, requestSerialize, responseDeserialize } = method(name)
      const call: ClientDuplexStream<unknown, unknown> = client.makeBidiStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        new Metadata(),
        callOptions(limits),
      )
      // Heard by whoever reads `replies`; without a listener of its own an early failure would end the process.
      call.on('error', () => {})
      return {
        send: async (request) => {
          if (!call.write(request) && !call.destroyed) await untilDrained(call)
        },
        end: () => call.end(),
        replies: { [Symbol.asyncIterator]: () => read(call, limits) },
      }
    },

    ready: (timeoutMs) =>
      new Promise((resolve, reject) => {
        client.waitForReady(Date.now() + timeoutMs, (error) => {
          if (!error) resolve()
          else {
            const message = `${endpoint.describedAs} does not answer: ${error.message}.`
            reject(new AppError(endpoint.whenUnreachable, message, { cause: error }))
          }
        })
      }),

    close,
    retire: () => {
      isRetired = true
      if (underWay.size === 0) close()
    },
  }
}
