// The giving side: what transfer.proto says, to whoever has the coordinator's ticket for it. What a ticket says is looked
// for on this agent's disk, or among what it lends: nothing is given that is not there.
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../../shared/errors.ts'
import type { TicketStatement } from '../../shared/identity/ticket.ts'
import type { ImagePiece } from '../../shared/rpc/generated/drayage/v1/ImagePiece.ts'
import type { NoisePiece } from '../../shared/rpc/generated/drayage/v1/NoisePiece.ts'
import type { PullImageRequest__Output } from '../../shared/rpc/generated/drayage/v1/PullImageRequest.ts'
import type { PullNoiseRequest__Output } from '../../shared/rpc/generated/drayage/v1/PullNoiseRequest.ts'
import type { PullVolumeRequest__Output } from '../../shared/rpc/generated/drayage/v1/PullVolumeRequest.ts'
import type { VolumePiece } from '../../shared/rpc/generated/drayage/v1/VolumePiece.ts'
import { withSignsOfLife } from '../../shared/rpc/liveness.ts'
import { messageInPlace, wrappedInPlace } from '../../shared/rpc/piece-messages.ts'
import type { CallContext } from '../../shared/rpc/server.ts'
import { compressedField, pieceFields } from '../../shared/rpc/services.ts'
import type { Lending } from '../archive/lending.ts'
import type { Engine } from '../docker/engine.ts'
import type { EnginePaths } from '../engine-paths.ts'
import { whereIs } from '../set-aside/set-aside.ts'
import type { SourceNote } from '../state/migrations.ts'
import type { State } from '../state/state.ts'
import {
  compressionOf,
  devicePolicyOf,
  isPacked,
  type Piece,
  packedBytes,
  type RoundSummary,
  type VolumeEngine,
} from '../volume/engine.ts'
import type { Admission } from './admission.ts'
import { type BandwidthClock, createBandwidth } from './bandwidth.ts'
import { noisePieces } from './noise.ts'

export type Serving = {
  pullVolume(request: PullVolumeRequest__Output, context: CallContext): AsyncIterable<VolumePiece>
  pullImage(request: PullImageRequest__Output, context: CallContext): AsyncIterable<ImagePiece>
  pullNoise(request: PullNoiseRequest__Output, context: CallContext): AsyncIterable<NoisePiece>
}

export type ServingParts = {
  readonly engine: Pick<Engine, 'exportImage'>
  readonly volumes: Pick<VolumeEngine, 'readPacked'>
  readonly paths: EnginePaths
  readonly state: Pick<State, 'migrations' | 'epochs' | 'roundMemory'>
  readonly admission: Admission
  readonly lending?: Pick<Lending, 'find'>
  readonly signOfLifeMs?: number
  readonly clock?: BandwidthClock
}

const realClock: BandwidthClock = {
  nowMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await pause(ms, undefined, { signal })
  },
}

const mostSkippedNamed = 1_000

