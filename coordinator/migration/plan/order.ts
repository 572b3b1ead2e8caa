// The order in which containers that move together are made and started, and who of them carries what they share. Pure, and
// the same on every host: by what they use of one another, and by their names.
import type { Finding } from '../../../shared/errors.ts'
import type { Workload } from '../record.ts'

type Use = Workload['uses'][number]

// Can be done without where two use one another: what a container has of another's volumes it has by their names as well,
// and what Compose calls depends_on is an order of starts alone.
const isSoft = ({ kind }: Use): boolean => kind === 'volumes-from' || kind === 'depends-on'

export type Ordered = {
  readonly workloads: readonly Workload[]
  // Why they cannot be made again at all.
  readonly refusals: readonly Finding[]
}

const byName = (a: Workload, b: Workload): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

// Those that use nothing of those that are left come first.
export const inOrderOfUse = (workloads: readonly Workload[]): Ordered => {
  const left = new Map(workloads.toSorted(byName).map((workload) => [workload.containerId, workload]))
  const ordered: Workload[] = []
  const refusals: Finding[] = []
  while (left.size > 0) {
    const waitsFor = ({ uses }: Workload, counts: (use: Use) => boolean) =>
      uses.some((use) => left.has(use.containerId) && counts(use))
    const all = [...left.values()]
    const next =
      all.find((workload) => !waitsFor(workload, () => true)) ??
      all.find((workload) => !waitsFor(workload, (use) => !isSoft(use)))
    if (next === undefined) {
      refusals.push(circular(all.map(({ name }) => name)))
      ordered.push(...all)
      break
    }
    left.delete(next.containerId)
    ordered.push(next)
  }
  return { workloads: ordered, refusals }
}

const circular = (names: readonly string[]): Finding => ({
  code: 'DRAYAGE_SET_CIRCULAR',
  message:
    `${names.join(', ')} use one another in a circle (--network, --pid, --ipc container: or --link): no engine makes any of ` +
    'them first. Make one of them again without.',
})

// Each volume is carried by the first that mounts it: what is counted of it is counted there, whoever was asked about it. So
// whoever uses it comes after whoever carries it, and is gone before that one is removed.
export const withCarriers = (workloads: readonly Workload[]): readonly Workload[] => {
  const usage = new Map(
    workloads.flatMap(({ volumes }) =>
      volumes.flatMap((volume) => (volume.usage ? [[volume.name, volume.usage]] : [])),
    ),
  )
  const carriedBy = new Map<string, string>()
  return workloads.map((workload) => ({
    ...workload,
    volumes: workload.volumes.map((volume) => {
      const carrier = carriedBy.get(volume.name) ?? workload.containerId
      carriedBy.set(volume.name, carrier)
      return { ...volume, usage: usage.get(volume.name) ?? null, carriedByAnother: carrier !== workload.containerId }
    }),
  }))
}

// Taking along what a container has changed outside its volumes makes it anew when it is stopped: another that was made with it
// by then, with its network or its volumes, would be left with the one before.
export const layerFindings = (writableLayer: string, workloads: readonly Workload[]): Finding[] => {
  if (writableLayer !== 'keep') return []
  const nameOf = new Map(workloads.map(({ containerId, name }) => [containerId, name]))
  const joined = workloads.flatMap(({ name, uses }) =>
    uses.flatMap((use) => {
      const other = nameOf.get(use.containerId)
      return other === undefined || use.kind === 'depends-on' ? [] : [`${name} uses ${other} (${use.kind})`]
    }),
  )
  if (joined.length === 0) return []
  const message = `What they have changed outside their volumes cannot be taken along (--writable-layer keep): ${joined.join('; ')}, and would be left with a container that is made anew.`
  return [{ code: 'DRAYAGE_WRITABLE_LAYER', message }]
}
