// What moves have left on this host that must not run: what is retired, and what an unfinished migration has stopped.
import { type Static, Type } from 'typebox'
import Value from 'typebox/value'
import { AppError } from '../../shared/errors.ts'
import type { Engine, RestartPolicy } from '../docker/engine.ts'
import type { NotedVolume, SourceNote } from './migrations.ts'
import type { RetiredWorkload } from './retired.ts'
import type { State } from './state.ts'

export type LeftHere = {
  readonly kind: 'retired' | 'unfinished'
  readonly workloadId: string
  readonly migrationId: string
  readonly epoch: number
  readonly containerId: string
  // What it was called before the move, and what it was renamed to; '': it was not.
  readonly containerName: string
  readonly renamedTo: string
  // The host that it moved, or moves, to.
  readonly elsewhere: string
  // When it was retired or stopped; '' where that is not known.
  readonly since: string
  readonly volumes: readonly NotedVolume[]
  // A migration that had begun to copy back into them, and did not end; null: they are as they were left.
  readonly partial: string | null
  // As it was before the move; null: it was not changed.
  readonly policy: RestartPolicy | null
}

type Named = Pick<LeftHere, 'containerId' | 'containerName'> & { readonly renamedTo?: string }

// By name or id, then by the start of an id. A container that was removed leaves what was noted of it, and its name may be
// another's since: the one that the engine still has is meant. null: none. Throws DRAYAGE_CONTAINER_AMBIGUOUS.
export const oneOf = async <T extends Named>(
  all: readonly T[],
  engine: Pick<Engine, 'container'>,
  wanted: string,
): Promise<T | null> => {
  const named = all.filter((one) => [one.containerId, one.containerName, one.renamedTo].includes(wanted))
  const found = named.length > 0 ? named : all.filter(({ containerId }) => containerId.startsWith(wanted))
  const ids = [...new Set(found.map(({ containerId }) => containerId))]
  if (ids.length <= 1) return found.at(-1) ?? null
  const there: string[] = []
  for (const id of ids) if ((await idOf(engine, id)) === id) there.push(id)
  const [only, ...others] = there
  if (only === undefined || others.length > 0) {
    const short = ids.map((id) => `${id.slice(0, 12)}${there.includes(id) ? '' : ' (removed)'}`)
    throw new AppError(
      'DRAYAGE_CONTAINER_AMBIGUOUS',
      `"${wanted}" stands for several containers: ${short.join(', ')}. Give the id of one.`,
    )
  }
  return found.findLast(({ containerId }) => containerId === only) ?? null
}

// null: the engine has none.
const idOf = async (engine: Pick<Engine, 'container'>, idOrName: string): Promise<string | null> => {
  try {
    return (await engine.container(idOrName)).id
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'DRAYAGE_CONTAINER_NOT_FOUND') return null
    throw thrown
  }
}

// wanted: as `oneOf` takes it, or what the engine calls it now. null: nothing such is left here.
export const findLeftHere = async (
  { retired, migrations }: Pick<State, 'retired' | 'migrations'>,
  engine: Pick<Engine, 'container'>,
  wanted: string,
): Promise<LeftHere | null> => {
  const unfinished = migrations
    .all()
    .filter((note) => note.role === 'source')
    .filter((note) => note.fenced !== null || note.stopped !== null || note.isolated !== null)
    .filter(({ containerId }) => retired.byContainer(containerId) === null)
  const all = [...retired.all().map(fromRetired), ...unfinished.map(fromNote)]
  if (all.length === 0) return null
  const found = await oneOf(all, engine, wanted)
  if (found !== null) return found
  const id = await idOf(engine, wanted)
  return all.find(({ containerId }) => containerId === id) ?? null
}

const fromRetired = (workload: RetiredWorkload): LeftHere => ({
  kind: 'retired',
  ...identityOf(workload),
  renamedTo: workload.renamedTo,
  elsewhere: workload.movedTo,
  since: workload.retiredAt,
  volumes: workload.volumes,
  partial: workload.partial ?? null,
  policy: policyOf(workload),
})

const fromNote = (note: SourceNote): LeftHere => ({
  kind: 'unfinished',
  ...identityOf(note),
  renamedTo: note.isolated?.renamed?.to ?? '',
  elsewhere: note.peerHost,
  since: note.stopped?.requestedAt ?? '',
  volumes: note.isolated?.volumes ?? [],
  partial: null,
  policy: note.fenced?.policy ?? null,
})

const identityOf = ({ workloadId, migrationId, epoch, containerId, containerName }: RetiredWorkload | SourceNote) => ({
  workloadId,
  migrationId,
  epoch,
  containerId,
  containerName,
})

// As in Docker's API (RestartPolicy).
const Policy = Type.Object({
  Name: Type.Union([
    Type.Literal(''),
    Type.Literal('no'),
    Type.Literal('always'),
    Type.Literal('on-failure'),
    Type.Literal('unless-stopped'),
  ]),
  MaximumRetryCount: Type.Integer(),
})

const policyOf = ({ containerName, restartPolicyJson }: RetiredWorkload): Static<typeof Policy> | null => {
  if (restartPolicyJson === '') return null
  const policy: unknown = JSON.parse(restartPolicyJson)
  if (Value.Check(Policy, policy)) return policy
  throw new AppError(
    'DRAYAGE_STATE_DAMAGED',
    `What was noted as the restart policy of ${containerName} is none: ${restartPolicyJson}. Nothing was done.`,
  )
}
