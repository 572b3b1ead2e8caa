// What it means that something of a Compose project does not move. Pure.
import type { Finding } from '../../../shared/errors.ts'
import type { AcceptedRequest } from '../record.ts'
import type { ProjectPlan } from './project.ts'

type Request = Pick<AcceptedRequest, 'from' | 'to' | 'project' | 'options'>
type Findings = { readonly refusals: readonly Finding[]; readonly warnings: readonly Finding[] }

const mostNamed = 10

const listed = (words: readonly string[]): string => {
  const more = words.length - mostNamed
  return [
    ...words.slice(0, mostNamed),
    ...(more > 0 ? [`and ${more} more (dray migrate --dry-run lists them)`] : []),
  ].join(', ')
}

const onHost = ({ host, name, state }: Pick<ProjectPlan['containers'][number], 'host' | 'name' | 'state'>): string =>
  `${name} on ${host} (${state})`

const warn = (code: string, of: readonly unknown[], message: () => string): Finding[] =>
  of.length === 0 ? [] : [{ code, message: message() }]

// A half that stays cannot be told from one that was forgotten, and a service whose volume stays finds an empty one of that name
// where `docker compose up` makes it anew: both are refused until it is said that they may stay.
const leftBehind = (
  { from, to, options: { dependents } }: Request,
  { name, containers, volumes }: ProjectPlan,
): Findings => {
  const parts = containers.filter(({ isPart, host }) => isPart && host !== to)
  const unmounted = volumes.filter(({ host }) => host === from).map((volume) => volume.name)
  const [otherHost = ''] = parts.map(({ host }) => host)
  const [volume = ''] = unmounted
  const allowed = 'Or say that it may be: --without-dependents (dependents: leave).'
  const reasons = [
    ...(parts.length === 0
      ? []
      : [
          {
            stays: `Left where they are, although they are of the project ${name}: ${listed(parts.map(onHost))}.`,
            why:
              `The project ${name} is not all on ${from}, and would not be all on ${to} either: ${listed(parts.map(onHost))}. ` +
              `Bring those to ${from} or ${to} first (dray migrate --project ${name} --from ${otherHost} --to ${to} --without-dependents).`,
          },
        ]),
    ...(unmounted.length === 0
      ? []
      : [
          {
            stays: `Left on ${from}, since no container of the project ${name} mounts them: ${listed(unmounted)}.`,
            why:
              `The project ${name} has volumes on ${from} that none of its containers mounts, and a service that is made anew on ${to} ` +
              `would find them empty: ${listed(unmounted)}. Take them along (dray volume move ${from}/${volume} ${to}), or remove ` +
              'them if nobody needs them.',
          },
        ]),
  ]
  if (dependents === 'leave') {
    return { refusals: [], warnings: reasons.map(({ stays }) => ({ code: 'project-left-behind', message: stays })) }
  }
  const refusals = reasons.map(({ why }) => ({ code: 'DRAYAGE_SET_LARGER', message: `${why} ${allowed}` }))
  return { refusals, warnings: [] }
}

const unheardWords = ({ host, inventoryAt }: ProjectPlan['unheard'][number]): string =>
  inventoryAt === null
    ? `${host} has never said what it has`
    : `${host} is not online, and what it has is known as of ${inventoryAt} alone`

export const projectFindings = (request: Request, plan: ProjectPlan): Findings => {
  const { name, containers, volumes, services, unheard } = plan
  const { from, to } = request
  const elsewhere = containers.filter(({ host, isPart }) => host !== to && !isPart)
  if (request.project === undefined) {
    const tied = elsewhere.map(({ words, ...one }) => `${onHost(one)} ${words}`)
    const message = () => `On other hosts, and not moved: ${listed(tied)}.`
    return { refusals: [], warnings: warn('set-spans-hosts', elsewhere, message) }
  }
  const { refusals, warnings } = leftBehind(request, plan)
  const otherVolumes = volumes.filter(({ host }) => host !== from).map((volume) => `${volume.name} on ${volume.host}`)
  return {
    refusals,
    warnings: [
      ...warnings,
      ...warn(
        'project-namesake',
        elsewhere,
        () => `Another project ${name}, which has the same containers, is not moved: ${listed(elsewhere.map(onHost))}.`,
      ),
      ...warn(
        'project-volumes-elsewhere',
        otherVolumes,
        () => `Volumes of a project ${name} that no container uses are not moved: ${listed(otherVolumes)}.`,
      ),
      ...warn(
        'service-without-container',
        services,
        () =>
          `Services of the project ${name} that have no container any more are not moved: ${listed(services.map((one) => `${one.name} (last ${one.container} on ${one.host}, seen until ${one.lastSeen})`))}.`,
      ),
      ...warn(
        'hosts-not-heard-of',
        unheard,
        () => `There may be more of the project ${name}: ${listed(unheard.map(unheardWords))}.`,
      ),
    ],
  }
}
