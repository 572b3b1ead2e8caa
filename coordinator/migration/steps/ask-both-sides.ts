// What is asked of both hosts, again and again, until nothing can change the answers any more.
import { AppError, type Finding } from '../../../shared/errors.ts'
import { checkTargets } from '../plan/check-targets.ts'
import { describeTogether, newInProject } from '../plan/find-members.ts'
import { assess, refusalOf } from '../plan/plan.ts'
import { leaseOf, type Workload } from '../record.ts'
import type { StepContext } from './step.ts'

// Throws every reason against the move. toCome: what the target must still have room for. found: of each member, in their
// order.
export const askBothSides = async (
  context: StepContext,
  { toCome }: { readonly toCome: StepContext['record']['plan']['volumes'] },
): Promise<{
  found: readonly { readonly workload: Workload; readonly imageId: string }[]
  warnings: readonly Finding[]
}> => {
  const { record, members, source, target, signal } = context
  const ids = members.map(({ containerId }) => containerId)
  const { workloads, moveSet } = await describeTogether(source.agent, record.request, ids, false, { signal })
  const moving = members.map((member) => {
    const workload = workloads.find(({ containerId }) => containerId === member.containerId)
    if (workload === undefined) throw new Error(`${member.containerName} was not described`)
    const { migrationId, workloadId } = leaseOf(member)
    return { workload: withSizes(workload, toCome), migrationId, workloadId }
  })
  const parts = await checkTargets(target.agent, record.request, moving, record.terms, { signal })
  const { refusals, warnings } = assess(record.request, parts, moveSet)
  const refusal = refusalOf(record.subject, refusals)
  if (refusal) throw refusal
  requireSameVolumes(record, parts)
  requireSameProject(
    record,
    record.kind === 'move' ? await newInProject(source.agent, record.request, new Set(ids), { signal }) : [],
  )
  return { found: parts.map(({ workload, check }) => ({ workload, imageId: check.imageId })), warnings }
}

// What was counted when it was planned.
const withSizes = (workload: Workload, planned: StepContext['record']['plan']['volumes']): Workload => {
  const sizes = new Map(planned.map((volume) => [volume.name, volume]))
  return {
    ...workload,
    volumes: workload.volumes.map((volume) => {
      const size = sizes.get(volume.name)
      if (size === undefined) return volume
      const { entries, contentBytes: apparentBytes, diskBytes } = size
      return { ...volume, usage: { entries, apparentBytes, diskBytes, devices: 0, devicePaths: [] } }
    }),
  }
}

const requireSameProject = ({ subject }: StepContext['record'], added: readonly string[]): void => {
  if (added.length === 0) return
  throw new AppError(
    'DRAYAGE_CONTAINER_CHANGED',
    `Since it was planned, ${added.join(', ')} came to ${subject}. Nothing was lost; plan it again.`,
  )
}

// What is journaled, held and copied must be the same things throughout.
const requireSameVolumes = (
  { plan, subject }: StepContext['record'],
  parts: readonly { readonly workload: Workload }[],
): void => {
  const names = (volumes: readonly { readonly name: string }[]) =>
    [...new Set(volumes.map(({ name }) => name))].toSorted().join(' ')
  if (names(plan.volumes) === names(parts.flatMap(({ workload }) => workload.volumes))) return
  throw new AppError(
    'DRAYAGE_CONTAINER_CHANGED',
    `The volumes of ${subject} are not those that it was planned with. Nothing was lost; plan it again.`,
  )
}
