// The receiving side's end of the line to another agent.
import { X509Certificate } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import { agentDnsName } from '../../shared/identity/names.ts'
import { issuerOf } from '../../shared/identity/roots.ts'
import { ticketLifeMs } from '../../shared/identity/ticket.ts'
import type { Banned } from '../../shared/rpc/banned.ts'
import { connect, type RpcClient } from '../../shared/rpc/client.ts'
import type { ImagePiece__Output } from '../../shared/rpc/generated/drayage/v1/ImagePiece.ts'
import type { NoisePiece__Output } from '../../shared/rpc/generated/drayage/v1/NoisePiece.ts'
import type { Peer__Output as Peer } from '../../shared/rpc/generated/drayage/v1/Peer.ts'
import type { PullImageRequest } from '../../shared/rpc/generated/drayage/v1/PullImageRequest.ts'
import type { PullNoiseRequest } from '../../shared/rpc/generated/drayage/v1/PullNoiseRequest.ts'
import type { PullVolumeRequest } from '../../shared/rpc/generated/drayage/v1/PullVolumeRequest.ts'
import type { RoundAnnouncement__Output as RoundAnnouncement } from '../../shared/rpc/generated/drayage/v1/RoundAnnouncement.ts'
import type { RoundSummary__Output as RoundSummary } from '../../shared/rpc/generated/drayage/v1/RoundSummary.ts'
import type { Ticket } from '../../shared/rpc/generated/drayage/v1/Ticket.ts'
import type { VolumePiece__Output } from '../../shared/rpc/generated/drayage/v1/VolumePiece.ts'
import { withStallTimeout } from '../../shared/rpc/liveness.ts'
import { ticketStatementType } from '../../shared/rpc/services.ts'
import { defaultSilenceMs, pieceStallMs } from '../../shared/rpc/silence.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'
import { type Piece, packedBytes, unpackedBytes } from '../volume/engine.ts'
import { rememberedWindows } from './windows.ts'

export type Pull<P extends Piece = Buffer> = {
  // In order. Throws what the peer said was wrong, or DRAYAGE_PEER_UNREACHABLE when it went or fell silent.
  readonly pieces: AsyncIterable<P>
  // That have crossed; and what they are once they are unpacked, as the peer says.
  bytes(): number
  unpackedBytes(): number
  // What `pieces` threw; null: nothing.
  failure(): unknown
  // Ends the call if it has not ended, whatever has been read.
  close(): void
}

export type VolumePull = Pull<Piece> & {
  // As announced, from the first of the pieces on.
  limits(): RoundAnnouncement | undefined
  // After the last piece. Throws DRAYAGE_STREAM_DAMAGED where the stream ended without it: then the round did not happen.
  summary(): Promise<RoundSummary>
}

export type Puller = {
  volume(peer: Peer, request: PullVolumeRequest, signal: AbortSignal): VolumePull
  image(peer: Peer, request: PullImageRequest, signal: AbortSignal): Pull
  noise(peer: Peer, request: PullNoiseRequest, signal: AbortSignal): Pull
}

// The same ticket again, good for longer.
export type TicketSource = (ticket: Ticket, signal: AbortSignal) => Promise<Ticket>

type Options = {
  readonly tls: TlsIdentity
  // Without, each is used as it is.
  readonly renewTicket?: TicketSource
  // Hosts that were removed, and who is told when one is met.
  readonly banned?: Pick<Banned, 'has' | 'onChange'>
  readonly onBanned?: (refusal: AppError, peer: Peer) => void
  readonly silenceMs?: number
  readonly stallTimeoutMs?: number
}

