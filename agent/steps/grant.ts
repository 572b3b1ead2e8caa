// lock: the epoch, and what this migration may do here.
import { AppError } from '../../shared/errors.ts'
import { failpoint } from '../../shared/failpoints/failpoints.ts'
import type { Choices__Output as Choices } from '../../shared/rpc/generated/drayage/v1/Choices.ts'
import type { GrantEpochRequest__Output } from '../../shared/rpc/generated/drayage/v1/GrantEpochRequest.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import { isPlainVolume } from '../../shared/volumes/plain.ts'
import { bindsByRules } from '../binds/source.ts'
import type { Note, SourceNote } from '../state/migrations.ts'
import { type AgentContext, type Done, done } from './context.ts'
import { removeKeptLayer } from './keep-layer.ts'
import { describeWorkload } from './look.ts'

type Granted = Omit<GrantEpochRequest__Output, 'lease' | 'choices'> & { readonly choices?: Choices | null }

export const grantEpoch = async (
  context: AgentContext,
  { role, peerHost, containerId, choices = null }: Granted,
  lease: Lease,
): Promise<{ previousEpoch: number }> => {
  // Nothing is to be noted of what is about to be removed, but who may still speak of it.
  if (role === 'retired') return { previousEpoch: await context.state.epochs.grant(lease) }
  if (role !== 'source' && role !== 'target') {
    throw new AppError('DRAYAGE_INVALID_REQUEST', `"${role}" is neither source nor target. Nothing was granted.`)
  }
  const { migrations, epochs } = context.state
  await clearOlder(context, role === 'source' ? containerId : null, lease)
  const known = migrations.find(lease.migrationId)
  const note: Note =
    known !== null && known.role === role && known.workloadId === lease.workloadId
      ? { ...known, epoch: lease.epoch, peerHost }
      : role === 'source'
        ? await newSource(context, lease, peerHost, containerId, choices)
        : { ...subject(lease, peerHost), role, imageBrought: null, confirmed: false, startAsked: false, started: null }
  const previousEpoch = await epochs.grant(lease)
  await failpoint('GrantEpoch.middle')
  await migrations.put(note)
  return { previousEpoch }
}

const subject = ({ migrationId, workloadId, epoch }: Lease, peerHost: string) => ({
  migrationId,
  workloadId,
  epoch,
  peerHost,
})

// Volumes and image are fixed here: the peer may pull these and nothing else, whatever it asks for.
export const newSource = async (
  context: AgentContext,
  lease: Lease,
  peerHost: string,
  containerId: string,
  choices: Choices | null = null,
): Promise<SourceNote> => {
  const workload = await describeWorkload(context, containerId, AbortSignal.timeout(60_000))
  const binds = choices?.binds === 'copy' ? await bindsByRules(context, workload.binds) : []
  const copied = [...workload.volumes.filter(isPlainVolume), ...binds]
  return {
    ...subject(lease, peerHost),
    role: 'source',
    containerId: workload.containerId,
    containerName: workload.name,
    imageId: workload.image?.id ?? '',
    imageReferences: [...new Set([...(workload.image?.tags ?? []), workload.image?.reference ?? ''])].filter(Boolean),
    volumes: [...new Map(copied.map((volume) => [volume.name, volume])).values()].map(
      ({ name, mountpoint, rootIdentity, ofHost }) => ({
        name,
        mountpoint,
        rootIdentity,
        ...(ofHost ? { ofHost } : {}),
      }),
    ),
    fenced: null,
    stopped: null,
    isolated: null,
  }
}

// A migration that never said it had ended leaves a note. Where it left nothing else, the note goes; where it left the
// source fenced, somebody has to look.
// By the container too: a coordinator that lost its memory gives the same container a new workload, whose epochs say
// nothing of the old one's.
const clearOlder = async (
  { state, engine }: Pick<AgentContext, 'state' | 'engine'>,
  sourceId: string | null,
  { workloadId, migrationId, epoch }: Lease,
): Promise<void> => {
  for (const note of state.migrations.all()) {
    if (note.migrationId === migrationId) continue
    const older = note.workloadId === workloadId && note.epoch < epoch
    const sameContainer = note.workloadId !== workloadId && note.role === 'source' && note.containerId === sourceId
    if (!older && !sameContainer) continue
    if (note.role === 'source' && !isRetired(state, note)) requireNothingInForce(note)
    if (note.role === 'source') await removeKeptLayer({ engine }, note)
    await state.migrations.forget(note.migrationId)
  }
}

const isRetired = ({ retired }: AgentContext['state'], note: SourceNote): boolean =>
  retired.byContainer(note.containerId)?.migrationId === note.migrationId

const requireNothingInForce = (note: SourceNote): void => {
  const inForce = [
    note.isolated ? 'its data is set aside' : '',
    note.stopped ? 'it was stopped for the move' : '',
    note.fenced ? 'its restart policy was taken away' : '',
  ].filter(Boolean)
  if (inForce.length === 0) return
  throw new AppError(
    'DRAYAGE_FENCE_CONFLICT',
    `Migration ${note.migrationId} has left ${note.containerName} as it must not be left: ${inForce.join(', ')}. ` +
      'Its note was kept, since it says how to put that back. Let that migration be undone first.',
  )
}

// Keeps the epoch, and what is retired; and, of a workload that has come here, what the rounds have left in memory.
export const forgetMigration = async (
  { state, engine }: AgentContext,
  movedHere: string,
  lease: Lease,
): Promise<Done> => {
  const note = state.migrations.find(lease.migrationId)
  if (note === null) return done
  const { workloadId, migrationId } = lease
  if (note.role === 'target' && movedHere !== '') {
    const binds = (note.binds ?? []).map(({ path, identity }) => ({ path, identity }))
    const copied = binds.length === 0 ? {} : { binds }
    await state.arrived.add({ workloadId, migrationId, containerId: movedHere, ...copied })
  }
  if (note.role === 'source' && !isRetired(state, note)) requireNothingInForce(note)
  if (note.role === 'source') await removeKeptLayer({ engine }, note)
  await state.migrations.forget(lease.migrationId)
  return done
}
