// What a move left on this host is made startable again: the data that was set aside goes back to its place, the container
// gets its name and its restart policy, and its agent lets it run. It is not started. By hand (break-glass.ts), or because
// an operator has settled that the workload is this host's (steps/settle.ts).
import { lstat } from 'node:fs/promises'
import { AppError, type Finding } from '../shared/errors.ts'
import type { ContainerState, Engine, RestartPolicy } from './docker/engine.ts'
import type { EnginePaths } from './engine-paths.ts'
import { asideOf, bringBack, isSameRoot } from './set-aside/set-aside.ts'
import type { LeftHere } from './state/left-here.ts'
import type { NotedVolume } from './state/migrations.ts'
import type { State } from './state/state.ts'

export type PuttingBack = {
  readonly engine: Pick<Engine, 'container' | 'rename' | 'setRestartPolicy' | 'removeHolder'>
  readonly paths: EnginePaths
  // VolumeEngine.identify
  readonly identify: (path: string) => Promise<string>
}

type PlannedVolume = NotedVolume & { readonly here: string; readonly isAside: boolean }

export type Plan = {
  readonly left: LeftHere
  // null: somebody has removed the container. Its data is brought back all the same.
  readonly container: ContainerState | null
  readonly volumes: readonly PlannedVolume[]
  readonly renameTo: string | null
  // What it will be called.
  readonly name: string
  readonly policy: RestartPolicy | null
}

// Throws DRAYAGE_FENCE_CONFLICT with every reason; nothing is touched where what is found is not what was noted.
export const makePlan = async (host: PuttingBack, left: LeftHere): Promise<Plan> => {
  const faults: Finding[] = []
  const container = await findContainer(host.engine, left.containerId)
  // Somebody else's new name for it is left as it is.
  const renameTo = container !== null && left.renamedTo !== '' && container.name === left.renamedTo
  if (renameTo && (await isTaken(host.engine, left.containerName))) {
    faults.push(
      conflict(
        `another container is called ${left.containerName} here now, and two cannot be. Rename or remove that one`,
      ),
    )
  }
  const volumes: PlannedVolume[] = []
  for (const volume of left.volumes) {
    const found = await lookAt(host, left.migrationId, volume)
    if ('code' in found) faults.push(found)
    else volumes.push(found)
  }
  if (faults.length > 0) {
    throw new AppError(
      'DRAYAGE_FENCE_CONFLICT',
      `Nothing was done with ${left.containerName}: ${faults.map(({ message }) => message).join('; ')}. Then run this again.`,
      { details: { reasons: faults } },
    )
  }
  return {
    left,
    container,
    volumes,
    renameTo: renameTo ? left.containerName : null,
    name: renameTo ? left.containerName : (container?.name ?? left.containerName),
    policy: container === null ? null : left.policy,
  }
}

export const findContainer = (engine: PuttingBack['engine'], idOrName: string): Promise<ContainerState | null> =>
  engine.container(idOrName).catch((thrown: unknown) => {
    if (thrown instanceof AppError && thrown.code === 'DRAYAGE_CONTAINER_NOT_FOUND') return null
    throw thrown
  })

// Docker takes also the start of an id for a name, but only where no container is called so.
const isTaken = async (engine: PuttingBack['engine'], name: string): Promise<boolean> => {
  try {
    return (await findContainer(engine, name))?.name === name
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'DRAYAGE_CONTAINER_AMBIGUOUS') return false
    throw thrown
  }
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    (thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'ENOENT') return false
      throw thrown
    },
  )

// Where the data is, or why it is left alone.
const lookAt = async (
  { paths, identify }: PuttingBack,
  migrationId: string,
  volume: NotedVolume,
): Promise<PlannedVolume | Finding> => {
  const here = paths.here(volume.mountpoint)
  const aside = asideOf(here, migrationId)
  const [inPlace, isAside] = [await exists(here), await exists(aside)]
  const of = `the volume ${volume.name}: `
  if (inPlace && isAside) {
    return conflict(
      `${of}both ${here} and ${aside} exist. Something made a new directory where the volume's data had been; find out ` +
        'which of the two holds the data, and move the other away',
    )
  }
  if (!inPlace && !isAside) {
    return conflict(
      `${of}neither ${here} nor ${aside} exists. Find out who moved the data, and put it back; or say where the ` +
        "engine's folder is seen from here (--volume-root)",
    )
  }
  const found = await identify(isAside ? aside : here)
  if (!isSameRoot(volume.rootIdentity, found)) {
    return conflict(
      `${of}${isAside ? aside : here} is another directory (${found}) than the one that was set aside ` +
        `(${volume.rootIdentity}). Find out who replaced it, and put the original back`,
    )
  }
  return { ...volume, rootIdentity: found, here, isAside }
}

const conflict = (message: string): Finding => ({ code: 'DRAYAGE_FENCE_CONFLICT', message })

// May be asked for again after being cut off anywhere: the container is allowed to run last.
export const putBack = async (
  { engine, identify }: PuttingBack,
  { migrations, retired }: Pick<State, 'migrations' | 'retired'>,
  { left, container, volumes, renameTo, policy }: Plan,
): Promise<void> => {
  const { migrationId, containerId } = left
  for (const { name, here, rootIdentity } of volumes) {
    await bringBack({ name, root: here, rootIdentity, migrationId }, identify)
  }
  if (container !== null) {
    if (renameTo !== null) await engine.rename(containerId, renameTo)
    if (policy !== null) await engine.setRestartPolicy(containerId, policy)
    // It kept the volumes from a prune; the container does so itself.
    await engine.removeHolder(migrationId)
  }
  if (migrations.find(migrationId)?.role === 'source') await migrations.forget(migrationId)
  await retired.remove(containerId)
}
