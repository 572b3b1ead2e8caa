// Ports that are published otherwise where a container goes than where it comes from. Whether what is asked for makes sense, the
// coordinator says, which sees all that moves together. Pure.
import type { Finding } from '../../../shared/errors.ts'
import { migrationOfPart } from '../../../shared/move-set/part.ts'
import { formatPublish, type Published, republished, sameContainerPort } from '../../../shared/ports/publish.ts'
import type { Workload__Output } from '../../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { HostConfig } from '../api/answers.ts'
import { formatSpec, parseSpec } from './container-spec.ts'

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
        `${publishedWords({ ports })}. Move it with --publish as it was there, or let dray finalize ${migrationOfPart(migrationId)} remove the copy; ` +
        'everything is then sent anew.',
    },
  ]
}
