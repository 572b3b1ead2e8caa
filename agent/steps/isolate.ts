// isolate: from here the source cannot be started, not even by mistake.
import { AppError } from '../../shared/errors.ts'
import type { IsolatedSource } from '../../shared/rpc/generated/drayage/v1/IsolatedSource.ts'
import type { IsolateSourceRequest__Output } from '../../shared/rpc/generated/drayage/v1/IsolateSourceRequest.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import { noticeText } from '../set-aside/notice.ts'
import { bringBack, setAside } from '../set-aside/set-aside.ts'
import type { NotedVolume, SourceNote } from '../state/migrations.ts'
import { type AgentContext, type Done, done } from './context.ts'
import { isPlainVolume } from './look.ts'
import { findNote, requireContainer, sourceNote } from './notes.ts'

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
      restartPolicy: note.fenced?.policy.Name ?? 'no',
    })
    const fenced = { ...volume, root: paths.here(volume.mountpoint), migrationId: lease.migrationId }
    await setAside(fenced, notice, volumes.identify)
  }
  if (isolated.renamed) await rename(context, request.containerId, isolated.renamed.from, isolated.renamed.to)
  return { volumes: isolated.volumes.map(({ name }) => name), renamedTo: isolated.renamed?.to ?? '' }
}

export const restoreSource = async (context: AgentContext, containerId: string, lease: Lease): Promise<Done> => {
  const { state, volumes, paths } = context
  const note = findNote(state, 'source', lease)
  if (!note?.isolated) return done
  requireContainer(note, containerId)
  for (const volume of note.isolated.volumes) {
    await bringBack(
      { ...volume, root: paths.here(volume.mountpoint), migrationId: lease.migrationId },
      volumes.identify,
    )
  }
  const { renamed } = note.isolated
  if (renamed) await rename(context, containerId, renamed.to, renamed.from)
  await state.migrations.put({ ...note, isolated: null })
  return done
}

// Volumes by what was noted when the epoch was granted; what is asked for must agree with it.
const plan = (note: SourceNote, { volumes }: Request): NonNullable<SourceNote['isolated']> => {
  const plain = [...new Map(volumes.filter(isPlainVolume).map((volume) => [volume.name, volume])).values()]
  const chosen = plain.map(({ name, rootIdentity }): NotedVolume => {
    const noted = note.volumes.find((volume) => volume.name === name)
    if (noted !== undefined && noted.rootIdentity !== '' && noted.rootIdentity === rootIdentity) return noted
    throw new AppError(
      'DRAYAGE_VOLUME_ROOT_CHANGED',
      `The volume ${name} (${rootIdentity}) is not the one that was noted for ${note.containerName} when the migration ` +
        `began (${noted?.rootIdentity ?? 'none'}). Nothing was set aside.`,
    )
  })
  // The end of a ULID is its random part.
  const short = note.migrationId.slice(-8).toLowerCase()
  const renamed = chosen.length > 0 ? null : { from: note.containerName, to: `${note.containerName}-moved-${short}` }
  return { volumes: chosen, renamed }
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
