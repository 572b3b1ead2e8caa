// What a migration would do and why it would not: from what both hosts say of themselves, without touching either.
import type { Plan } from '../../../shared/api/plan.ts'
import { AppError, type Finding, isErrorCode } from '../../../shared/errors.ts'
import { migrationOfPart } from '../../../shared/move-set/part.ts'
import type { EngineFacts__Output as EngineFacts } from '../../../shared/rpc/generated/drayage/v1/EngineFacts.ts'
import { isCopied } from '../../../shared/volumes/plain.ts'
import type { Described, TargetCheck } from '../ports.ts'
import type { AcceptedRequest, Workload } from '../record.ts'
import { outsideOf, setFindings } from './move-set.ts'
import { layerFindings } from './order.ts'
import { publishedPorts, publishRefusals } from './published-ports.ts'

const distinct = (findings: readonly Finding[]): Finding[] => [
  ...new Map(findings.map(({ code, message }) => [`${code} ${message}`, { code, message }])).values(),
]

// Without what has been written since there must be something that was written before.
export const nothingToDiscardTo = ({ to }: Pick<AcceptedRequest, 'to'>): AppError =>
  new AppError(
    'DRAYAGE_RETAINED_CHANGED',
    `${to} keeps no whole copy of the data of the moment of the move, so there is nothing to go back to without what was ` +
      'written since. Nothing was changed. Return it with what was written.',
  )

const deviceRefusals = (request: AcceptedRequest, { name, volumes }: Workload): Finding[] =>
  request.options.devices !== 'refuse'
    ? []
    : volumes.flatMap((volume) => {
        const { devices = 0, devicePaths = [] } = volume.usage ?? {}
        if (devices === 0) return []
        const message = `The volume ${volume.name} of ${name} holds ${devices === 1 ? 'a device node' : `${devices} device nodes`}, and this migration refuses them: ${devicePaths.join(', ')}${devices > devicePaths.length ? ', …' : ''}. Remove them, or migrate with --devices keep or skip.`
        return [{ code: 'DRAYAGE_DEVICE_NODES', message }]
      })

const plannedLayer = (
  { options: { writableLayer: policy } }: AcceptedRequest,
  { writableLayer }: Workload,
): Pick<Plan, 'writableLayer'> => (writableLayer?.changes ? { writableLayer: { ...writableLayer, policy } } : {})

// One of those that move together, as both hosts see it.
export type PlannedPart = { readonly workload: Workload; readonly check: TargetCheck }

// A volume that is mounted twice is one volume, and so is one that several mount.
const carriedIn = (parts: readonly PlannedPart[]): Workload['volumes'] => [
  ...new Map(
    parts
      .flatMap(({ workload }) => workload.volumes)
      .filter(({ carriedByAnother }) => !carriedByAnother)
      .map((volume) => [volume.name, volume]),
  ).values(),
]

const volumesOf = (parts: readonly PlannedPart[]): Plan['volumes'] =>
  carriedIn(parts).map(({ name, destination, anonymous, usage, driver, options, traits, ofHost }) => ({
    ...{ name, destination, anonymous, traits, copied: isCopied({ driver, options, ofHost }) },
    ...(ofHost ? { ofHost } : {}),
    entries: usage?.entries ?? 0,
    contentBytes: usage?.apparentBytes ?? 0,
    diskBytes: usage?.diskBytes ?? 0,
  }))

// Each may find room for itself where there is none for all. Of what comes back to a copy that was kept, only the rounds find
// out how much there is.
const roomForAll = ({ to }: AcceptedRequest, parts: readonly PlannedPart[]): Finding[] => {
  const anew = parts.filter(({ check }) => check.retained === null)
  const free = Math.min(...parts.map(({ check }) => check.freeBytes))
  const images = new Map(
    anew.flatMap(({ workload, check }) =>
      check.imageId === '' ? [[workload.image?.id, workload.image?.sizeBytes]] : [],
    ),
  )
  const volumeBytes = carriedIn(anew)
    .filter(({ ofHost }) => !ofHost)
    .reduce((sum, { usage }) => sum + (usage?.diskBytes ?? 0), 0)
  // Docker takes an image's archive to its own disk, and then unpacks it.
  const imageBytes = [...images.values()].reduce<number>((sum, bytes) => sum + 2 * (bytes ?? 0), 0)
  if (parts.length === 1 || volumeBytes + imageBytes <= free) return []
  const message = `The disk of ${to}'s engine cannot hold all of them: ${volumeBytes + imageBytes} bytes are needed (${imageBytes} of them for their images) and ${free} are free. Make room there, or choose another host.`
  return [{ code: 'DRAYAGE_TARGET_TOO_SMALL', message }]
}

const bindsOf = ({ options: { binds: policy } }: AcceptedRequest, parts: readonly PlannedPart[]) =>
  parts.flatMap(({ workload }) =>
    workload.binds.map(({ source, destination, readOnly }) => {
      // Of a path, a slash at its end says nothing.
      const path = source.replace(/(.)\/+$/, '$1')
      const usage = workload.volumes.find(({ ofHost, name }) => ofHost && name === path)?.usage
      const counted = usage ? { entries: usage.entries, contentBytes: usage.apparentBytes } : {}
      return { source, destination, readOnly, policy, ...counted }
    }),
  )

