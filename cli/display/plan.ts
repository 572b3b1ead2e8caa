// A plan as a checklist: what moves, what is in the way.
import type { Plan } from '../../shared/api/plan.ts'
import type { Paint } from './colour.ts'
import { findingLine } from './error.ts'
import { type Fact, fact, factsText } from './facts.ts'
import { shortDigest, shortName } from './names.ts'
import { formatBytes, formatDuration, plural } from './quantities.ts'

const bytesToSend = (plan: Plan): number =>
  imagesOf(plan).reduce((sum, image) => sum + (image.presentOnTarget ? 0 : image.sizeBytes), plan.totalBytes)

// One that several members have in common comes once.
const imagesOf = ({ members }: Plan): readonly Plan['image'][] => [
  ...new Map(members.map(({ image }) => [image.reference, image])).values(),
]

const imageLines = (plan: Plan): readonly string[] => imagesOf(plan).map((image) => imageLine(image, plan.to))

const sentOrPulled = ({ pulledFrom = [] }: Plan['image']): string =>
  pulledFrom.length === 0 ? 'to be sent' : `to be pulled from ${pulledFrom.map(shortDigest).join(' or ')}, or sent`

const imageLine = (image: Plan['image'], to: string): string =>
  `${shortDigest(image.reference)} (${formatBytes(image.sizeBytes)}), ${image.presentOnTarget ? `already on ${to}` : sentOrPulled(image)}`

const volumeLine = ({
  name,
  destination,
  entries,
  contentBytes,
  diskBytes,
  copied,
  traits,
  keptBytes,
}: Plan['volumes'][number]) => {
  const onDisk = diskBytes < contentBytes * 0.9 ? `, ${formatBytes(diskBytes)} on disk` : ''
  const what = copied
    ? `${formatBytes(contentBytes)} in ${plural(entries, 'entry', 'entries')}${onDisk}`
    : 'made again, nothing is copied'
  const kept = keptBytes === undefined ? [] : [`${formatBytes(keptBytes)} there already from an earlier move`]
  return [`${shortName(name)} at ${destination}: ${what}`, ...kept, ...traits].join(', ')
}

// Of a set, each with its name.
const layerLines = ({ members }: Plan): readonly string[] =>
  members.flatMap(({ name, writableLayer }) => {
    if (writableLayer === undefined) return []
    const line = layerLine(writableLayer)
    return [members.length === 1 ? line : `${name}: ${line}`]
  })

const layerLine = ({ changes, paths, bytes, policy }: NonNullable<Plan['writableLayer']>): string => {
  const what = { refuse: 'refused', discard: 'left behind', keep: 'taken along, while it is stopped' }[policy]
  const more = changes > paths.length ? [`and ${changes - paths.length} more`] : []
  const size = policy === 'keep' ? ` (${formatBytes(bytes)})` : ''
  return `${plural(changes, 'change')}${size}, ${what}: ${[...paths, ...more].join(', ')}`
}

const spaceLine = (plan: Plan): string => {
  const inodes = plan.targetFreeInodes === undefined ? '' : ` and ${plan.targetFreeInodes} inodes`
  return `${formatBytes(bytesToSend(plan))} to send, ${formatBytes(plan.targetFreeBytes)}${inodes} free on ${plan.to}`
}

// Only in what they differ.
const engineLines = ({ engines, from, to }: Plan): readonly string[] => {
  if (engines === undefined) return []
  const { source, target } = engines
  const differ = (what: string, here: string, there: string) =>
    here === there ? [] : [`${what} ${here} on ${from}, ${there} on ${to}`]
  const store = ({ storageDriver, containerdImageStore }: typeof source) =>
    containerdImageStore ? `containerd (${storageDriver})` : storageDriver
  return [
    ...differ('Docker', source.version, target.version),
    ...differ('platform', `${source.os}/${source.architecture}`, `${target.os}/${target.architecture}`),
    ...differ('image store', store(source), store(target)),
  ]
}

const byWhat = (forecast: NonNullable<Plan['forecast']>, { from, to }: Plan): string => {
  const { slowest, basedOn } = forecast
  if (slowest === undefined) return basedOn === 0 ? '' : `, by ${plural(basedOn, 'earlier move')} between these hosts`
  const rate = slowest.unit === 'bytes/s' ? `${formatBytes(slowest.rate)}/s` : `${slowest.rate} files/s`
  return {
    line: `, by the ${rate} just measured between them`,
    limit: `, by the limit of ${rate}`,
    reading: `, by the ${rate} at which ${from} was just seen to read`,
    writing: `, by the ${rate} at which ${to} was just seen to write`,
  }[slowest.part]
}

// Holes are not carried.
const bytesToCopy = ({ volumes }: Plan): number =>
  volumes.reduce(
    (sum, { copied, contentBytes, diskBytes }) => sum + (copied ? Math.min(contentBytes, diskBytes) : 0),
    0,
  )

