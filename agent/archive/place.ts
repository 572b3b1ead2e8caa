// The volume that an import makes or fills: asked for, noted, made, and in the end kept or taken back.
import { readdir } from 'node:fs/promises'
import { AppError, asAppError } from '../../shared/errors.ts'
import type { ImportVolumeRequest__Output } from '../../shared/rpc/generated/drayage/v1/ImportVolumeRequest.ts'
import type { VolumeState } from '../docker/engine.ts'
import type { ImportNote } from '../state/imports.ts'
import { type ArchiveContext, requireNotRetired, requirePlain, requireUnshifted } from './at-hand.ts'
import { beginStaging, dropIncoming, finishStaging, putBack } from './staging.ts'

export type Place = {
  // It did not exist before.
  readonly made: boolean
  // As this agent sees it, and not yet the volume's: where everything is to be written.
  readonly incoming: string
  // What was written is the volume from now on.
  keep(): Promise<void>
}

type Asked = Pick<ImportVolumeRequest__Output, 'transferId' | 'volume' | 'intoEmpty' | 'labels'>

// Throws DRAYAGE_VOLUME_EXISTS, DRAYAGE_VOLUME_IN_USE, DRAYAGE_VOLUME_BUSY, DRAYAGE_VOLUME_DRIVER, DRAYAGE_VOLUME_OPTIONS,
// DRAYAGE_WORKLOAD_RETIRED, DRAYAGE_ID_SHIFT_MISMATCH, DRAYAGE_ENGINE_REFUSED; then nothing was made.
export const makePlace = async (context: ArchiveContext, asked: Asked): Promise<Place> => {
  const { engine, paths, state } = context
  const { transferId, volume: name, intoEmpty, labels } = asked
  await requireUnshifted(engine)
  requireNobodyAt(context, name)
  const existing = await findVolume(context, name)
  if (existing !== null) {
    if (!intoEmpty) throw taken(name)
    await requireEmpty(context, existing)
  }
  const note: ImportNote = { transferId, volume: name, made: existing === null, mountpoint: '', whole: false }
  await state.imports.put(note)
  try {
    const { mountpoint } = existing ?? (await engine.makeVolume(name, labels, transferId))
    const placed = { ...note, mountpoint }
    await state.imports.put(placed)
    const root = paths.here(mountpoint)
    await context.volumes.identify(root)
    const incoming = await beginStaging(root, transferId)
    return {
      made: note.made,
      incoming,
      keep: async () => {
        await state.imports.put({ ...placed, whole: true })
        await finishStaging(root, transferId)
        await state.imports.forget(transferId)
      },
    }
  } catch (thrown) {
    await takeBack(context, transferId)
    throw thrown
  }
}

// Everything that an import has made which is not whole goes; what was there before is as it was. What cannot be done now
// stays noted, and is done when the agent starts again.
export const takeBack = async (context: ArchiveContext, transferId: string): Promise<void> => {
  const note = context.state.imports.all().find((one) => one.transferId === transferId)
  if (note === undefined) return
  try {
    await settle(context, note)
  } catch (thrown) {
    const { code, message } = asAppError(thrown)
    context.log.error(
      { transfer: transferId, volume: note.volume, code, reason: message },
      'What an import has left cannot be taken back now; it is tried again when the agent starts',
    )
  }
}

// What an agent that died in the middle has left. Before anything is served.
export const takeBackAll = async (context: ArchiveContext): Promise<void> => {
  for (const { transferId } of context.state.imports.all()) await takeBack(context, transferId)
}

const settle = async (context: ArchiveContext, note: ImportNote): Promise<void> => {
  const { engine, paths, state, volumes, log } = context
  const { transferId, volume, made, mountpoint, whole } = note
  const root = mountpoint === '' ? null : paths.here(mountpoint)
  if (whole && root !== null) {
    await finishStaging(root, transferId)
    log.info({ transfer: transferId, volume }, 'An import was whole and is kept')
  } else {
    if (root !== null) await dropIncoming(root, transferId, volumes)
    // Where somebody has made a container for the volume meanwhile, the engine keeps it: empty, as it was made.
    const removed = made && (await engine.removeMadeVolume(volume, transferId))
    if (!removed && root !== null) await putBack(root, transferId)
    log.info({ transfer: transferId, volume, removed }, 'An import was taken back')
  }
  await state.imports.forget(transferId)
}

const findVolume = async ({ engine }: ArchiveContext, name: string): Promise<VolumeState | null> => {
  try {
    return await engine.volume(name)
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'DRAYAGE_VOLUME_NOT_FOUND') return null
    throw thrown
  }
}

const requireNobodyAt = ({ state }: ArchiveContext, name: string): void => {
  const other = state.imports.all().find(({ volume }) => volume === name)
  if (other === undefined) return
  throw new AppError(
    'DRAYAGE_VOLUME_BUSY',
    `An import into ${name} is under way on this host, or was not taken back yet (transfer ${other.transferId}). Wait for ` +
      'it; if it does not end, start the agent again.',
  )
}

const requireEmpty = async ({ engine, paths, state }: ArchiveContext, volume: VolumeState): Promise<void> => {
  requirePlain(volume)
  const root = paths.here(volume.mountpoint)
  await requireNotRetired(state, volume.name, root)
  const running = await engine.runningUsers([volume])
  if (running.length > 0) {
    const names = running.map(({ name }) => name).join(', ')
    throw new AppError(
      'DRAYAGE_VOLUME_IN_USE',
      `The volume ${volume.name} is used by ${names} while it runs: nothing is put under it. Stop it first.`,
    )
  }
  if ((await readdir(root)).length > 0) throw taken(volume.name)
}

const taken = (name: string): AppError =>
  new AppError(
    'DRAYAGE_VOLUME_EXISTS',
    `There is a volume ${name} on this host already, and nothing of it was touched. Choose another name; or, if it is empty, ` +
      'ask for it to be filled (--into-empty, intoEmpty=true).',
  )
