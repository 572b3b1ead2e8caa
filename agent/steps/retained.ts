// What an earlier migration of the same workload has left on this host, taken as the target of a later one: its container,
// and its volumes as the base of what is sent. They stay set aside, and retired, until the workload has been handed over;
// so nothing here can start on data that is being written, and an undo has nothing to put back.
import { lstat } from 'node:fs/promises'
import { AppError, type Finding } from '../../shared/errors.ts'
import { failpoint } from '../../shared/failpoints/failpoints.ts'
import { migrationOfPart } from '../../shared/move-set/part.ts'
import type { Choices__Output as Choices } from '../../shared/rpc/generated/drayage/v1/Choices.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import type { RetainedCopy__Output as RetainedCopy } from '../../shared/rpc/generated/drayage/v1/RetainedCopy.ts'
import type { Workload__Output as Workload } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { ContainerState, Engine, OwnCopy } from '../docker/engine.ts'
import { layerPolicy } from '../docker/images/writable-layer.ts'
import { parseSpec } from '../docker/on-target/container-spec.ts'
import { keptPortFindings } from '../docker/on-target/republish.ts'
import { asideOf, bringBack, isSameRoot } from '../set-aside/set-aside.ts'
import type { Adopted, TargetNote } from '../state/migrations.ts'
import type { RetiredWorkload } from '../state/retired.ts'
import { type AgentContext, type Done, done } from './context.ts'
import { requireContainer, targetNote } from './notes.ts'
import { targetChanged } from './target-changed.ts'

type Context = Pick<AgentContext, 'engine' | 'volumes' | 'paths' | 'state'>

export const copyOf = ({ containerId, volumes }: Pick<RetiredWorkload, 'containerId' | 'volumes'>): OwnCopy => ({
  containerId,
  volumes: volumes.map(({ name }) => name),
})

export const told = ({ migrationId, containerId, partial }: RetiredWorkload): RetainedCopy => ({
  migrationId,
  containerId,
  partial: partial !== undefined,
})

export const findContainer = (engine: Pick<Engine, 'container'>, id: string): Promise<ContainerState | null> =>
  engine.container(id).catch((thrown: unknown) => {
    if (thrown instanceof AppError && thrown.code === 'DRAYAGE_CONTAINER_NOT_FOUND') return null
    throw thrown
  })

export const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    (thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'ENOENT') return false
      throw thrown
    },
  )

// The newest copy of the workload that this host keeps. One of which neither container nor data is left was removed by
// hand, and is none.
export const keptCopy = async (
  { engine, paths, state }: Pick<Context, 'paths' | 'state'> & { readonly engine: Pick<Engine, 'container'> },
  workloadId: string,
): Promise<RetiredWorkload | null> => {
  for (const retired of state.retired.byWorkload(workloadId)) {
    if ((await findContainer(engine, retired.containerId)) !== null) return retired
    for (const { mountpoint } of retired.volumes) {
      if (await isThere(asideOf(paths.here(mountpoint), retired.migrationId))) return retired
    }
  }
  return null
}

const isDirectory = (path: string): Promise<boolean> =>
  lstat(path).then(
    (stat) => stat.isDirectory(),
    () => false,
  )

const changed = (message: string): Finding => ({ code: 'DRAYAGE_RETAINED_CHANGED', message })

