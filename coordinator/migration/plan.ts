// What a migration would do and why it would not: from what both hosts say of themselves, without touching either.
import type { Plan } from '../../shared/api/migrations.ts'
import { AppError, type Finding, isErrorCode } from '../../shared/errors.ts'
import { type Published, republished, sameContainerPort } from '../../shared/ports/publish.ts'
import { setFindings } from './move-set.ts'
import type { TargetCheck } from './ports.ts'
import { type AcceptedRequest, publishedBy, type Workload } from './record.ts'

const distinct = (findings: readonly Finding[]): Finding[] => [
  ...new Map(findings.map(({ code, message }) => [`${code} ${message}`, { code, message }])).values(),
]

// 0.0.0.0:8080->80/tcp, as `docker ps` has it; an ephemeral port has no number before it starts.
const portText = ({ hostIp, hostPort, containerPort, protocol }: Published): string =>
  `${hostIp || '0.0.0.0'}:${hostPort === 0 ? '(any)' : hostPort}->${containerPort}/${protocol}`

// What is published otherwise than where it comes from, says so.
const plannedPort = (port: Published, { ports }: Workload): string => {
  const before = ports.filter((other) => sameContainerPort(port, other)).map(portText)
  return before.includes(portText(port)) ? portText(port) : `${portText(port)} (was ${before.join(', ')})`
}

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

export const assess = (request: AcceptedRequest, workload: Workload, check: TargetCheck): Plan => {
  const volumes = [...new Map(workload.volumes.map((volume) => [volume.name, volume])).values()].map((volume) => ({
    name: volume.name,
    destination: volume.destination,
    anonymous: volume.anonymous,
    entries: volume.usage?.entries ?? 0,
    contentBytes: volume.usage?.apparentBytes ?? 0,
    diskBytes: volume.usage?.diskBytes ?? 0,
  }))
  const existing = new Set(check.existingNetworks)
  const set = setFindings(request, workload)
  return {
    container: { id: workload.containerId, name: workload.name, state: workload.state },
    from: request.from,
    to: request.to,
    image: {
      reference: workload.image?.reference ?? '',
      sizeBytes: workload.image?.sizeBytes ?? 0,
      presentOnTarget: check.imageId !== '',
    },
    volumes,
    networks: workload.networks.map(({ name, specJson }) => ({
      name,
      presentOnTarget: specJson === '' || existing.has(name),
    })),
    ports: republished(workload.ports, publishedBy(request.options.publish)).map((port) => plannedPort(port, workload)),
    ...(workload.binds.length === 0
      ? {}
      : { binds: workload.binds.map(({ source, destination, readOnly }) => ({ source, destination, readOnly })) }),
    totalBytes: volumes.reduce((sum, { contentBytes }) => sum + contentBytes, 0),
    targetFreeBytes: check.freeBytes,
    ...(check.retained === null ? {} : { builtUpon: check.retained.migrationId }),
    ...plannedLayer(request, workload),
    set: workload.moveSet.map(({ containerId, ...member }) => ({ id: containerId, ...member })),
    warnings: distinct([...workload.warnings, ...set.warnings, ...check.warnings]),
    refusals: distinct([
      ...workload.obstacles,
      ...set.refusals,
      ...check.obstacles,
      ...deviceRefusals(request, workload),
    ]),
  }
}

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