const networksOf = (parts: readonly PlannedPart[]): Plan['networks'] => [
  ...new Map(
    parts.flatMap(({ workload, check }) =>
      workload.networks.map(({ name, specJson }) => [
        name,
        { name, presentOnTarget: specJson === '' || check.existingNetworks.includes(name) },
      ]),
    ),
  ).values(),
]

const imageOf = ({ options }: AcceptedRequest, { workload: { image }, check }: PlannedPart): Plan['image'] => {
  const digests = options.images === 'pull' && check.imageId === '' ? (image?.digests ?? []) : []
  return {
    reference: image?.reference ?? '',
    sizeBytes: image?.sizeBytes ?? 0,
    presentOnTarget: check.imageId !== '',
    ...(digests.length === 0 ? {} : { pulledFrom: [...digests] }),
  }
}

const engineOf = ({ version, os, architecture, storageDriver, containerdImageStore }: EngineFacts) => ({
  ...{ version, os, architecture, storageDriver, containerdImageStore },
})

const enginesOf = ({ workload: { engine: source }, check: { engine: target } }: PlannedPart): Pick<Plan, 'engines'> =>
  source === null || target === null ? {} : { engines: { source: engineOf(source), target: engineOf(target) } }

const membersOf = (
  request: AcceptedRequest,
  parts: readonly PlannedPart[],
  moveSet: Described['moveSet'],
): Plan['members'] => {
  const known = new Map(moveSet.map((member) => [member.containerId, member]))
  return parts.map((part) => {
    const { containerId: id, name, state } = part.workload
    return { id, name, state, image: imageOf(request, part), ties: [...(known.get(id)?.ties ?? [])] }
  })
}

// parts: at least one, in the order in which they are made and started. moveSet: who belongs together with them.
export const assess = (
  request: AcceptedRequest,
  parts: readonly PlannedPart[],
  moveSet: Described['moveSet'],
): Plan => {
  const [first] = parts
  if (first === undefined) throw new Error('There is nothing to plan')
  const { container } = request
  const asked = parts.find(({ workload }) => container !== undefined && isNamed(workload, container)) ?? first
  const volumes = volumesOf(parts)
  const workloads = parts.map(({ workload }) => workload)
  // An agent speaks of the one container that it was asked about.
  const ofMember = ({ name }: Workload, findings: readonly Finding[]): readonly Finding[] =>
    parts.length === 1 ? findings : findings.map(({ code, message }) => ({ code, message: `${name}: ${message}` }))
  const outside = outsideOf({ workloads, moveSet })
  const set = setFindings(request, request.project ?? asked.workload.name, outside)
  const binds = bindsOf(request, parts)
  const tmpfs = parts.flatMap(({ workload }) => workload.tmpfs)
  const builtUpon = parts.find(({ check }) => check.retained !== null)?.check.retained?.migrationId
  return {
    container: { id: asked.workload.containerId, name: asked.workload.name, state: asked.workload.state },
    from: request.from,
    to: request.to,
    image: imageOf(request, asked),
    members: membersOf(request, parts, moveSet),
    volumes,
    networks: networksOf(parts),
    ports: parts.flatMap(({ workload }) => publishedPorts(request, workload)),
    ...(binds.length === 0 ? {} : { binds }),
    ...(tmpfs.length === 0 ? {} : { tmpfs }),
    totalBytes: volumes.reduce((sum, { contentBytes }) => sum + contentBytes, 0),
    targetFreeInodes: Math.min(...parts.map(({ check }) => check.freeInodes)),
    ...enginesOf(asked),
    targetFreeBytes: Math.min(...parts.map(({ check }) => check.freeBytes)),
    ...(builtUpon === undefined ? {} : { builtUpon: migrationOfPart(builtUpon) }),
    ...plannedLayer(request, asked.workload),
    set: outside.map(({ containerId, ...member }) => ({ id: containerId, ...member })),
    warnings: distinct([
      ...parts.flatMap(({ workload }) => ofMember(workload, workload.warnings)),
      ...set.warnings,
      ...parts.flatMap(({ workload, check }) => ofMember(workload, check.warnings)),
    ]),
    refusals: distinct([
      ...parts.flatMap(({ workload }) => ofMember(workload, workload.obstacles)),
      ...set.refusals,
      ...parts.flatMap(({ workload, check }) => ofMember(workload, check.obstacles)),
      ...publishRefusals(request, workloads),
      ...parts.flatMap(({ workload }) => deviceRefusals(request, workload)),
      ...layerFindings(request.options.writableLayer, workloads),
      ...roomForAll(request, parts),
    ]),
  }
}

// As a request names one.
const isNamed = ({ containerId, name }: Workload, wanted: string): boolean =>
  containerId === wanted || name === wanted || containerId.startsWith(wanted)

// One reason is thrown under its own code; several under one that holds them all.
export const refusalOf = (what: string, refusals: readonly Finding[]): AppError | null => {
  const [only] = refusals
  if (only === undefined) return null
  if (refusals.length === 1 && isErrorCode(only.code)) {
    return new AppError(only.code, only.message, { details: { reasons: refusals } })
  }
  return new AppError(
    'DRAYAGE_PLAN_REFUSED',
    `${what} cannot move, for ${refusals.length} reasons; nothing was changed. ${refusals.map(({ message }) => message).join(' ')}`,
    { details: { reasons: refusals } },
  )
}
