// What is of the same Compose project as containers that move, and does not move with them: what other hosts have of it,
// volumes that none of its containers mounts, services that have no container any more. Pure. Of a host that has not been heard
// of nothing is known, which is not the same as nothing being there.
import type { Container } from '../../../shared/api/inventory.ts'
import type { Plan } from '../../../shared/api/plan.ts'
import type { KnownOfProject } from '../ports.ts'
import type { AcceptedRequest, Workload } from '../record.ts'

export type ProjectPlan = NonNullable<Plan['projects']>[number]

type Moving = Pick<Workload, 'containerId' | 'name' | 'service' | 'volumes'>

const labelOf = ({ labels }: Container, name: string): string => labels[`com.docker.compose.${name}`] ?? ''

const serviceOf = (container: Container): string => labelOf(container, 'service')

const dependsOn = (container: Container): readonly string[] =>
  labelOf(container, 'depends_on')
    .split(',')
    .map((one) => one.split(':')[0] ?? '')

// Which container of which service: two of the same belong to two instances of the project.
const replica = (service: string, number: string): string => JSON.stringify([service, number])

// Its own, and neither what a move has left behind nor what `docker compose run` has.
const lives = ({ goneAt, movedTo }: Container): boolean => goneAt === null && movedTo === null
const isOfService = (container: Container): boolean =>
  serviceOf(container) !== '' && labelOf(container, 'oneoff') !== 'True'

const asPlanned = ({ host, name, state }: Container, words: string) => ({ host, name, state, words })

type Place = Pick<AcceptedRequest, 'from' | 'to'>

const unheardOf = ({ hosts }: KnownOfProject, { from, to }: Place): ProjectPlan['unheard'] =>
  hosts
    .filter(
      ({ name, state, inventoryAt }) => name !== from && name !== to && (state !== 'online' || inventoryAt === null),
    )
    .map(({ name, inventoryAt }) => ({ host: name, inventoryAt }))

const knownElsewhere = ({ hosts, containers }: KnownOfProject, { from }: Place): readonly Container[] => {
  const names = new Set(hosts.map(({ name }) => name))
  return containers.filter(({ host }) => host !== from && names.has(host)).filter(isOfService)
}

// Where the whole project is asked for. volumes: those of it that `from` has.
export const wholeProject = (
  { from, to }: Place,
  project: { readonly name: string; readonly volumes: readonly string[] },
  moving: readonly Moving[],
  known: KnownOfProject,
): ProjectPlan => {
  const own = moving.flatMap(({ service }) => (service?.project === project.name ? [service] : []))
  const replicas = new Set(own.map(({ name, number }) => replica(name, number)))
  const elsewhere = knownElsewhere(known, { from, to })
  const isNamesake = (one: Container) => replicas.has(replica(serviceOf(one), labelOf(one, 'container-number')))
  const mounted = new Set(moving.flatMap(({ volumes }) => volumes.map(({ name }) => name)))
  const unused = known.volumes.filter(({ host, users, goneAt }) => {
    return host !== from && goneAt === null && users.every((user) => user.goneAt !== null)
  })
  const services = new Set([...own.map(({ name }) => name), ...elsewhere.filter(lives).map(serviceOf)])
  return {
    name: project.name,
    containers: elsewhere
      .filter(lives)
      .map((one) => ({ ...asPlanned(one, isNamesake(one) ? namesake : part), isPart: !isNamesake(one) })),
    volumes: [
      ...project.volumes.filter((name) => !mounted.has(name)).map((name) => ({ host: from, name })),
      ...unused.map(({ host, name }) => ({ host, name })),
    ],
    services: withoutContainer(known.containers.filter(isOfService), services),
    unheard: unheardOf(known, { from, to }),
  }
}

const part = 'is a part of the project'
const namesake = 'is of a project of the same name'

// The last container that each of them was seen to have.
const withoutContainer = (seen: readonly Container[], present: ReadonlySet<string>): ProjectPlan['services'] =>
  [...Map.groupBy(seen, serviceOf)].flatMap(([name, containers]) => {
    const [last] = containers.toSorted((a, b) => b.lastSeen.localeCompare(a.lastSeen))
    if (present.has(name) || last === undefined) return []
    return [{ name, container: last.name, host: last.host, lastSeen: last.lastSeen }]
  })

// Where containers are asked for: what they depend on, or what depends on them, on other hosts alone.
export const tiedElsewhere = (
  place: Place,
  name: string,
  moving: readonly Moving[],
  known: KnownOfProject,
): ProjectPlan => {
  const living = known.containers.filter(lives).filter(isOfService)
  const here = new Set([
    ...living.filter(({ host }) => host === place.from).map(serviceOf),
    ...moving.flatMap(({ service }) => (service?.project === name ? [service.name] : [])),
  ])
  const hasItsOwn = ({ host }: Container, service: string) =>
    living.some((one) => one.host === host && serviceOf(one) === service)
  const own = moving.flatMap(({ name: container, service }) =>
    service?.project === name ? [{ container, service }] : [],
  )
  const containers = knownElsewhere(known, place)
    .filter(lives)
    .flatMap((one) => {
      const words = own.flatMap(({ container, service }) => [
        ...(service.dependsOn.includes(serviceOf(one)) && !here.has(serviceOf(one))
          ? [`is depended on by ${container}`]
          : []),
        ...(dependsOn(one).includes(service.name) && !hasItsOwn(one, service.name) ? [`depends on ${container}`] : []),
      ])
      return words.length === 0 ? [] : [{ ...asPlanned(one, words.join(', ')), isPart: false }]
    })
  return { name, containers, volumes: [], services: [], unheard: [] }
}
