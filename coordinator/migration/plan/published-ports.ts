// Which ports those that move together are published on where they go. Pure.
import type { Finding } from '../../../shared/errors.ts'
import {
  formatPublish,
  formatWanted,
  type Published,
  republished,
  sameContainerPort,
  samePort,
} from '../../../shared/ports/publish.ts'
import { type AcceptedRequest, publishedBy, type Workload, wantedPorts } from '../record.ts'

type Publishing = Pick<Workload, 'name' | 'ports'>

// 0.0.0.0:8080->80/tcp, as `docker ps` has it; an ephemeral port has no number before it starts.
const portText = ({ hostIp, hostPort, containerPort, protocol }: Published): string =>
  `${hostIp || '0.0.0.0'}:${hostPort === 0 ? '(any)' : hostPort}->${containerPort}/${protocol}`

// What is published otherwise than where it comes from, says so.
export const publishedPorts = ({ options }: Pick<AcceptedRequest, 'options'>, { name, ports }: Publishing): string[] =>
  republished(ports, publishedBy(options.publish, name)).map((port) => {
    const before = ports.filter((other) => sameContainerPort(port, other)).map(portText)
    return before.includes(portText(port)) ? portText(port) : `${portText(port)} (was ${before.join(', ')})`
  })

const refused = (code: 'DRAYAGE_PORT_NOT_PUBLISHED' | 'DRAYAGE_PORT_TAKEN', message: string): Finding => ({
  code,
  message,
})

// Of one another; who else has a port on the target, its agent says.
export const publishRefusals = (
  { to, options }: Pick<AcceptedRequest, 'to' | 'options'>,
  containers: readonly Publishing[],
): Finding[] => {
  const unclear = wantedPorts(options.publish).flatMap((wanted) => {
    const { container, port } = wanted
    const meant = containers.filter(({ name }) => container === null || name === container)
    const publishers = meant.filter(({ ports }) => ports.some((other) => sameContainerPort(port, other)))
    const [one, ...others] = publishers.map(({ name }) => name)
    const what = `port ${port.containerPort}/${port.protocol}`
    if (meant.length === 0) {
      const message = `--publish ${formatWanted(wanted)} is for ${container}, which does not move. What moves is ${containers.map(({ name }) => name).join(', ')}.`
      return [refused('DRAYAGE_PORT_NOT_PUBLISHED', message)]
    }
    if (one === undefined) {
      const all = meant.flatMap(({ ports }) => ports).map(formatPublish)
      const message = `${meant.map(({ name }) => name).join(' and ')} does not publish its ${what}, so that --publish ${formatWanted(wanted)} changes nothing. Published are: ${all.join(', ') || 'none'} (HOST:CONTAINER). Name a port of the container on the right.`
      return [refused('DRAYAGE_PORT_NOT_PUBLISHED', message)]
    }
    if (others.length === 0) return []
    const message = `${[one, ...others].join(' and ')} all publish their ${what}: which of them --publish ${formatPublish(port)} is for is not guessed. Say whose: --publish ${formatWanted({ container: one, port })}.`
    return [refused('DRAYAGE_PORT_NOT_PUBLISHED', message)]
  })
  const all = containers.flatMap((container) =>
    republished(container.ports, publishedBy(options.publish, container.name)).map((port) => ({
      port,
      name: container.name,
    })),
  )
  const clashes = all.flatMap(({ port, name }, index) => {
    const other = all.slice(0, index).find((one) => samePort(one.port, port))
    if (other === undefined) return []
    const both = [other, { port, name }].map((one) => `the port ${one.port.containerPort} of ${one.name}`).join(' and ')
    const message = `${both} would be published on the same port ${port.hostPort}/${port.protocol} of ${to}. Choose another for one (--publish).`
    return [refused('DRAYAGE_PORT_TAKEN', message)]
  })
  return [...unclear, ...clashes]
}
