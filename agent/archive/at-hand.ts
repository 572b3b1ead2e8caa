// A volume that is to be read as a whole: found, allowed, and counted. Nothing of it is changed.
import { AppError } from '../../shared/errors.ts'
import type { VolumeAtHand } from '../../shared/rpc/generated/drayage/v1/VolumeAtHand.ts'
import { withoutMarks } from '../docker/api/labels.ts'
import type { VolumeState } from '../docker/engine.ts'
import { whereIs } from '../set-aside/set-aside.ts'
import type { AgentContext } from '../steps/context.ts'
import { findOwnState, ownStateRefused } from '../steps/own-state.ts'

export type ArchiveContext = Pick<AgentContext, 'engine' | 'volumes' | 'paths' | 'state' | 'dataDir' | 'log'>

export type AtHand = {
  // As this agent sees it.
  readonly root: string
  // The directory that was counted, and must be the one that is read.
  readonly rootIdentity: string
  readonly told: VolumeAtHand
}

type Asked = { readonly volume: string; readonly live: boolean }

// Throws DRAYAGE_VOLUME_NOT_FOUND, DRAYAGE_VOLUME_DRIVER, DRAYAGE_VOLUME_OPTIONS, DRAYAGE_WORKLOAD_RETIRED,
// DRAYAGE_VOLUME_IN_USE, DRAYAGE_ID_SHIFT_MISMATCH, DRAYAGE_VOLUME_UNREADABLE, DRAYAGE_FORBIDDEN_BY_HOST.
export const findAtHand = async (
  context: ArchiveContext,
  { volume: name, live }: Asked,
  signal: AbortSignal,
): Promise<AtHand> => {
  const { engine, volumes, paths, state } = context
  const volume = await engine.volume(name)
  requirePlain(volume)
  await requireNotOwnState(context, volume)
  requireWhole(state, name)
  await requireUnshifted(engine)
  const root = paths.here(volume.mountpoint)
  await requireNotRetired(state, name, root)
  const running = await engine.runningUsers([volume])
  const names = running.map((container) => container.name).toSorted()
  if (names.length > 0 && !live) throw inUse(name, names)
  const rootIdentity = await volumes.identify(root)
  const { entries, diskBytes } = await volumes.measure(root, { signal })
  return {
    root,
    rootIdentity,
    told: { entries, diskBytes, running: names, labels: withoutMarks(volume.labels) },
  }
}

// Any other kind's directory is a view of data that is elsewhere, and empty while nobody uses it.
export const requirePlain = ({ name, driver, options }: VolumeState): void => {
  if (driver !== 'local') {
    throw new AppError(
      'DRAYAGE_VOLUME_DRIVER',
      `The volume ${name} is of the driver ${driver}, and only volumes of the driver local are read and written here. ` +
        "Use that driver's own way.",
    )
  }
  const given = Object.keys(options)
  if (given.length === 0) return
  throw new AppError(
    'DRAYAGE_VOLUME_OPTIONS',
    `The volume ${name} was made with options (${given.join(', ')}): its data is elsewhere, and its directory is only a ` +
      'view of it. Take the data from where it is.',
  )
}

export const requireNotOwnState = async (
  context: Pick<ArchiveContext, 'engine' | 'paths' | 'dataDir'>,
  { name, mountpoint }: Pick<VolumeState, 'name' | 'mountpoint'>,
): Promise<void> => {
  const own = await findOwnState(context)
  if (!(await own.isReachedFrom(mountpoint))) return
  const { code, message } = ownStateRefused(`The volume ${name}`, own)
  throw new AppError(code, message)
}

export const requireWhole = ({ imports }: Pick<ArchiveContext['state'], 'imports'>, name: string): void => {
  const note = imports.all().find(({ volume }) => volume === name)
  if (note === undefined) return
  throw new AppError(
    'DRAYAGE_VOLUME_BUSY',
    `The volume ${name} is being imported on this host (transfer ${note.transferId}), and is not whole yet. Wait for it.`,
  )
}

// Where the engine shifts ids, the numbers on the disk are another's than those that containers see.
export const requireUnshifted = async (engine: Pick<ArchiveContext['engine'], 'facts'>): Promise<void> => {
  const { idShift } = await engine.facts()
  if (idShift === '') return
  throw new AppError(
    'DRAYAGE_ID_SHIFT_MISMATCH',
    `This host's engine shifts user ids (${idShift}): the owners that stand in a tarball would mean others here than ` +
      'elsewhere. Use an engine that does not.',
  )
}

export const requireNotRetired = async (
  { retired }: Pick<ArchiveContext['state'], 'retired'>,
  name: string,
  root: string,
): Promise<void> => {
  for (const workload of retired.all()) {
    if (!workload.volumes.some((volume) => volume.name === name)) continue
    if ((await whereIs(root, workload.migrationId)) === root) continue
    throw new AppError(
      'DRAYAGE_WORKLOAD_RETIRED',
      `The volume ${name} on this host is what ${workload.containerName} left behind when it moved to ` +
        `${workload.movedTo} (migration ${workload.migrationId}), and is set aside. Take the volume from there.`,
    )
  }
}

const inUse = (volume: string, names: readonly string[]): AppError =>
  new AppError(
    'DRAYAGE_VOLUME_IN_USE',
    `The volume ${volume} is used by ${names.join(', ')}, which ${names.length === 1 ? 'runs' : 'run'}: what is written ` +
      'while it is read would be of different moments. Stop it first, or ask for a live copy (--live, live=true), in which ' +
      'each file is as it was found.',
    { details: { containers: names } },
  )
