// The way back by hand (docs/break-glass.md): what a move left on this host is made startable again without a coordinator,
// while the agent is stopped. Nobody but the operator can know that the other copy runs nowhere; everything else that the
// fence noted is compared first, and nothing is touched where it differs. Each part may be asked for again after being cut
// off anywhere: the record says that it began before anything is done, and the container is allowed to run last.
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../shared/errors.ts'
import { arePartsOfOne } from '../shared/move-set/part.ts'
import { findContainer, makePlan, type Plan, type PuttingBack, putBack } from './put-back.ts'
import { policyFlag } from './set-aside/notice.ts'
import { asideOf } from './set-aside/set-aside.ts'
import type { BroughtBack } from './state/break-glass.ts'
import { findLeftHere, oneOf } from './state/left-here.ts'
import type { NotedVolume } from './state/migrations.ts'
import { takeOwnership } from './state/owner.ts'
import { openState, type State } from './state/state.ts'

export type BreakGlass = PuttingBack & {
  readonly dataDir: string
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
    const left = await findLeftHere(state, host.engine, request.container)
    if (left === null) return await doneBefore(host, state, request)
    const plan = await makePlan(host, left)
    const mustBeTrue = [...conditions(plan, ownership === null), ...whatItMovedWith(plan, state)]
    const outcome = { container: plan.name, mustBeTrue, ...told(plan) }
    if (!request.itRunsNowhereElse) return { ...outcome, state: 'not-done' }
    await carryOut(host, state, plan)
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

const conditions = ({ left }: Plan, agentIsRunning: boolean): readonly string[] => [
  ...(agentIsRunning ? [`The agent of this host is stopped (${howToStopIt}); now it runs.`] : []),
  `The copy on ${left.elsewhere} is stopped for good: nothing starts it again, or that machine is off and stays off. Two ` +
    'running copies cannot be made one again.',
  ...(left.partial === null
    ? []
    : [
        `Whatever state the data is in will do: the return ${left.partial} had begun to overwrite it with what was on ` +
          `${left.elsewhere}, and was not finished, so it is a mixture of both. Finish the return instead, if that is possible.`,
      ]),
  `What the copy on ${left.elsewhere} has written is not here: this data is that of the moment when ` +
    `${left.containerName} was stopped for the move${left.since === '' ? '' : `, before ${left.since}`}.`,
  ...(left.kind === 'retired'
    ? []
    : [
        `The migration ${left.migrationId} has not ended, and no coordinator goes on with it: one that comes back may ` +
          `start the copy on ${left.elsewhere}, unless its container there is removed (docker rm keeps its volumes).`,
      ]),
]

// It may use their volumes, or their network.
const whatItMovedWith = ({ left }: Plan, { retired, migrations }: State): readonly string[] => {
  const sources = migrations.all().filter((note) => note.role === 'source')
  const others = [...retired.all(), ...sources].filter(
    ({ containerId, migrationId }) => containerId !== left.containerId && arePartsOfOne(migrationId, left.migrationId),
  )
  const named = [...new Set(others.map(({ containerName }) => containerName))]
  if (named.length === 0) return []
  return [
    `${named.join(', ')} moved together with ${left.containerName} and is needed here, too: bring back each, in the same way, ` +
      'before any of them is started.',
  ]
}

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

const carryOut = async (host: BreakGlass, state: State, plan: Plan): Promise<void> => {
  const { breakGlass: record } = state
  const { workloadId, migrationId, epoch, containerId, containerName, elsewhere } = plan.left
  const known = record.all().find((entry) => entry.containerId === containerId && entry.migrationId === migrationId)
  const entry: BroughtBack = {
    ...{ workloadId, migrationId, epoch, containerId, containerName, movedTo: elsewhere },
    volumes: plan.volumes.map(({ name }) => name),
    startedAt: known?.startedAt ?? host.now().toISOString(),
    doneAt: null,
  }
  await record.put(entry)
  // A coordinator that comes back finds no note of this migration here, and is refused whatever it asks of this source.
  await putBack(host, state, plan)
  await record.put({ ...entry, doneAt: host.now().toISOString() })
}

// Nothing is retired here under that name. If it was brought back by this before, that is the answer; one that was cut off
// after its last effect is put down as done.
const doneBefore = async (
  { engine, now }: BreakGlass,
  { retired, breakGlass: record }: State,
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