export const createServing = ({
  engine,
  volumes,
  paths,
  state,
  admission,
  lending = { find: () => null },
  signOfLifeMs = 5_000,
  clock = realClock,
}: ServingParts): Serving => {
  const bandwidth = createBandwidth(clock)
  // While the ticket's migration is under way here, under the ticket's epoch. Throws DRAYAGE_EPOCH_STALE for an older one.
  const noteFor = ({ transferId, workloadId, epoch }: TicketStatement): SourceNote => {
    const note = state.migrations.find(transferId)
    if (note?.role !== 'source')
      throw forbidden(transferId, `no migration ${transferId} away from this host is under way`)
    state.epochs.check({ migrationId: transferId, workloadId, epoch })
    if (note.workloadId !== workloadId || note.epoch !== epoch) {
      throw forbidden(transferId, `the ticket is for epoch ${epoch} of ${transferId}, which was granted ${note.epoch}`)
    }
    return note
  }

  // What a migration on this agent's disk says, and the round of it that the target asks for.
  const movedTo = async (request: PullVolumeRequest__Output, statement: TicketStatement) => {
    const { migrationId, volume, final, rootIdentity, heldDigest, lacking, everything } = request
    const note = noteFor(statement)
    const noted = note.volumes.find(({ name }) => name === volume)
    if (noted === undefined) {
      throw forbidden(migrationId, `the volume ${volume} is not one of those that migration ${migrationId} moves`)
    }
    const here = paths.here(noted.mountpoint)
    return {
      root: noted.ofHost ? here : await whereIs(here, migrationId),
      // What is of the host is the directory that the way without symlinks led to, whoever asks for another.
      expectIdentity: noted.ofHost ? noted.rootIdentity : rootIdentity || noted.rootIdentity,
      final,
      memory: await state.roundMemory.of(note.workloadId, volume),
      holding: { digest: heldDigest, lacking },
      everything,
    }
  }
  // What the coordinator has this agent lend: the whole volume, once, as it said.
  const lentTo = ({ transferId, volume = '' }: TicketStatement) => {
    const lent = lending.find(transferId, volume)
    if (lent === null) throw forbidden(transferId, `the volume ${volume} is not lent for ${transferId}`)
    return { root: lent.root, expectIdentity: lent.rootIdentity, final: lent.final }
  }
  // A copy apart from any migration has no workload.
  const isLoan = ({ workloadId }: TicketStatement): boolean => workloadId === ''

  // A stream outlasts its ticket, since a coordinator that is away must not cut it; and nothing that the ticket was for.
  const whileUnderWay = async function* <T>(statement: TicketStatement, pieces: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const piece of pieces) {
      if (isLoan(statement)) lentTo(statement)
      else noteFor(statement)
      yield piece
    }
  }

  return {
    pullVolume: async function* (request, context) {
      const { migrationId, volume } = request
      const statement = admission.admit(request.ticket, { transferId: migrationId, volume }, context)
      const { root, ...asked } = isLoan(statement) ? lentTo(statement) : await movedTo(request, statement)
      const options = { ...asked, devices: devicePolicyOf(request.devices), signal: context.signal }
      const round = volumes.readPacked(root, options, compressionOf(request.compression), context.isCallerBehind)
      round.summary.catch(() => {})
      let announced = false
      const { bytesPerSecond } = request
      const given = whileUnderWay(statement, round.pieces)
      const leaving = bandwidth.limited(migrationId, bytesPerSecond, given, packedBytes, context.signal)
      for await (const piece of withSignsOfLife<Piece>(leaving, signOfLifeMs, () => Buffer.alloc(0))) {
        const limits = announced || packedBytes(piece) === 0 ? undefined : round.limits()
        if (limits !== undefined) {
          announced = true
          yield { announced: limits }
        }
        const sent = (): void => round.giveBack(piece)
        if (isPacked(piece)) yield wrappedInPlace<VolumePiece>(compressedField, piece.bytes, piece.zstd, sent)
        else if (piece.length === 0) yield { tar: piece }
        else yield messageInPlace<VolumePiece>(pieceFields.PullVolume, piece, sent)
      }
      yield { summary: toMessage(await round.summary) }
    },

    pullImage: async function* ({ migrationId, imageId, references, bytesPerSecond, ticket, heldLayers }, context) {
      const statement = admission.admit(ticket, { transferId: migrationId, imageId }, context)
      const note = noteFor(statement)
      const known = [
        { imageId: note.imageId, references: note.imageReferences },
        ...(note.layer === undefined ? [] : [note.layer]),
      ]
      const mayGo = known.some(
        (one) => one.imageId === imageId && references.every((reference) => one.references.includes(reference)),
      )
      if (!mayGo) {
        throw forbidden(
          migrationId,
          `the image ${imageId} (${references.join(', ')}) is not the one that migration ${migrationId} moves`,
        )
      }
      const pieces = whileUnderWay(statement, engine.exportImage(imageId, references, context.signal, heldLayers))
      const length = (piece: Buffer) => piece.length
      const leaving = bandwidth.limited(migrationId, bytesPerSecond, pieces, length, context.signal)
      for await (const archive of withSignsOfLife(leaving, signOfLifeMs, () => Buffer.alloc(0))) yield { archive }
    },

    // Nothing of this host is in it: the ticket alone says that it may go.
    pullNoise: async function* ({ transferId, bytesPerSecond, ticket }, context) {
      admission.admit(ticket, { transferId, noise: true }, context)
      const { pieces, giveBack } = noisePieces()
      const length = (piece: Buffer) => piece.length
      for await (const piece of bandwidth.limited(transferId, bytesPerSecond, pieces(), length, context.signal)) {
        yield messageInPlace<NoisePiece>(pieceFields.PullNoise, piece, () => giveBack(piece))
      }
    },
  }
}

const forbidden = (transferId: string, why: string): AppError =>
  new AppError('DRAYAGE_TRANSFER_FORBIDDEN', `Nothing was sent: ${why}, as far as this agent has on its disk.`, {
    details: { subject: transferId },
  })

const toMessage = ({ skipped, ...measured }: RoundSummary) => {
  const unnamed = skipped.length - mostSkippedNamed
  const named = skipped.slice(0, mostSkippedNamed).map(({ path, reason }) => ({ path, reason }))
  if (unnamed > 0) named.push({ path: Buffer.from('…'), reason: `${unnamed} more entries were left out` })
  return { ...measured, skipped: named }
}
