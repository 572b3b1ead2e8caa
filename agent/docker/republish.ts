// Ports that are published otherwise where a container goes than where it comes from. Pure.
import type { Finding } from '../../shared/errors.ts'
import { formatPublish, type Published, republished, sameContainerPort } from '../../shared/ports/publish.ts'
import type { Workload__Output } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { HostConfig } from './api.ts'
import { formatSpec, parseSpec } from './container-spec.ts'
import { portWords, samePort } from './ports.ts'

const bindingsWith = (
  bindings: HostConfig['PortBindings'],
  wanted: readonly Published[],
): HostConfig['PortBindings'] => {
  const key = ({ containerPort, protocol }: Published) => `${containerPort}/${protocol}`
  const asked = Object.groupBy(wanted, key)
  return {
    ...bindings,
    ...Object.fromEntries(
      Object.entries(asked).map(([port, hosts = []]) => [
        port,
        hosts.map(({ hostIp, hostPort }) => ({ HostIp: hostIp, HostPort: hostPort === 0 ? '' : `${hostPort}` })),
      ]),
    ),
  }
}

// As it is to be made here.
export const withPublished = (workload: Workload__Output, wanted: readonly Published[]): Workload__Output => {
  const known = wanted.filter((port) => workload.ports.some((other) => sameContainerPort(port, other)))
  if (known.length === 0) return workload
  const spec = parseSpec(workload.specJson)
  const { PortBindings } = spec.hostConfig
  const hostConfig = { ...spec.hostConfig, PortBindings: bindingsWith(PortBindings, known) ?? {} }
  return {
    ...workload,
    ports: republished(workload.ports, known).map((port) => ({ ...port })),
    specJson: formatSpec({ ...spec, hostConfig }),
  }
}

const publishedWords = ({ ports }: Pick<Workload__Output, 'ports'>): string =>
  ports.length === 0 ? 'none' : ports.map(formatPublish).join(', ')

// workload: as it is where it comes from.
export const publishFindings = (
  workload: Pick<Workload__Output, 'name' | 'ports'>,
  wanted: readonly Published[],
): Finding[] => {
  const unknown = wanted.filter((port) => !workload.ports.some((other) => sameContainerPort(port, other)))
  const ports = republished(workload.ports, wanted)
  const twice = ports.filter((port, index) => ports.slice(0, index).some((other) => samePort(port, other)))
  return [
    ...unknown.map((port) => ({
      code: 'DRAYAGE_PORT_NOT_PUBLISHED',
      message:
        `${workload.name} does not publish its port ${port.containerPort}/${port.protocol}, so that --publish ${formatPublish(port)} ` +
        `changes nothing. It publishes: ${publishedWords(workload)} (HOST:CONTAINER). Name a port of the container on the right.`,
    })),
    ...twice.map((port) => ({
      code: 'DRAYAGE_PORT_TAKEN',
      message: `${workload.name} would publish two of its ports on the port ${portWords(port)} of the target. Choose another for one.`,
    })),
  ]
}

// A container that is taken as it was kept has the ports that it was made with: Docker changes none.
export const keptPortFindings = (
  { name, ports }: Pick<Workload__Output, 'name' | 'ports'>,
  kept: readonly Published[],
  migrationId: string,
): Finding[] => {
  const text = (of: readonly Published[]) => of.map(formatPublish).toSorted().join(' ')
  if (text(ports) === text(kept)) return []
  return [
    {
      code: 'DRAYAGE_PORT_NOT_PUBLISHED',
      message:
        `The copy of ${name} that is kept on the target publishes ${publishedWords({ ports: [...kept] })}, and it is to publish ` +
        `${publishedWords({ ports })}. Move it with --publish as it was there, or let dray finalize ${migrationId} remove the copy; ` +
        'everything is then sent anew.',
    },
  ]
}
