// What may come to this host: what the operator of the move allows, and what the host's own configuration forbids whoever
// allows it. Asked when a move is planned, and again before anything is made.
import type { HostPower } from '../../shared/api/host-powers.ts'
import { AppError, type ErrorCode, type Finding } from '../../shared/errors.ts'
import type { Workload__Output } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import { registryOf } from '../docker/images/image-name.ts'
import { parseSpec } from '../docker/on-target/container-spec.ts'
import { powersOf } from './powers.ts'

export type HostRules = {
  readonly forbidden: readonly HostPower[]
  // undefined: any.
  readonly registries: readonly string[] | undefined
  // Of one volume, on disk; undefined: what the disk holds.
  readonly largestVolumeBytes: number | undefined
  // Below which directories of this host may be copied with a container that mounts them, from here or to here; none: nowhere.
  readonly bindPaths: readonly string[]
}

export const noRules: HostRules = {
  forbidden: [],
  registries: undefined,
  largestVolumeBytes: undefined,
  bindPaths: [],
}

export type Arrival = {
  readonly workload: Pick<Workload__Output, 'name' | 'image' | 'volumes' | 'specJson'>
  readonly allowed: readonly string[]
}

const finding = (code: ErrorCode, message: string): Finding => ({ code, message })

const powerFindings = ({ workload, allowed }: Arrival, rules: HostRules): Finding[] => {
  const { name } = workload
  const held = powersOf(parseSpec(workload.specJson), workload.volumes)
  const words = ({ power, by }: (typeof held)[number]) => `${power} (${by.join(', ')})`
  const forbidden = held.filter(({ power }) => rules.forbidden.includes(power))
  const unasked = held.filter((one) => !allowed.includes(one.power) && !forbidden.includes(one))
  return [
    ...(forbidden.length === 0
      ? []
      : [
          finding(
            'DRAYAGE_FORBIDDEN_BY_HOST',
            `The target takes no container with ${forbidden.map(words).join(' and ')}, whoever allows it: its agent is configured ` +
              'so (--forbid). Choose another host, or make the container without.',
          ),
        ]),
    ...(unasked.length === 0
      ? []
      : [
          finding(
            'DRAYAGE_HOST_POWER',
            `${name} would have power over the target host: ${unasked.map(words).join('; ')}. If you trust it with that host, ` +
              `say so: --allow ${unasked.map(({ power }) => power).join(',')}.`,
          ),
        ]),
  ]
}

const imageFindings = ({ workload: { image } }: Arrival, { registries }: HostRules): Finding[] => {
  const reference = image?.reference ?? ''
  const registry = registryOf(reference)
  if (registries === undefined || (registry !== null && registries.includes(registry))) return []
  const from = registry === null ? 'has no name that says its registry' : `is of the registry ${registry}`
  return [
    finding(
      'DRAYAGE_FORBIDDEN_BY_HOST',
      `The container's image (${reference}) ${from}, and the target takes images of ${registries.join(', ')} alone: its agent is ` +
        'configured so (--image-registries). Choose another host, or make the container from such an image.',
    ),
  ]
}

const sizeFindings = ({ workload: { volumes } }: Arrival, { largestVolumeBytes: most }: HostRules): Finding[] =>
  most === undefined
    ? []
    : volumes.flatMap(({ name, usage }) =>
        (usage?.diskBytes ?? 0) <= most
          ? []
          : [
              finding(
                'DRAYAGE_FORBIDDEN_BY_HOST',
                `The volume ${name} takes ${usage?.diskBytes} bytes, and the target takes volumes of at most ${most}: its agent is ` +
                  'configured so (--largest-volume). Choose another host.',
              ),
            ],
      )

// Every reason at once; none: it may come.
export const arrivalFindings = (arrival: Arrival, rules: HostRules): Finding[] => [
  ...powerFindings(arrival, rules),
  ...imageFindings(arrival, rules),
  ...sizeFindings(arrival, rules),
]

// What moves although it has such power, for the plan.
export const arrivalWarnings = ({ workload, allowed }: Arrival): Finding[] =>
  powersOf(parseSpec(workload.specJson), workload.volumes)
    .filter(({ power }) => allowed.includes(power))
    .map(({ power, by }) => ({
      code: 'host-power-allowed',
      message: `It gets power over the target host, as was allowed: ${power} (${by.join(', ')}).`,
    }))

export const requireMayCome = (arrival: Arrival, rules: HostRules): void => {
  const findings = arrivalFindings(arrival, rules)
  const [first] = findings
  if (first === undefined) return
  throw new AppError(
    first.code as ErrorCode,
    `${arrival.workload.name} may not come to this host. ${findings.map(({ message }) => message).join(' ')}`,
    { details: { reasons: findings } },
  )
}
