// What is asked of both hosts, again and again, until nothing can change the answers any more.
import { AppError, type Finding } from '../../shared/errors.ts'
import { volumesByName } from './copy-round.ts'
import { assess, refusalOf } from './plan.ts'
import { choicesOf, type Workload } from './record.ts'
import type { StepContext } from './step.ts'

// Throws every reason against the move. toCome: what the target must still have room for.
export const askBothSides = async (
  context: StepContext,
  { toCome }: { readonly toCome: StepContext['record']['plan']['volumes'] },
): Promise<{ workload: Workload; imageId: string; warnings: readonly Finding[] }> => {
  const { record, source, target, lease, signal } = context
  const described = await source.agent.describeWorkload(
    { container: record.containerId, measureVolumes: false, choices: choicesOf(record.request) },
    { signal },
  )
  const sizes = new Map(toCome.map((volume) => [volume.name, volume]))
  const workload: Workload = {
    ...described,
    volumes: described.volumes.map((volume) => {
      const size = sizes.get(volume.name)
      return size === undefined
        ? volume
        : {
            ...volume,
            usage: {
              entries: size.entries,
              apparentBytes: size.contentBytes,
              diskBytes: size.diskBytes,
              devices: 0,
              devicePaths: [],
            },
          }
    }),
  }
  const check = await target.agent.checkTarget(
    {
      workload,
      migrationId: record.id,
      workloadId: lease().workloadId,
      overwriteChanged: record.terms.overwriteChanged ?? false,
      allowedPowers: record.request.options.allow,
      choices: choicesOf(record.request),
    },
    { signal },
  )
  const { refusals, warnings } = assess(record.request, workload, check)
  const refusal = refusalOf(workload.name, refusals)
  if (refusal) throw refusal
  requireSameVolumes(record.plan.volumes, workload)
  return { workload, imageId: check.imageId, warnings }
}

// What is journaled, held and copied must be the same things throughout.
const requireSameVolumes = (planned: StepContext['record']['plan']['volumes'], workload: Workload): void => {
  const names = (volumes: readonly { name: string; destination: string }[]) =>
    volumes
      .map(({ name }) => name)
      .toSorted()
      .join(' ')
  if (names(planned) !== names(volumesByName(workload.volumes))) {
    throw new AppError(
      'DRAYAGE_CONTAINER_CHANGED',
      `${workload.name} no longer has the volumes that it had when it was planned. Nothing was lost; plan it again.`,
    )
  }
}