// Why the copy cannot be built upon; empty: it can. With `overwriteChanged`, what somebody wrote to it is no reason.
export const lookAtRetained = async (
  { engine, volumes, paths, state }: Context,
  retired: RetiredWorkload,
  overwriteChanged: boolean,
): Promise<Finding[]> => {
  const { containerName, migrationId } = retired
  const anew = `dray finalize ${migrationOfPart(migrationId)} removes it, and so do docker rm and docker volume rm; then everything is sent anew`
  const container = await findContainer(engine, retired.containerId)
  const reasons: Finding[] = []
  if (container === null) {
    reasons.push(changed(`The container ${containerName} that was kept on this host was removed by somebody. ${anew}.`))
  } else if (container.running || container.restarting) {
    reasons.push(
      changed(`The container ${container.name} that was kept on this host runs. Its agent stops it; try again.`),
    )
  }
  const gone = container === null ? [] : await engine.lostCompanions(retired.containerId)
  if (gone.length > 0) {
    const others = gone.map((id) => id.slice(0, 12)).join(', ')
    reasons.push(
      changed(
        `The container ${containerName} that is kept on this host has the network, the process ids or the IPC of another ` +
          `(${others}), which was removed by somebody: it cannot be started any more. ${anew}.`,
      ),
    )
  }
  if (retired.going !== undefined) {
    reasons.push(changed(`A finalize has begun to remove ${containerName} here. ${anew}.`))
  }
  for (const { name, mountpoint, rootIdentity } of retired.volumes) {
    const aside = asideOf(paths.here(mountpoint), migrationId)
    if (!(await isDirectory(aside)) || !isSameRoot(rootIdentity, await volumes.identify(aside))) {
      reasons.push(
        changed(
          `The data of the volume ${name} is not at ${aside}, where it was set aside, or is another directory. Find out who ` +
            `moved it, and put it back; or ${anew}.`,
        ),
      )
      continue
    }
    const named = overwriteChanged ? null : await changedIn({ volumes, state }, retired, aside, name)
    if (named === null || named === '') continue
    reasons.push(
      changed(
        `Somebody has changed the data of the volume ${name} that is kept on this host (${aside}) since it was set aside: ` +
          `${named}. Going on would overwrite that. Save what is wanted of ` +
          'it; then say that the rest may be lost (--overwrite-changed).',
      ),
    )
  }
  for (const { path, identity } of overwriteChanged ? [] : (retired.binds ?? [])) {
    const here = paths.here(path)
    // Another directory than the one that was left is nobody's base: binds/target.ts says so.
    if (!(await isDirectory(here)) || (await volumes.identify(here)) !== identity) continue
    const named = await changedIn({ volumes, state }, retired, here, path)
    if (named === '') continue
    // What stayed in its place others may have used.
    const what = named === null ? 'what, is not remembered' : named
    reasons.push(
      changed(
        `Something on this host ${named === null ? 'may have' : 'has'} changed ${path} since ${containerName} was moved away from it: ${what}. ` +
          'Going on would overwrite that. Save what is wanted of it; then say that the rest may be lost (--overwrite-changed).',
      ),
    )
  }
  return reasons
}

// The first names in it that are not as they were left; '': none; null: nothing is remembered.
const changedIn = async (
  { volumes, state }: Pick<Context, 'volumes' | 'state'>,
  { partial, workloadId }: RetiredWorkload,
  root: string,
  name: string,
): Promise<string | null> => {
  // Since a copy back was begun, that is what has changed it.
  if (partial !== undefined) return ''
  const changes = await volumes.changedSince(root, await state.roundMemory.of(workloadId, name))
  if (changes === null) return null
  const named = changes.slice(0, 5).map((path) => JSON.stringify(path.toString('utf8') || '.'))
  return `${named.join(', ')}${changes.length > 5 ? ', and more' : ''}`
}

// A copy that is taken is taken with its container, and that with the writable layer that it has.
export const layerAgainst = (
  { containerName, migrationId }: Pick<RetiredWorkload, 'containerName' | 'migrationId'>,
  { writableLayer }: Pick<Workload, 'writableLayer'>,
  choices: Choices | null,
): Finding[] =>
  layerPolicy(choices) !== 'keep' || !writableLayer?.changes
    ? []
    : [
        {
          code: 'DRAYAGE_WRITABLE_LAYER',
          message:
            `The copy of ${containerName} that is kept on this host would be taken with the files outside its volumes as they were ` +
            `left there, and without what was changed since: ${writableLayer.paths.slice(0, 5).join(', ')}. If that may be left ` +
            `behind, say so: --writable-layer discard. If not: dray finalize ${migrationOfPart(migrationId)} removes the copy, and everything is ` +
            'sent anew with it.',
        },
      ]

export const portsAgainst = async (
  { engine }: { readonly engine: Pick<Engine, 'portsOf'> },
  { containerId, migrationId }: Pick<RetiredWorkload, 'containerId' | 'migrationId'>,
  workload: Pick<Workload, 'name' | 'ports'>,
): Promise<Finding[]> => {
  const kept = await engine.portsOf(containerId)
  return kept === null ? [] : keptPortFindings(workload, kept, migrationId)
}

// Brought back by hand, so it is neither retired nor the base of anything, and both sides may have been written to.
export const broughtBackByHand = async ({ engine, state }: Context, workloadId: string): Promise<Finding[]> => {
  const findings: Finding[] = []
  for (const entry of state.breakGlass.all()) {
    if (entry.workloadId !== workloadId || state.retired.byContainer(entry.containerId) !== null) continue
    const container = await findContainer(engine, entry.containerId)
    if (container === null) continue
    findings.push(
      changed(
        `${container.name} was brought back on this host by hand (dray agent break-glass) at ${entry.startedAt}, and may have ` +
          'been written to since: there are two histories now, and nothing can make them one. Decide which is right. To keep ' +
          `the other host's, remove this one here (docker rm ${container.name}` +
          `${entry.volumes.length > 0 ? `, docker volume rm ${entry.volumes.join(' ')}` : ''}); everything is then sent anew.`,
      ),
    )
  }
  return findings
}

