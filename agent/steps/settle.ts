// What an operator has settled about a workload (`dray recover`), after a coordinator lost its memory or somebody brought
// a copy back by hand. Epochs first: from there on nothing that an older migration had asked for is done any more.
import { AppError } from '../../shared/errors.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import type { SettleWorkloadRequest__Output } from '../../shared/rpc/generated/drayage/v1/SettleWorkloadRequest.ts'
import { makePlan, putBack } from '../put-back.ts'
import { asideOf, whereIs } from '../set-aside/set-aside.ts'
import { findLeftHere } from '../state/left-here.ts'
import type { Note, SourceNote } from '../state/migrations.ts'
import { type AgentContext, type Done, done } from './context.ts'
import { fenceSource, unfenceSource } from './fence.ts'
import { newSource } from './grant.ts'
import { isolateSource, restoreSource } from './isolate.ts'
import { removeKeptLayer } from './keep-layer.ts'
import { describeWorkload } from './look.ts'
import { retireSource } from './retire.ts'
import { restartSource, stopSource } from './stop.ts'

type Request = Omit<SettleWorkloadRequest__Output, 'lease'>

export const settleWorkload = async (
  context: AgentContext,
  { ownerHost, isOwner, containerIds }: Request,
  lease: Lease,
): Promise<Done> => {
  const { epochs, migrations } = context.state
  await epochs.grant(lease)
  const ofWorkload = (): readonly Note[] => migrations.all().filter(({ workloadId }) => workloadId === lease.workloadId)
  const kept = new Set(isOwner ? containerIds : [])
  for (const containerId of kept) await letRun(context, containerId, ofWorkload())
  const others = new Set([
    ...(isOwner ? [] : containerIds),
    ...ofWorkload().flatMap((note) => (note.role === 'source' ? [note.containerId] : [])),
    ...(await madeByTargets(context, ofWorkload())),
  ])
  for (const containerId of others) {
    if (!kept.has(containerId)) await retire(context, containerId, ownerHost, lease)
  }
  for (const note of ofWorkload()) {
    await context.engine.removeHolder(note.migrationId)
    if (note.role === 'source') await removeKeptLayer(context, note)
    await migrations.forget(note.migrationId)
  }
  return done
}

const madeByTargets = async ({ engine }: AgentContext, notes: readonly Note[]): Promise<string[]> => {
  const ids: string[] = []
  for (const { migrationId, role } of notes) {
    if (role === 'target') ids.push(...(await engine.madeBy(migrationId)).containers.map(({ id }) => id))
  }
  return ids
}

const unlessMissing = async (work: () => Promise<unknown>): Promise<void> => {
  try {
    await work()
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'DRAYAGE_CONTAINER_NOT_FOUND') throw thrown
  }
}

// What a move had stopped goes on; what had moved away is put back and left to the operator to start, since what it wrote
// elsewhere is not in it.
const letRun = async (context: AgentContext, containerId: string, notes: readonly Note[]): Promise<void> => {
  const { engine, state, paths, volumes } = context
  const host = { engine, paths, identify: volumes.identify }
  if (state.retired.byContainer(containerId) === null) {
    const note = notes.find((one): one is SourceNote => one.role === 'source' && one.containerId === containerId)
    if (note === undefined) return
    for (const undo of [restoreSource, restartSource, unfenceSource]) {
      await unlessMissing(() => undo(context, containerId, note))
    }
    return
  }
  const left = await findLeftHere(state, engine, containerId)
  if (left !== null) await putBack(host, state, await makePlan(host, left))
}

// As a move would: no policy, stopped, set aside, and in the list of what must not run here.
const retire = async (context: AgentContext, containerId: string, ownerHost: string, lease: Lease): Promise<void> => {
  const { state } = context
  if (state.retired.byContainer(containerId) !== null) return
  await unlessMissing(async () => {
    const found = state.migrations
      .all()
      .find((note): note is SourceNote => note.role === 'source' && note.containerId === containerId)
    const note = await notedAsFound(context, found, ownerHost, containerId, lease)
    const own: Lease = { ...lease, migrationId: note.migrationId }
    await state.migrations.put({ ...note, peerHost: ownerHost })
    const workload = await describeWorkload(context, containerId, AbortSignal.timeout(60_000))
    await fenceSource(context, containerId, own)
    await stopSource(context, { containerId, stopTimeoutSeconds: workload.stopTimeoutSeconds }, own)
    const asideAlready = await setAsideByOthers(context, containerId)
    const volumes = workload.volumes.map((volume) => ({
      ...volume,
      carriedByAnother: asideAlready.has(volume.name),
    }))
    await isolateSource(context, { containerId, volumes }, own)
    await retireSource(context, { containerId, notCopied: true }, own)
  })
}

// Volumes that went with another container that mounts them too, and is settled before this one.
const setAsideByOthers = async ({ state, paths }: AgentContext, containerId: string): Promise<ReadonlySet<string>> => {
  const notes = state.migrations.all().flatMap((note) => (note.role === 'source' && note.isolated ? [note] : []))
  const others = [
    ...state.retired.all(),
    ...notes.map((note) => ({ ...note, volumes: note.isolated?.volumes ?? [] })),
  ].filter((other) => other.containerId !== containerId)
  const names = new Set<string>()
  for (const { migrationId, volumes } of others) {
    for (const { name, mountpoint } of volumes) {
      const root = paths.here(mountpoint)
      if ((await whereIs(root, migrationId)) === asideOf(root, migrationId)) names.add(name)
    }
  }
  return names
}

// What is in place now is what is to be set aside, whatever device number its disk has got since the note was made.
const notedAsFound = async (
  context: AgentContext,
  note: SourceNote | undefined,
  ownerHost: string,
  containerId: string,
  lease: Lease,
): Promise<SourceNote> => {
  if (note !== undefined && note.isolated !== null) return note
  const fresh = await newSource(context, lease, ownerHost, containerId)
  return note === undefined ? fresh : { ...note, volumes: fresh.volumes }
}