const timeLines = (plan: Plan): readonly string[] => {
  const { forecast } = plan
  if (forecast === undefined) return []
  const { copyMs, downtimeMs, unknown = [] } = forecast
  const image = imagesOf(plan).some(({ presentOnTarget }) => !presentOnTarget) ? '; the image comes on top' : ''
  if (copyMs === null) return ['copying: not known', ...unknown]
  const bytes = formatBytes(bytesToCopy(plan))
  // By what that is nobody needs to know.
  const time =
    copyMs < 1_000
      ? `less than a second for ${bytes}`
      : `about ${formatDuration(copyMs)} for ${bytes}${byWhat(forecast, plan)}`
  const copy = `copying: ${time}${image}`
  const down = downtimeMs === null ? [] : [`downtime: about ${formatDuration(downtimeMs)}, as before`]
  return [copy, ...down, ...unknown]
}

const memberLine = ({ name, state, ties, separable }: Plan['set'][number]): string =>
  `${name} (${state}) ${ties.map(({ words }) => words).join(', ')}${separable ? '; may be left behind' : ''}`

const movingLine = ({ name, state, ties }: Plan['members'][number]): string =>
  `${name} (${state})${ties.length === 0 ? '' : ` ${ties.map(({ words }) => words).join(', ')}`}`

const projectLines = ({ projects = [] }: Plan): readonly string[] =>
  projects.flatMap(({ name, containers, volumes, services, unheard }) => [
    ...containers.map((one) => `${one.name} on ${one.host} (${one.state}) ${one.words}`),
    ...volumes.map((volume) => `volume ${volume.name} on ${volume.host}, which nothing that moves mounts`),
    ...services.map(
      (service) =>
        `service ${service.name} of ${name} has no container: the last was ${service.container} on ${service.host}, seen until ${service.lastSeen}`,
    ),
    ...unheard.map(
      ({ host, inventoryAt }) =>
        `${host} may have a part of ${name}: ${inventoryAt === null ? 'it has never said what it has' : `not heard of since ${inventoryAt}`}`,
    ),
  ])

const volumesFact = (volumes: Plan['volumes']): Fact =>
  volumes.length === 0
    ? fact('volumes', 'none')
    : fact(volumes.length === 1 ? 'volume' : 'volumes', ...volumes.map(volumeLine))

const bindLine = (
  { source, destination, readOnly, policy, entries, contentBytes = 0 }: NonNullable<Plan['binds']>[number],
  { from, to }: Plan,
): string => {
  const size = entries === undefined ? '' : `, ${formatBytes(contentBytes)} in ${plural(entries, 'entry', 'entries')}`
  const what = {
    refuse: 'refused',
    require: `not copied, ${to} must have it`,
    copy: `copied${size}; it stays on ${from}, too`,
  }[policy]
  return `${source} at ${destination}${readOnly ? ', read-only' : ''}: ${what}`
}

const facts = (plan: Plan): readonly Fact[] => [
  fact('moves together', ...(plan.members.length > 1 ? plan.members.map(movingLine) : [])),
  fact('image', ...imageLines(plan)),
  volumesFact(plan.volumes.filter(({ ofHost }) => !ofHost)),
  fact(
    'built upon',
    ...(plan.builtUpon === undefined
      ? []
      : [`the copy that ${plan.to} keeps (${plan.builtUpon}): only what has changed since is sent`]),
  ),
  fact(
    'networks',
    ...plan.networks.map(({ name, presentOnTarget }) => `${name}, ${presentOnTarget ? `on ${plan.to}` : 'to be made'}`),
  ),
  fact('binds', ...(plan.binds ?? []).map((bind) => bindLine(bind, plan))),
  fact('in memory', ...(plan.tmpfs ?? []).map((place) => `${place}: nothing to copy`)),
  fact('outside volumes', ...layerLines(plan)),
  fact('belongs with', ...plan.set.map(memberLine)),
  fact('not moved', ...projectLines(plan)),
  fact('ports', ...plan.ports),
  fact('engines', ...engineLines(plan)),
  fact('space', spaceLine(plan)),
  fact('time', ...timeLines(plan)),
  fact('warning', ...plan.warnings.map(findingLine)),
]

export const planText = (plan: Plan, paint: Paint): string => {
  const { container, from, to, refusals } = plan
  const title = `${container.name} (${container.state}): ${from} to ${to}`
  const text = factsText(title, facts(plan), paint)
  if (refusals.length === 0) return text
  const heading = `It would be refused, for ${plural(refusals.length, 'reason')}; nothing was changed:`
  return [text, paint('red', heading), ...refusals.map((refusal) => `  ${findingLine(refusal)}`)].join('\n')
}
