// finalcopy, where the writable layer is to be kept: what the stopped container has outside its volumes becomes an image that
// the peer may pull.
import { AppError } from '../../shared/errors.ts'
import { failpoint } from '../../shared/failpoints/failpoints.ts'
import type { KeptLayer } from '../../shared/rpc/generated/drayage/v1/KeptLayer.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import type { SourceNote } from '../state/migrations.ts'
import type { AgentContext } from './context.ts'
import { requireContainer, sourceNote } from './notes.ts'

export const keepLayer = async (
  { engine, state }: Pick<AgentContext, 'engine' | 'state'>,
  containerId: string,
  lease: Lease,
): Promise<KeptLayer> => {
  const note = sourceNote(state, lease)
  requireContainer(note, containerId)
  const { name, status, running, restarting } = await engine.container(containerId)
  if (running || restarting) {
    throw new AppError(
      'DRAYAGE_CONTAINER_NOT_STOPPED',
      `${name} is ${status}: what it has outside its volumes would not be the last of it. Stop it first.`,
    )
  }
  await state.migrations.put({ ...note, layer: { imageId: null, references: [] } })
  const image = await engine.commitLayer(containerId, lease.migrationId)
  await failpoint('KeepLayer.middle')
  if (image === null) return { image: null }
  await state.migrations.put({ ...note, layer: { imageId: image.id, references: [...image.tags] } })
  return { image }
}

// Before the note of it goes. The image is needed no more: what came of it is on the target, or was put back.
export const removeKeptLayer = async (
  { engine }: Pick<AgentContext, 'engine'>,
  { layer, migrationId }: SourceNote,
): Promise<void> => {
  if (layer !== undefined) await engine.removeLayer(migrationId)
}
