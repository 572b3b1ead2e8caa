// isolate: from here the source cannot be started, not even by mistake.

import { AppError } from '../../shared/errors.ts'
import { failpoint } from '../../shared/failpoints/failpoints.ts'
import type { IsolatedSource } from '../../shared/rpc/generated/drayage/v1/IsolatedSource.ts'
import type { IsolateSourceRequest__Output } from '../../shared/rpc/generated/drayage/v1/IsolateSourceRequest.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import { isPlainVolume } from '../../shared/volumes/plain.ts'
import { namesOf, runningInside } from '../binds/source.ts'
import { noticeText, policyFlag } from '../set-aside/notice.ts'
import { bringBack, bringBackUnnoted, setAside } from '../set-aside/set-aside.ts'
import type { NotedVolume, SourceNote } from '../state/migrations.ts'
import { type AgentContext, type Done, done } from './context.ts'
import { noteToUndo, puttingBack, requireContainer, sourceNote } from './notes.ts'

type Isolated = NonNullable<SourceNote['isolated']>
type Request = Pick<IsolateSourceRequest__Output, 'containerId' | 'volumes'>

export const isolateSource = async (context: AgentContext, request: Request, lease: Lease): Promise<IsolatedSource> => {
  const { engine, volumes, paths, state, now } = context
  const note = sourceNote(state, lease)
  requireContainer(note, request.containerId)
  const found = await engine.container(request.containerId)
  if (found.running || found.restarting) {
    throw new AppError(
      'DRAYAGE_CONTAINER_NOT_STOPPED',
      `${found.name} is ${found.status}: its data is not taken away under it. Stop it first.`,
    )
  }
  const isolated = note.isolated ?? plan(note, request)
  if (note.isolated === null) await state.migrations.put({ ...note, isolated })

  for (const volume of isolated.volumes) {
    const notice = noticeText({
      volume: volume.name,
      mountpoint: volume.mountpoint,
      migrationId: lease.migrationId,
      container: note.containerName,
      movedTo: note.peerHost,
      at: now().toISOString(),
      restartPolicy: note.fenced === null ? 'no' : policyFlag(note.fenced.policy),
    })
    const fenced = { ...volume, root: paths.here(volume.mountpoint), migrationId: lease.migrationId }
    await setAside(fenced, notice, volumes.identify)
    await failpoint('IsolateSource.middle')
  }
  if (isolated.renamed) await rename(context, request.containerId, isolated.renamed.from, isolated.renamed.to)
  await requireNoOtherUser(context, { ...note, isolated })
  await requireNoUserOfBinds(context, { ...note, isolated })
  return { volumes: isolated.volumes.map(({ name }) => name), renamedTo: isolated.renamed?.to ?? '' }
}

// A container that was started on a volume since the last look writes on through its mount, wherever the directory is
// now. From here on none can start on it, so that who does not run now never will.
const requireNoOtherUser = async (context: AgentContext, note: SourceNote & { isolated: Isolated }): Promise<void> => {
  const users = await context.engine.runningUsers(note.isolated.volumes)
  if (users.length === 0) return
  await takeBack(context, note)
  const names = users.map(({ id, name }) => name || id.slice(0, 12)).join(', ')
  throw new AppError(
    'DRAYAGE_VOLUME_SHARED',
    `The volumes of ${note.containerName} (${note.isolated.volumes.map(({ name }) => name).join(', ')}) are mounted in ` +
      `containers that run: ${names}. What they write would not move with it. They were left in place; stop or move ` +
      'those containers first.',
    { details: { users: users.map(({ name }) => name) } },
  )
}

// What was copied of the host stays in its place, so that only looking keeps others off it.
const requireNoUserOfBinds = async (
  context: AgentContext,
  note: SourceNote & { isolated: Isolated },
): Promise<void> => {
  const binds = note.volumes.flatMap(({ name: path, rootIdentity: identity, ofHost }) =>
    ofHost ? [{ path, identity }] : [],
  )
  const users = await runningInside(context, binds)
  if (users.length === 0) return
  await takeBack(context, note)
  throw new AppError(
    'DRAYAGE_VOLUME_SHARED',
    `${binds.map(({ path }) => path).join(', ')} of this host, which ${note.containerName} mounts, is mounted in containers ` +
      `that run: ${namesOf(users)}. What they write would not move with it. Stop or move those containers first.`,
    { details: { users: users.map(({ name }) => name) } },
  )
}

