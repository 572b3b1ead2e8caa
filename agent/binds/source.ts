// Where a container comes from: the directories of its host that are to be copied with it, each once, as what travels with its
// volumes; and every reason why one cannot be.
import type { Finding } from '../../shared/errors.ts'
import type { Workload__Output as Workload } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { WorkloadVolume__Output as WorkloadVolume } from '../../shared/rpc/generated/drayage/v1/WorkloadVolume.ts'
import type { HostMount } from '../docker/engine.ts'
import type { State } from '../state/state.ts'
import { type BindHost, lookByRules } from './host-rules.ts'
import { mountedAround } from './mounts.ts'
import { relationOf, withoutEnd } from './paths.ts'
import { isInside, namesOf, type User, usersOf } from './users.ts'

export { namesOf } from './users.ts'

type Host = BindHost & { readonly state: Pick<State, 'retired'> }
type Bind = Workload['binds'][number]

// What the volume engine finds there is measured by whoever asks.
export type CopiedBinds = {
  readonly volumes: readonly WorkloadVolume[]
  readonly obstacles: readonly Finding[]
  readonly warnings: readonly Finding[]
}

const asVolume = (path: string, binds: readonly Bind[], rootIdentity: string): WorkloadVolume => ({
  name: path,
  driver: '',
  options: {},
  labels: {},
  mountpoint: path,
  createdAt: '',
  anonymous: false,
  destination: binds[0]?.destination ?? '',
  readOnly: binds.every(({ readOnly }) => readOnly),
  rootIdentity,
  usage: null,
  traits: ['a directory of the host'],
  carriedByAnother: false,
  ofHost: true,
})

// Two of those that move may be the same directory by the same name, and nothing else that is in both: each would be copied on
// its own, and the later copy not know of the earlier.
const overlaps = (path: string, users: readonly User[]): string[] => {
  const others = users.filter(({ source, relation }) => relation !== 'at' || relationOf(source, path) !== 'at')
  return [
    ...new Set(
      others.map(({ source, name }) => `${source}, which ${name} mounts, is the same directory, in it, or around it`),
    ),
  ]
}

// Which of them the rules let be read: what the source's agent gives to its peer, whoever else has them mounted.
export const bindsByRules = async (host: BindHost, binds: readonly Bind[]): Promise<WorkloadVolume[]> => {
  const volumes = await Promise.all(
    [...Map.groupBy(binds, ({ source }) => withoutEnd(source))].map(async ([path, same]) => {
      const { reasons, found } = await lookByRules(host, path)
      return reasons.length === 0 && found?.kind === 'directory' ? [asVolume(path, same, found.identity)] : []
    }),
  )
  return volumes.flat()
}

// together: ids of all that move. Each of the binds that may be copied is among `volumes`; of the others `obstacles` says why not.
// mounts: of all containers.
export const copiedBinds = async (
  host: Host,
  { name, binds }: Pick<Workload, 'name' | 'binds'>,
  together: readonly string[],
  mounts: readonly HostMount[],
): Promise<CopiedBinds> => {
  const { paths, state } = host
  const moving = new Set(together)
  const staying = (user: HostMount) =>
    !moving.has(user.containerId) && state.retired.byContainer(user.containerId) === null
  const volumes: WorkloadVolume[] = []
  const [obstacles, warnings]: [Finding[], Finding[]] = [[], []]
  for (const [path, same] of Map.groupBy(binds, ({ source }) => withoutEnd(source))) {
    const { reasons, found } = await lookByRules(host, path)
    const identity = found?.kind === 'directory' ? found.identity : ''
    const users = await usersOf({ path, way: found?.way ?? [], identity }, mounts, paths)
    const left = users.filter((user) => staying(user) && user.runs)
    const inside = left.filter(isInside)
    const around = left.filter((user) => !isInside(user) && !user.readOnly)
    const { below } = found?.kind === 'directory' ? await mountedAround(paths.here(path)) : { below: [] }
    const why = [
      ...reasons,
      ...(found?.kind === 'missing' ? ['there is nothing at that path'] : []),
      ...overlaps(
        path,
        users.filter((user) => moving.has(user.containerId)),
      ),
      ...(inside.length > 0
        ? [`${namesOf(inside)} runs with it mounted and does not move: stop or move that, too`]
        : []),
      ...(below.length > 0 ? [`${below.join(', ')} is mounted inside of it, and would be left behind`] : []),
    ]
    const at = same.map(({ destination }) => destination).join(', ')
    if (why.length > 0 || found?.kind !== 'directory') {
      obstacles.push({
        code: 'DRAYAGE_BIND_MOUNT',
        message:
          `${at} is a bind mount of ${path} on this host, which cannot be copied: ${why.join('; ')}. Where the target has the ` +
          'same at the same path, --binds require moves the container without copying.',
      })
      continue
    }
    volumes.push(asVolume(path, same, identity))
    const others = around.length === 0 ? '' : ` ${namesOf(around)} can, from around it.`
    warnings.push({
      code: 'bind-copied',
      message:
        `${path} of this host is copied, and stays here as it is: when ${name} has moved, and when it is finalized. Whatever ` +
        `else of this host writes to it cannot be kept from it.${others} What is written while the last of it is copied ends the ` +
        'move; what is written afterwards stays here.',
    })
  }
  return { volumes, obstacles, warnings }
}

// Last before its data is given up: containers that run with any of these directories mounted and do not move. What is
// isolated with them has stopped.
export const runningInside = async (
  { engine, paths }: Pick<BindHost, 'paths'> & { readonly engine: Pick<BindHost['engine'], 'hostMounts'> },
  places: readonly { readonly path: string; readonly identity: string }[],
): Promise<User[]> => {
  if (places.length === 0) return []
  const running = (await engine.hostMounts()).filter(({ runs }) => runs)
  const users = await Promise.all(
    places.map(({ path, identity }) => usersOf({ path, way: [], identity }, running, paths)),
  )
  return users.flat().filter(isInside)
}
