// What only this migration may have touched on the target, asked of the engine: while the copy is made, last before the
// commit, and before any of it is discarded.
import { AppError } from '../../shared/errors.ts'
import { arePartsOfOne } from '../../shared/move-set/part.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import { changesOfPlaces, madePlaces, useOfPlaces } from '../binds/places.ts'
import type { Made, OwnCopy } from '../docker/engine.ts'
import type { TargetNote } from '../state/migrations.ts'
import { type AgentContext, type Done, done } from './context.ts'
import { targetNote } from './notes.ts'
import { changesOfAdopted, copyOf } from './retained.ts'
import { targetChanged } from './target-changed.ts'

type Context = Pick<AgentContext, 'engine' | 'state' | 'volumes' | 'paths' | 'rules' | 'dataDir'>

const ownCopy = ({ adopted }: TargetNote): OwnCopy | null => (adopted === undefined ? null : copyOf(adopted))

// Its own, and the volumes that those have taken that move with it: it may use them.
const ownOrTheirs = ({ migrations }: Context['state'], note: TargetNote): OwnCopy | null => {
  const taken = migrations
    .all()
    .flatMap((one) => (one.role === 'target' && arePartsOfOne(one.migrationId, note.migrationId) ? [one.adopted] : []))
    .flatMap((adopted) => (adopted === undefined ? [] : copyOf(adopted).volumes))
  return taken.length === 0 ? ownCopy(note) : { containerId: note.adopted?.containerId ?? '', volumes: taken }
}

// I3: what becomes the only copy is there, is ours, and nobody has run it.
export const confirmTarget = async (context: Context, containerId: string, lease: Lease): Promise<Done> => {
  const { engine, state } = context
  const note = targetNote(state, lease)
  const reasons = [
    ...(await engine.changesOfTarget(lease.migrationId, containerId, ownOrTheirs(state, note))),
    ...(note.adopted === undefined ? [] : await changesOfAdopted(context, note.adopted)),
    ...(await changesOfPlaces(context, note)),
  ]
  if (note.startAsked) reasons.unshift('it was asked to start already')
  if (reasons.length > 0) {
    throw targetChanged(
      `What migration ${lease.migrationId} prepared on this host is not as it was made: ${reasons.join('; ')}. The source ` +
        'is not given up for it. Keep others off it (compose, prune, scripts) until the move is done, and move it again.',
      reasons,
    )
  }
  await requireRoom(context, lease)
  await state.migrations.put({ ...note, confirmed: true })
  return done
}

// An engine needs some of its disk to start a container, and the container to write.
const leastRoom = { bytes: 1024 * 1024, inodes: 16 }

// I3: a disk that others have filled meanwhile is found before the source is given up.
const requireRoom = async ({ engine, volumes, paths }: Context, { migrationId }: Lease): Promise<void> => {
  const { dataRoot } = await engine.facts()
  const { bytes, inodes } = await volumes.freeSpace(paths.here(dataRoot))
  if (bytes >= leastRoom.bytes && inodes >= leastRoom.inodes) return
  throw new AppError(
    'DRAYAGE_TARGET_FULL',
    `The disk of this host's engine (${dataRoot}) has ${bytes} bytes and ${inodes} inodes free: what migration ${migrationId} ` +
      'brought is there, and could not be started or written to. The source is not given up for it. Make room there, and ' +
      'move it again.',
  )
}

// I6: nothing is written under a container that uses it.
export const requireUnused = async (
  context: Pick<AgentContext, 'engine' | 'paths'>,
  note: TargetNote,
  lease: Lease,
): Promise<void> => {
  const reasons = [
    ...(await context.engine.useOfTarget(lease.migrationId, ownCopy(note))),
    ...(await useOfPlaces(context, note)),
  ]
  if (reasons.length === 0) return
  throw targetChanged(
    `Nothing is written to the volumes that migration ${lease.migrationId} made on this host: ${reasons.join('; ')}. ` +
      'Keep others off them (compose, scripts) until the move is done, and move it again.',
    reasons,
  )
}

// Why what carries this migration's label may be the only live copy, and is not thrown away; empty: it is not.
export const claimsOn = (made: Made, note: TargetNote | null): string[] => {
  const places = note === null ? 0 : madePlaces(note).length
  const anything = made.containers.length + made.volumes.length + made.networks.length + places > 0
  if (!anything) return []
  return [
    ...(note === null
      ? ['this host has no note of that migration: it has ended here, and what it made may be in use since']
      : []),
    ...(note?.startAsked ? ['the workload was handed over to this host and asked to start'] : []),
    ...made.containers.filter(({ hasRun }) => hasRun).map(({ name }) => `the container ${name} has run here`),
  ]
}