export const createPuller = ({
  tls,
  renewTicket,
  banned,
  onBanned = () => {},
  silenceMs = defaultSilenceMs,
  stallTimeoutMs = pieceStallMs(silenceMs),
}: Options): Puller => {
  // Looking at what is here already may have taken longer than a ticket is good for. Where nobody renews it, the source says
  // whether it will do.
  const fresh = async <R extends { readonly ticket?: Ticket | null }>(request: R, signal: AbortSignal): Promise<R> => {
    if (!request.ticket || renewTicket === undefined) return request
    if (isOfRetired(request.ticket, tls.authority)) throw retired()
    if (!isOld(request.ticket)) return request
    const ticket = await renewTicket(request.ticket, signal).catch(() => request.ticket)
    return { ...request, ticket }
  }

  const windowTo = rememberedWindows()

  // One connection for each pull, closed with it: pulls are few and long.
  const stream = async function* <R extends { readonly ticket?: Ticket | null }, T>(
    peer: Peer,
    request: R,
    signal: AbortSignal,
    open: (client: RpcClient<'Transfer'>, request: R, signal: AbortSignal) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const asked = await fresh(request, signal)
    const { host, address } = peer
    const describedAs = `the agent of ${host} at ${address}`
    const client = connect(
      'Transfer',
      {
        ...{ address, dnsName: agentDnsName(host), describedAs, whenUnreachable: 'DRAYAGE_PEER_UNREACHABLE' },
        ...{ silenceMs, windowBytes: await windowTo(address) },
        ...(banned === undefined ? {} : { banned }),
        onBanned: (refusal) => onBanned(refusal, peer),
      },
      tls,
    )
    const ended = new AbortController()
    try {
      yield* withStallTimeout(
        open(client, asked, AbortSignal.any([signal, ended.signal])),
        stallTimeoutMs,
        () =>
          new AppError(
            'DRAYAGE_PEER_UNREACHABLE',
            `Nothing has come from ${describedAs} for ${Math.round(stallTimeoutMs / 1000)} s.`,
          ),
      )
    } finally {
      ended.abort()
      client.close()
    }
  }

  return {
    volume: (peer, request, signal) => {
      let summary: RoundSummary | null = null
      let limits: RoundAnnouncement | undefined
      const messages = stream(peer, request, signal, (client, asked, both) =>
        client.serverStream('PullVolume', asked, { signal: both }),
      )
      const pull = counted<VolumePiece__Output, Piece>(messages, (message) => {
        if (message.summary) summary = message.summary
        if (message.announced) limits ??= message.announced
        const piece = message.compressed ? { ...message.compressed } : message.tar
        if (limits === undefined && piece !== undefined && packedBytes(piece) > 0) {
          throw new AppError(
            'DRAYAGE_STREAM_DAMAGED',
            `The volume ${request.volume} from ${peer.host} came without saying how much it is. Nothing of it was written.`,
          )
        }
        return piece
      })
      return {
        ...pull,
        limits: () => limits,
        summary: async () => {
          // A reader that knows where a tarball ends need not have asked for what follows it.
          for await (const _ of pull.rest()) if (pull.failure()) break
          if (pull.failure()) throw pull.failure()
          if (summary !== null) return summary
          throw new AppError(
            'DRAYAGE_STREAM_DAMAGED',
            `The volume ${request.volume} from ${peer.host} ended before its summary: the round is not whole.`,
          )
        },
      }
    },
    image: (peer, request, signal) =>
      counted<ImagePiece__Output, Buffer>(
        stream(peer, request, signal, (client, asked, both) =>
          client.serverStream('PullImage', asked, { signal: both }),
        ),
        ({ archive }) => archive,
      ),
    noise: (peer, request, signal) =>
      counted<NoisePiece__Output, Buffer>(
        stream(peer, request, signal, (client, asked, both) =>
          client.serverStream('PullNoise', asked, { signal: both }),
        ),
        ({ noise }) => noise,
      ),
  }
}

// From before the authority was changed for another: nobody takes it any more, and nobody can renew it.
const isOfRetired = ({ certificate }: Ticket, authorities: string): boolean => {
  try {
    const signer = new X509Certificate(Buffer.from(certificate ?? ''))
    return issuerOf(signer.toString(), authorities) === null
  } catch {
    return false
  }
}

const retired = (): AppError =>
  new AppError(
    'DRAYAGE_TICKET_EXPIRED',
    'The ticket is from before the certificate authority was changed (dray ca), and nobody takes it any more. Nothing was ' +
      'asked for. It is given anew by itself.',
  )

// By this host's clock; one that cannot be read is the source's to refuse.
const isOld = ({ statement }: Ticket): boolean => {
  try {
    const { expiresAtMs } = ticketStatementType.deserialize(Buffer.from(statement ?? ''))
    return expiresAtMs - Date.now() < ticketLifeMs / 2
  } catch {
    return false
  }
}

// Bytes of the messages that carry any, counted; what goes wrong is kept, since whoever writes the bytes may tell of it
// in words of its own.
const counted = <T, P extends Piece>(messages: AsyncGenerator<T>, pieceOf: (message: T) => P | undefined) => {
  let bytes = 0
  let unpacked = 0
  let failure: unknown = null
  const rest = async function* (): AsyncGenerator<P> {
    try {
      for (;;) {
        const { done, value } = await messages.next()
        if (done) return
        const piece = pieceOf(value)
        if (piece === undefined || packedBytes(piece) === 0) continue
        bytes += packedBytes(piece)
        unpacked += unpackedBytes(piece)
        yield piece
      }
    } catch (thrown) {
      failure = thrown
      throw thrown
    }
  }
  return {
    pieces: rest(),
    rest,
    bytes: () => bytes,
    unpackedBytes: () => unpacked,
    failure: () => failure,
    close: () => void messages.return(undefined).catch(() => {}),
  }
}
