// Volumes. Docker gives them no id: a volume is ours by the label that it was made with, and by nothing else.
import { AppError } from '../../../shared/errors.ts'
import type { WorkloadVolume__Output } from '../../../shared/rpc/generated/drayage/v1/WorkloadVolume.ts'
import type { InspectedVolume, ListedContainer, StringMap } from '../api/answers.ts'
import { type Client, compareApi, path } from '../api/client.ts'
import { hasStatus, orNull, refusedAs } from '../api/errors.ts'
import {
  anonymousLabel,
  importLabel,
  isOurs,
  labelsOf,
  migrationLabel,
  migrationOf,
  withoutMarks,
  withoutOurs,
} from '../api/labels.ts'
import { isSameElsewhere } from './volume-kinds.ts'

export type VolumeState = {
  readonly name: string
  readonly driver: string
  // In the engine's view of the file system.
  readonly mountpoint: string
  // RFC 3339; '' where the driver does not say.
  readonly createdAt: string
  readonly options: StringMap
  readonly labels: StringMap
  // The migration that made it; null where none did.
  readonly migrationId: string | null
}

// Engines before 23 mark them by nothing but a name that no person would give.
export const isAnonymous = (name: string, labels: StringMap | null): boolean =>
  labels?.[anonymousLabel] !== undefined || /^[0-9a-f]{64}$/.test(name)

export const volumeState = (volume: InspectedVolume): VolumeState => ({
  name: volume.Name,
  driver: volume.Driver,
  mountpoint: volume.Mountpoint,
  createdAt: volume.CreatedAt ?? '',
  options: volume.Options ?? {},
  labels: volume.Labels ?? {},
  migrationId: migrationOf(volume.Labels),
})

export const findVolume = (client: Client, name: string): Promise<InspectedVolume | null> =>
  orNull(client.get<InspectedVolume>(path`/volumes/${name}`))

export const inspectVolume = async (client: Client, name: string): Promise<InspectedVolume> => {
  const volume = await findVolume(client, name)
  if (volume !== null) return volume
  throw new AppError(
    'DRAYAGE_VOLUME_NOT_FOUND',
    `There is no volume ${name} on this engine. \`docker volume ls\` shows what there is.`,
  )
}

// Filters of the API match any volume that has the label; what it is worth is compared here.
export const ourVolumes = async (client: Client, migrationId: string): Promise<readonly InspectedVolume[]> => {
  const filters = JSON.stringify({ label: [`${migrationLabel}=${migrationId}`] })
  const { Volumes } = await client.get<{ Volumes: InspectedVolume[] | null }>('/volumes', { query: { filters } })
  return (Volumes ?? []).filter((volume) => isOurs(volume.Labels, migrationId))
}

export const volumeTaken = (name: string): AppError =>
  new AppError(
    'DRAYAGE_VOLUME_EXISTS',
    `A volume named ${name} is on the target already and was not made by this migration: it is somebody's data and is ` +
      'left as it is. Rename or remove it there, then try again.',
    { details: { volume: name } },
  )

// True where this migration made it; not, where it is a view of data that is elsewhere, and was here before.
// Docker answers a create of a name that exists with the volume that there is, and ignores the labels asked for: what
// came out is read back, and is ours only if it carries this migration's label.
export const createVolume = async (
  client: Client,
  volume: Pick<WorkloadVolume__Output, 'name' | 'driver' | 'labels' | 'options' | 'anonymous'>,
  migrationId: string,
): Promise<boolean> => {
  const marksAnonymous = volume.anonymous && compareApi(await client.apiVersion(), '1.42') >= 0
  const body = {
    Name: volume.name,
    Driver: volume.driver,
    DriverOpts: volume.options,
    Labels: {
      ...withoutOurs(volume.labels),
      ...(marksAnonymous ? { [anonymousLabel]: '' } : {}),
      ...labelsOf(migrationId),
    },
  }
  try {
    await client.post('/volumes/create', { body })
  } catch (error) {
    // 409: of that name with another driver.
    if (hasStatus(error, 409)) throw volumeTaken(volume.name)
    throw error
  }
  const made = await inspectVolume(client, volume.name)
  if (isOurs(made.Labels, migrationId)) return true
  if (isSameElsewhere(made, volume)) return false
  throw volumeTaken(volume.name)
}

const isMadeBy = ({ Labels }: InspectedVolume, transferId: string): boolean => Labels?.[importLabel] === transferId

// For an import. Throws DRAYAGE_VOLUME_EXISTS where there is one of that name.
export const makeVolume = async (
  client: Client,
  name: string,
  labels: StringMap,
  transferId: string,
): Promise<VolumeState> => {
  const exists = () =>
    new AppError('DRAYAGE_VOLUME_EXISTS', `A volume named ${name} was made on this host by somebody else just now.`)
  const body = { Name: name, Driver: 'local', Labels: { ...withoutMarks(labels), [importLabel]: transferId } }
  try {
    await client.post('/volumes/create', { body })
  } catch (error) {
    if (hasStatus(error, 409)) throw exists()
    throw error
  }
  const made = await inspectVolume(client, name)
  if (!isMadeBy(made, transferId)) throw exists()
  return volumeState(made)
}

// True: it is gone, or never was. False: it is another's, or a container refers to it.
export const removeMadeVolume = async (client: Client, name: string, transferId: string): Promise<boolean> => {
  const found = await findVolume(client, name)
  if (found === null) return true
  if (!isMadeBy(found, transferId)) return false
  try {
    await client.delete(path`/volumes/${name}`, { timeoutMs: removalTimeoutMs })
    return true
  } catch (error) {
    if (hasStatus(error, 404)) return true
    if (hasStatus(error, 409)) return false
    throw error
  }
}

// The engine removes file by file before it answers: a million of them take minutes.
const removalTimeoutMs = 4 * 60_000

// whose: in words that follow its name.
export const removeVolume = async (client: Pick<Client, 'delete'>, name: string, whose: string): Promise<void> => {
  try {
    await client.delete(path`/volumes/${name}`, { timeoutMs: removalTimeoutMs })
  } catch (error) {
    if (hasStatus(error, 404)) return
    if (!hasStatus(error, 409)) throw error
    throw refusedAs(
      'DRAYAGE_ENGINE_REFUSED',
      `The volume ${name}, ${whose}, is used by another container and was kept. ` +
        `\`docker ps -a --filter volume=${name}\` shows by which; remove that container, then the volume.`,
      error,
    )
  }
}

// Of which it is known that nobody uses it. The engine has the last word: it keeps one that a container refers to.
export const removeUnusedVolume = async (client: Client, name: string): Promise<void> => {
  try {
    await client.delete(path`/volumes/${name}`, { timeoutMs: unattendedTimeoutMs })
  } catch (error) {
    if (hasStatus(error, 404)) {
      throw refusedAs('DRAYAGE_VOLUME_NOT_FOUND', `There is no volume ${name} on this engine any more.`, error)
    }
    if (!hasStatus(error, 409)) throw error
    throw refusedAs(
      'DRAYAGE_VOLUME_IN_USE',
      `The engine has kept the volume ${name}: a container refers to it. \`docker ps -a --filter volume=${name}\` shows which.`,
      error,
    )
  }
}

// Nobody waits for a container meanwhile.
const unattendedTimeoutMs = 60 * 60_000

export const usersOf = (volume: string, containers: readonly ListedContainer[]): readonly ListedContainer[] =>
  containers.filter((container) =>
    (container.Mounts ?? []).some((mount) => mount.Type === 'volume' && mount.Name === volume),
  )
