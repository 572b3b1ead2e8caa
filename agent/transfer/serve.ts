// The giving side: what transfer.proto says, to the one agent that a migration on this agent's disk names, and nothing
// that is not noted there.
import { AppError } from '../../shared/errors.ts'
import type { ImagePiece } from '../../shared/rpc/generated/drayage/v1/ImagePiece.ts'
import type { PullImageRequest__Output } from '../../shared/rpc/generated/drayage/v1/PullImageRequest.ts'
import type { PullVolumeRequest__Output } from '../../shared/rpc/generated/drayage/v1/PullVolumeRequest.ts'
import type { VolumePiece } from '../../shared/rpc/generated/drayage/v1/VolumePiece.ts'
import { withSignsOfLife } from '../../shared/rpc/liveness.ts'
import { messageInPlace } from '../../shared/rpc/piece-messages.ts'
import type { CallContext } from '../../shared/rpc/server.ts'
import { pieceFields } from '../../shared/rpc/services.ts'
import type { Engine } from '../docker/engine.ts'
import type { EnginePaths } from '../engine-paths.ts'
import { whereIs } from '../set-aside/set-aside.ts'
import type { SourceNote } from '../state/migrations.ts'
import type { State } from '../state/state.ts'
import { devicePolicyOf, type RoundSummary, type VolumeEngine } from '../volume/engine.ts'

export type Serving = {
  pullVolume(request: PullVolumeRequest__Output, context: CallContext): AsyncIterable<VolumePiece>
  pullImage(request: PullImageRequest__Output, context: CallContext): AsyncIterable<ImagePiece>
}

type Options = {
  readonly engine: Pick<Engine, 'exportImage'>
  readonly volumes: Pick<VolumeEngine, 'read'>
  readonly paths: EnginePaths
  readonly state: Pick<State, 'migrations' | 'epochs' | 'roundMemory'>
  readonly signOfLifeMs?: number
}

const mostSkippedNamed = 1_000

export const createServing = ({ engine, volumes, paths, state, signOfLifeMs = 5_000 }: Options): Serving => {
  const noteFor = (migrationId: string, { caller }: CallContext): SourceNote => {
    const note = state.migrations.find(migrationId)
    if (note?.role !== 'source' || note.peerHost !== caller.host) {
      throw forbidden(`${caller.host} has no part in a migration ${migrationId} away from this host`)
    }
    state.epochs.check(note)
    return note
  }

  return {
    pullVolume: async function* (request, context) {
      const { migrationId, volume, final, rootIdentity, heldDigest, lacking } = request
      const note = noteFor(migrationId, context)
      const noted = note.volumes.find(({ name }) => name === volume)
      if (noted === undefined) {
        throw forbidden(`the volume ${volume} is not one of those that migration ${migrationId} moves`)
      }
      const root = await whereIs(paths.here(noted.mountpoint), migrationId)
      const round = volumes.read(root, {
        expectIdentity: rootIdentity || noted.rootIdentity,
        final,
        memory: await state.roundMemory.of(note.workloadId, volume),
        holding: { digest: heldDigest, lacking },
        devices: devicePolicyOf(request.devices),
        everything: request.everything,
        signal: context.signal,
      })
      round.summary.catch(() => {})
      let announced = false
      for await (const tar of withSignsOfLife(round.pieces, signOfLifeMs, () => Buffer.alloc(0))) {
        const limits = announced || tar.length === 0 ? undefined : round.limits()
        if (limits !== undefined) {
          announced = true
          yield { announced: limits }
        }
        yield tar.length === 0
          ? { tar }
          : messageInPlace<VolumePiece>(pieceFields.PullVolume, tar, () => round.giveBack(tar))
      }
      yield { summary: toMessage(await round.summary) }
    },

    pullImage: async function* ({ migrationId, imageId, references }, context) {
      const note = noteFor(migrationId, context)
      if (imageId !== note.imageId || !references.every((reference) => note.imageReferences.includes(reference))) {
        throw forbidden(
          `the image ${imageId} (${references.join(', ')}) is not the one that migration ${migrationId} moves`,
        )
      }
      const pieces = engine.exportImage(imageId, references, context.signal)
      for await (const archive of withSignsOfLife(pieces, signOfLifeMs, () => Buffer.alloc(0))) yield { archive }
    },
  }
}

const forbidden = (why: string): AppError =>
  new AppError('DRAYAGE_TRANSFER_FORBIDDEN', `Nothing was sent: ${why}, as far as this agent has on its disk.`)

const toMessage = ({ skipped, ...measured }: RoundSummary) => {
  const unnamed = skipped.length - mostSkippedNamed
  const named = skipped.slice(0, mostSkippedNamed).map(({ path, reason }) => ({ path, reason }))
  if (unnamed > 0) named.push({ path: Buffer.from('…'), reason: `${unnamed} more entries were left out` })
  return { ...measured, skipped: named }
}
