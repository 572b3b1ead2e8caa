// The way back by hand (docs/break-glass.md): what a move left on this host is made startable again without a coordinator,
// while the agent is stopped. Nobody but the operator can know that the other copy runs nowhere; everything else that the
// fence noted is compared first, and nothing is touched where it differs. Each part may be asked for again after being cut
// off anywhere: the record says that it began before anything is done, and the container is allowed to run last.
import { access, lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, type Finding } from '../shared/errors.ts'
import type { ContainerState, Engine, RestartPolicy } from './docker/engine.ts'
import type { EnginePaths } from './engine-paths.ts'
import { policyFlag } from './set-aside/notice.ts'
import { asideOf, bringBack } from './set-aside/set-aside.ts'
import { type BreakGlassRecord, type BroughtBack, openBreakGlass } from './state/break-glass.ts'
import { findLeftHere, type LeftHere, oneOf } from './state/left-here.ts'
import type { NotedVolume } from './state/migrations.ts'
import { takeOwnership } from './state/owner.ts'
import { openState, type State } from './state/state.ts'

export type BreakGlass = {
  readonly dataDir: string
  readonly engine: Pick<Engine, 'container' | 'rename' | 'setRestartPolicy' | 'removeHolder'>
  readonly paths: EnginePaths
  // dev:ino of a directory.
  readonly identify: (path: string) => Promise<string>
  readonly now: () => Date
}

export type BreakGlassRequest = {
  // Name, former name, id, or the start of an id.
  readonly container: string
  // The operator's word. Without it nothing is done.
  readonly itRunsNowhereElse: boolean
}

// All sentences are for people.
export type BreakGlassOutcome = {
  // Its name as of now; with 'not-done', as it will be.
  readonly container: string
  readonly state: 'not-done' | 'done' | 'was-done'
  // What nobody but the operator can see to, before it is done.
  readonly mustBeTrue: readonly string[]
  readonly broughtBack: readonly string[]
  // What is left to do.
  readonly next: string
}

// Throws DRAYAGE_CONFIG_INVALID (no such data directory, or its agent runs), DRAYAGE_CONTAINER_NOT_FOUND,
// DRAYAGE_CONTAINER_AMBIGUOUS, DRAYAGE_FENCE_CONFLICT with every reason, DRAYAGE_ENGINE_UNREACHABLE.
export const breakGlass = async (host: BreakGlass, request: BreakGlassRequest): Promise<BreakGlassOutcome> => {
  await requireAgentsData(host.dataDir)
  const ownership = await takeOwnership(host.dataDir).catch((thrown: unknown) => {
    if (!(thrown instanceof AppError)) throw thrown
    if (request.itRunsNowhereElse) throw agentRuns(host.dataDir, thrown)
    return null
  })
  try {
    const state = await openState(host.dataDir)
    const record = await openBreakGlass(join(host.dataDir, 'state'))
    const left = await findLeftHere(state, host.engine, request.container)
    if (left === null) return await doneBefore(host, record, state, request)
    const plan = await makePlan(host, left)
    const outcome = { container: plan.name, mustBeTrue: conditions(plan, ownership === null), ...told(plan) }
    if (!request.itRunsNowhereElse) return { ...outcome, state: 'not-done' }
    await carryOut(host, state, record, plan)
    return { ...outcome, state: 'done' }
  } finally {
    await ownership?.release()
  }
}

// Not made here: where it is lost, an empty one would say that nothing is retired.
const requireAgentsData = async (dataDir: string): Promise<void> => {
  try {
    await access(join(dataDir, 'state'))
  } catch (thrown) {
    throw new AppError(
      'DRAYAGE_CONFIG_INVALID',
      `${dataDir} (--data-dir) is no agent's data directory, or cannot be read: ${(thrown as Error).message}. Name the ` +
        "one of this host's agent, as root; if it is lost, docs/break-glass.md and the notice beside each volume's data " +
        'say how to do without.',
      { cause: thrown },
    )
  }
}

const howToStopIt = 'systemctl stop drayage-agent, or docker stop drayage-agent'

const agentRuns = (dataDir: string, cause: AppError): AppError =>
  new AppError(
    'DRAYAGE_CONFIG_INVALID',
    `The agent of this host runs (data directory ${dataDir}), and would stop the container again at once. Nothing was ` +
      `done. Stop the agent first (${howToStopIt}), do this again, and then start it again.`,
    { cause },
  )

type PlannedVolume = NotedVolume & { readonly here: string; readonly isAside: boolean }

type Plan = {
  readonly left: LeftHere
  // null: somebody has removed the container. Its data is brought back all the same.
  readonly container: ContainerState | null
  readonly volumes: readonly PlannedVolume[]
  readonly renameTo: string | null
  // What it will be called.
  readonly name: string
  readonly policy: RestartPolicy | null
}

