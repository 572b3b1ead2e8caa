// hold: nothing that a prune could take on either side.
import { AppError } from '../../shared/errors.ts'
import type { Choices__Output as Choices } from '../../shared/rpc/generated/drayage/v1/Choices.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import type { PreparedTarget } from '../../shared/rpc/generated/drayage/v1/PreparedTarget.ts'
import type { PrepareTargetRequest__Output } from '../../shared/rpc/generated/drayage/v1/PrepareTargetRequest.ts'
import type { Workload__Output as Workload } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import { requireMayCome } from '../authority/rules.ts'
import { discardPlaces, madePlaces, takePlaces } from '../binds/places.ts'
import { ofEngine, ofHost } from '../binds/target.ts'
import { withPublished } from '../docker/on-target/republish.ts'
import type { Adopted } from '../state/migrations.ts'
import { requireBinds } from './binds.ts'
import { claimsOn } from './confirm.ts'
import { type AgentContext, type Done, done } from './context.ts'
import { findNote, requireContainer, sourceNote, targetNote } from './notes.ts'
import { adopt, copyOf, layerAgainst, told } from './retained.ts'
import { targetChanged } from './target-changed.ts'

export const holdSource = async ({ engine, state }: AgentContext, containerId: string, lease: Lease): Promise<Done> => {
  requireContainer(sourceNote(state, lease), containerId)
  await engine.createHolder(containerId, lease.migrationId)
  return done
}

// By its label, note or no note: a holder is nobody else's.
export const releaseSource = async ({ engine }: AgentContext, lease: Lease): Promise<Done> => {
  await engine.removeHolder(lease.migrationId)
  return done
}

export const prepareTarget = async (
  context: AgentContext,
  request: Omit<PrepareTargetRequest__Output, 'lease'>,
  lease: Lease,
): Promise<PreparedTarget> => {
  const { workload: described, imageId, overwriteChanged, allowedPowers, choices, layer } = request
  if (!described) throw new AppError('DRAYAGE_INVALID_REQUEST', 'PrepareTarget lacks the workload.')
  const { engine, state, rules } = context
  const workload = withPublished(described, choices?.publish ?? [])
  requireMayCome({ workload, allowed: allowedPowers }, rules)
  await requireBinds(context, workload, choices)
  const note = await adopt(context, targetNote(state, lease), workload, overwriteChanged)
  const { adopted } = note
  const retired = adopted ? state.retired.byContainer(adopted.containerId) : null
  if (adopted) requireNoLayer(adopted, workload, choices, layer)
  // Before the container: an engine makes what is not there, as nobody's.
  await takePlaces(context, note, ofHost(workload.volumes), retired === null ? [] : [retired])
  const prepared = await engine.prepare(ofEngine(workload), imageId, lease.migrationId, {
    ...{ own: adopted ? copyOf(adopted) : null, layer },
    prepared: new Map(request.prepared.map(({ sourceContainerId, containerId }) => [sourceContainerId, containerId])),
  })
  return { ...prepared, retained: retired === null ? null : told(retired) }
}

// At the last, what it changed on its way down.
const requireNoLayer = (
  adopted: Adopted,
  workload: Workload,
  choices: Choices | null,
  layer: PrepareTargetRequest__Output['layer'],
): void => {
  const asItStopped = { changes: 1, paths: ['what it changed until it had stopped'], bytes: 0 }
  const writableLayer = layer === null ? workload.writableLayer : asItStopped
  const [finding] = layerAgainst(adopted, { writableLayer }, choices)
  if (finding !== undefined) throw new AppError('DRAYAGE_WRITABLE_LAYER', finding.message)
}

// By label, and only while this host knows that nobody can have come to rely on it: a coordinator that was restored from
// a backup may ask for the undo of a move that has long been done.
export const discardTarget = async (context: AgentContext, lease: Lease): Promise<Done> => {
  const { engine, state } = context
  const made = await engine.madeBy(lease.migrationId)
  const note = findNote(state, 'target', lease)
  const claims = claimsOn(made, note)
  if (claims.length > 0) {
    const here = [
      ...made.containers.map(({ name }) => `container ${name}`),
      ...made.volumes.map((name) => `volume ${name}`),
      ...made.networks.map((name) => `network ${name}`),
      ...(note === null ? [] : madePlaces(note).map(({ path }) => `directory ${path}`)),
    ]
    throw targetChanged(
      `What migration ${lease.migrationId} made on this host (${here.join(', ')}) was kept, since it may hold the only ` +
        `current data: ${claims.join('; ')}. Find out which copy is the workload's. If it is not this one, remove these ` +
        'here by hand (docker rm, docker volume rm, docker network rm); this is then done when it is tried again.',
      claims,
    )
  }
  await engine.discard(lease.migrationId, note?.adopted ? copyOf(note.adopted) : null)
  if (note !== null) await discardPlaces(context, note)
  return done
}