export const restoreSource = async (context: AgentContext, containerId: string, lease: Lease): Promise<Done> => {
  const note = noteToUndo(context, 'looking for volumes that it may have set aside', containerId, lease)
  if (note === null) {
    await restoreUnnoted(context, containerId, lease)
    return done
  }
  const { isolated } = note
  if (isolated !== null) await takeBack(context, { ...note, isolated })
  return done
}

// Volumes first: they are there also when the container is not any more.
const takeBack = async (context: AgentContext, note: SourceNote & { isolated: Isolated }): Promise<void> => {
  const { state, volumes, paths } = context
  const { isolated, migrationId, containerId } = note
  await puttingBack(
    async () => {
      for (const volume of isolated.volumes) {
        await bringBack({ ...volume, root: paths.here(volume.mountpoint), migrationId }, volumes.identify)
        await failpoint('RestoreSource.middle')
      }
      if (isolated.renamed) await rename(context, containerId, isolated.renamed.to, isolated.renamed.from)
    },
    () => state.migrations.put({ ...note, isolated: null }),
  )
}

// What was set aside carries the migration's id, so that it is found without a note; among all volumes, since the
// container may be gone.
const restoreUnnoted = async (
  { engine, state, paths, log }: AgentContext,
  containerId: string,
  { migrationId }: Lease,
): Promise<void> => {
  const retired = state.retired.all().find((workload) => workload.migrationId === migrationId)
  if (retired) {
    throw new AppError(
      'DRAYAGE_WORKLOAD_RETIRED',
      `${retired.containerName} has moved to ${retired.movedTo} (migration ${migrationId}); what it left here was not put back.`,
    )
  }
  const { volumes } = await engine.inventory()
  for (const { name, mountpoint } of volumes.filter(isPlainVolume)) {
    if (await bringBackUnnoted({ name, root: paths.here(mountpoint), migrationId })) {
      log.warn(
        { volume: name, migration: migrationId, container: containerId },
        'A volume was still set aside; it is back',
      )
    }
  }
}

// Volumes by what was noted when the epoch was granted; what is asked for must agree with it.
const plan = (note: SourceNote, { volumes }: Request): Isolated => {
  const plain = [...new Map(volumes.filter(isPlainVolume).map((volume) => [volume.name, volume])).values()]
  const carried = (wanted: Request['volumes']): NotedVolume[] => {
    const own = wanted.filter(({ carriedByAnother }) => !carriedByAnother)
    return own.map(({ name, rootIdentity }) => {
      const noted = note.volumes.find((volume) => volume.name === name)
      if (noted !== undefined && noted.rootIdentity !== '' && noted.rootIdentity === rootIdentity) return noted
      throw new AppError(
        'DRAYAGE_VOLUME_ROOT_CHANGED',
        `The volume ${name} (${rootIdentity}) is not the one that was noted for ${note.containerName} when the migration ` +
          `began (${noted?.rootIdentity ?? 'none'}). Nothing was set aside.`,
      )
    })
  }
  const binds = carried(volumes.filter(({ ofHost }) => ofHost))
  // The end of a ULID is its random part.
  const short = note.migrationId.slice(-8).toLowerCase()
  const renamed = plain.length > 0 ? null : { from: note.containerName, to: `${note.containerName}-moved-${short}` }
  return { volumes: carried(plain), ...(binds.length === 0 ? {} : { binds }), renamed }
}

const rename = async ({ engine }: AgentContext, containerId: string, from: string, to: string): Promise<void> => {
  const { name } = await engine.container(containerId)
  if (name === to) return
  if (name !== from) {
    throw new AppError(
      'DRAYAGE_FENCE_CONFLICT',
      `The container ${containerId.slice(0, 12)} is called ${name}, and was noted as ${from}: somebody renamed it. It was left alone.`,
    )
  }
  await engine.rename(containerId, to)
}