const makePlan = async (host: BreakGlass, left: LeftHere): Promise<Plan> => {
  const faults: Finding[] = []
  const container = await findContainer(host.engine, left.containerId)
  // Somebody else's new name for it is left as it is.
  const renameTo = container !== null && left.renamedTo !== '' && container.name === left.renamedTo
  if (renameTo && (await findContainer(host.engine, left.containerName)) !== null) {
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

const findContainer = (engine: BreakGlass['engine'], idOrName: string): Promise<ContainerState | null> =>
  engine.container(idOrName).catch((thrown: unknown) => {
    if (thrown instanceof AppError && thrown.code === 'DRAYAGE_CONTAINER_NOT_FOUND') return null
    throw thrown
  })

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
  { paths, identify }: BreakGlass,
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
  if (!isSameDirectory(volume.rootIdentity, found)) {
    return conflict(
      `${of}${isAside ? aside : here} is another directory (${found}) than the one that was set aside ` +
        `(${volume.rootIdentity}). Find out who replaced it, and put the original back`,
    )
  }
  return { ...volume, rootIdentity: found, here, isAside }
}

// Device numbers are given out anew when a host starts (Btrfs and device-mapper do so in the order of mounting), and this
// is for the day after: the same inode under the name that carries the migration's id, or in its old place, is the same
// directory.
const isSameDirectory = (noted: string, found: string): boolean => inodeOf(noted) === inodeOf(found)
const inodeOf = (identity: string): string => identity.slice(identity.indexOf(':') + 1)

const conflict = (message: string): Finding => ({ code: 'DRAYAGE_FENCE_CONFLICT', message })

const conditions = ({ left }: Plan, agentIsRunning: boolean): readonly string[] => [
  ...(agentIsRunning ? [`The agent of this host is stopped (${howToStopIt}); now it runs.`] : []),
  `The copy on ${left.elsewhere} is stopped for good: nothing starts it again, or that machine is off and stays off. Two ` +
    'running copies cannot be made one again.',
  `What the copy on ${left.elsewhere} has written is not here: this data is that of the moment when ` +
    `${left.containerName} was stopped for the move${left.since === '' ? '' : `, before ${left.since}`}.`,
  ...(left.kind === 'retired'
    ? []
    : [
        `The migration ${left.migrationId} has not ended, and no coordinator goes on with it: one that comes back may ` +
          `start the copy on ${left.elsewhere}, unless its container there is removed (docker rm keeps its volumes).`,
      ]),
]

const told = ({ left, container, volumes, renameTo, policy, name }: Plan) => ({
  broughtBack: [
    ...volumes.map((volume) =>
      volume.isAside
        ? `the data of the volume ${volume.name}, to ${volume.here} from ${asideOf(volume.here, left.migrationId)}`
        : `the data of the volume ${volume.name}, which is in its place already: ${volume.here}`,
    ),
    ...(renameTo === null ? [] : [`the name ${renameTo}, from ${left.renamedTo}`]),
    ...(policy === null ? [] : [`the restart policy ${policyFlag(policy)}`]),
    `its right to run on this host: the agent leaves ${name} alone`,
  ],
  next:
    container === null
      ? `The container itself was removed by somebody. Make it anew on its volumes (${names(left.volumes)}).`
      : `docker start ${name}`,
})

const names = (volumes: readonly NotedVolume[]): string => volumes.map(({ name }) => name).join(', ') || 'it had none'

const carryOut = async (
  { engine, identify, now }: BreakGlass,
  { migrations, retired }: State,
  record: BreakGlassRecord,
  { left, container, volumes, renameTo, policy }: Plan,
): Promise<void> => {
  const { workloadId, migrationId, epoch, containerId, containerName } = left
  const known = record.all().find((entry) => entry.containerId === containerId && entry.migrationId === migrationId)
  const entry: BroughtBack = {
    ...{ workloadId, migrationId, epoch, containerId, containerName, movedTo: left.elsewhere },
    volumes: volumes.map(({ name }) => name),
    startedAt: known?.startedAt ?? now().toISOString(),
    doneAt: null,
  }
  await record.put(entry)
  for (const { name, here, rootIdentity } of volumes) {
    await bringBack({ name, root: here, rootIdentity, migrationId }, identify)
  }
  if (container !== null) {
    if (renameTo !== null) await engine.rename(containerId, renameTo)
    if (policy !== null) await engine.setRestartPolicy(containerId, policy)
    // It kept the volumes from a prune; the container does so itself.
    await engine.removeHolder(migrationId)
  }
  // A coordinator that comes back finds no note of this migration here, and is refused whatever it asks of this source.
  if (migrations.find(migrationId)?.role === 'source') await migrations.forget(migrationId)
  await retired.remove(containerId)
  await record.put({ ...entry, doneAt: now().toISOString() })
}

// Nothing is retired here under that name. If it was brought back by this before, that is the answer; one that was cut off
// after its last effect is put down as done.
const doneBefore = async (
  { engine, now }: BreakGlass,
  record: BreakGlassRecord,
  { retired }: State,
  { container: wanted, itRunsNowhereElse }: BreakGlassRequest,
): Promise<BreakGlassOutcome> => {
  const entry = await oneOf(record.all(), engine, wanted)
  if (entry === null) {
    const others = retired.all().map(({ containerName, movedTo }) => `${containerName} (moved to ${movedTo})`)
    throw new AppError(
      'DRAYAGE_CONTAINER_NOT_FOUND',
      `Nothing that is called ${wanted} has moved away from this host, or was stopped here for a move, as far as its agent ` +
        `knows; it hinders no such container. It does keep: ${others.join(', ') || 'none'}.`,
    )
  }
  if (entry.doneAt === null && itRunsNowhereElse) await record.put({ ...entry, doneAt: now().toISOString() })
  const container = await findContainer(engine, entry.containerId)
  const name = container?.name ?? entry.containerName
  return {
    container: name,
    state: 'was-done',
    mustBeTrue: [],
    broughtBack: [`everything, on ${entry.startedAt}`],
    next: container === null ? 'The container itself was removed since.' : `docker start ${name}`,
  }
}