// Notes what is taken before anything relies on it. Throws DRAYAGE_RETAINED_CHANGED.
export const adopt = async (
  context: Context,
  note: TargetNote,
  workload: Workload,
  overwriteChanged: boolean,
): Promise<TargetNote> => {
  const { engine, state } = context
  if (note.adopted !== undefined) return note
  const retired = await keptCopy(context, note.workloadId)
  if (retired === null) return note
  const reasons = await lookAtRetained(context, retired, overwriteChanged)
  if (reasons.length > 0) {
    throw new AppError('DRAYAGE_RETAINED_CHANGED', reasons.map(({ message }) => message).join(' '), {
      details: { reasons },
    })
  }
  const { migrationId, containerId, containerName, renamedTo, volumes } = retired
  const { startedAt } = await engine.container(containerId)
  const policy = parseSpec(workload.specJson).hostConfig.RestartPolicy ?? { Name: 'no', MaximumRetryCount: 0 }
  const adopted: Adopted = {
    ...{ migrationId, containerId, containerName, renamedTo, startedAt },
    volumes: [...volumes],
    policy: { Name: policy.Name as Adopted['policy']['Name'], MaximumRetryCount: policy.MaximumRetryCount ?? 0 },
  }
  const taken = { ...note, adopted }
  await state.migrations.put(taken)
  return taken
}

// Where the data of a volume that was taken lies. From here on it is written to: said before the first byte is.
export const placeToWrite = async (
  { volumes, paths, state }: Context,
  { adopted, migrationId }: TargetNote,
  volume: string,
): Promise<string | null> => {
  const kept = adopted?.volumes.find(({ name }) => name === volume)
  if (adopted === undefined || kept === undefined) return null
  const aside = asideOf(paths.here(kept.mountpoint), adopted.migrationId)
  const retired = state.retired.byContainer(adopted.containerId)
  if (retired === null || !isSameRoot(kept.rootIdentity, await volumes.identify(aside))) {
    throw targetChanged(`The volume ${volume} was not written to: what was kept here is not as it was taken.`, [
      `the data of the volume ${volume} at ${aside} is not what was kept`,
    ])
  }
  await noteOverwriting({ state }, { adopted, migrationId })
  return aside
}

// From here on what was kept is written to.
export const noteOverwriting = async (
  { state }: Pick<Context, 'state'>,
  { adopted, migrationId }: Pick<TargetNote, 'adopted' | 'migrationId'>,
): Promise<void> => {
  const retired = adopted === undefined ? null : state.retired.byContainer(adopted.containerId)
  if (retired !== null && retired.partial === undefined) await state.retired.add({ ...retired, partial: migrationId })
}

// In which the copy that was taken is not as it was: beside what the engine says.
export const changesOfAdopted = async (
  { engine, volumes, paths, state }: Context,
  adopted: Adopted,
): Promise<string[]> => {
  const reasons: string[] = []
  if (state.retired.byContainer(adopted.containerId) === null) {
    reasons.push(`${adopted.containerName} was brought back here by hand meanwhile`)
  }
  const container = await findContainer(engine, adopted.containerId)
  if (container !== null && container.startedAt !== adopted.startedAt) {
    reasons.push(`its container ${container.name} was started by somebody at ${container.startedAt}`)
  }
  for (const { name, mountpoint, rootIdentity } of adopted.volumes) {
    const aside = asideOf(paths.here(mountpoint), adopted.migrationId)
    if ((await isDirectory(aside)) && isSameRoot(rootIdentity, await volumes.identify(aside))) continue
    reasons.push(`the data of its volume ${name} is not at ${aside} any more`)
  }
  return reasons
}

// The workload is this host's now: what was kept here is put in place, and may run again, in this order. Each part may be
// asked for again after being cut off anywhere.
export const reinstateTarget = async (context: AgentContext, containerId: string, lease: Lease): Promise<Done> => {
  const { engine, volumes, paths, state, log } = context
  const note = targetNote(state, lease)
  const { adopted } = note
  if (adopted === undefined) return done
  requireContainer({ ...adopted, migrationId: lease.migrationId }, containerId)
  if (!note.confirmed) {
    const reason = `migration ${lease.migrationId} has not confirmed it`
    throw targetChanged(`What is kept of ${adopted.containerName} here was not put in place: ${reason}.`, [reason])
  }
  for (const { name, mountpoint, rootIdentity } of adopted.volumes) {
    const fenced = { name, rootIdentity, root: paths.here(mountpoint), migrationId: adopted.migrationId }
    await bringBack(fenced, volumes.identify)
  }
  await failpoint('ReinstateTarget.middle')
  if (adopted.renamedTo !== '') await engine.rename(containerId, adopted.containerName)
  await engine.setRestartPolicy(containerId, adopted.policy)
  await state.retired.remove(containerId)
  log.info({ container: containerId, migration: lease.migrationId }, 'Reinstated: this container has come back')
  return done
}
