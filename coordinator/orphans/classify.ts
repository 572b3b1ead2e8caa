// Which volumes nothing uses, and what may be said of each: pure. Unknown is not unused: of a host that cannot be relied
// on nothing is said at all, and where somebody else may have a part in a volume it is no orphan.
import type { Host } from '../../shared/api/hosts.ts'
import { type Container, composeProject, type Volume } from '../../shared/api/inventory.ts'
import type { Orphan, Verdict } from '../../shared/api/orphans.ts'
import type { Claim, Known } from './ports.ts'

type Judgement = { readonly verdict: Verdict; readonly reason: string; readonly migration: string | null }

// Its inventory is what it has now.
export const isReliable = (host: Host): boolean =>
  host.state === 'online' && host.engineReachable && host.inventoryAt !== null && host.fence === null

export const orphansAmong = ({ hosts, containers, volumes, claims, migrations }: Known): Orphan[] => {
  const reliable = new Map(hosts.filter(isReliable).map((host) => [host.name, host]))
  const states = new Map(hosts.map(({ name, state }) => [name, state]))
  const present = volumes.filter(({ goneAt }) => goneAt === null)
  const byName = Map.groupBy(present, ({ name }) => name)
  const containersOf = Map.groupBy(
    containers.filter(({ goneAt }) => goneAt === null),
    ({ host }) => host,
  )
  const referringTo = (volume: Volume): Container[] =>
    (containersOf.get(volume.host) ?? []).filter((container) => refersTo(container, volume))
  return present.flatMap((volume) => {
    const host = reliable.get(volume.host)
    if (host === undefined) return []
    const users = referringTo(volume)
    if (users.some(({ movedTo }) => movedTo === null)) return []
    const others = (byName.get(volume.name) ?? []).filter((one) => one.host !== volume.host)
    const judgement =
      keptByClaim(volume, claims) ??
      keptAsCopy(users) ??
      notKnown(volume, host) ??
      ofLabel(volume, migrations) ??
      orphan
    return [
      {
        ...{ host: volume.host, name: volume.name, driver: volume.driver, mountpoint: volume.mountpoint },
        ...{ createdAt: volume.createdAt, anonymous: volume.anonymous },
        ...judgement,
        ...history(volume),
        ...{ sizeBytes: volume.sizeBytes, sizeMeasuredAt: volume.sizeMeasuredAt },
        alsoOn: others.map((one) => ({
          ...{ host: one.host, hostState: states.get(one.host) ?? 'unknown' },
          usedBy: referringTo(one).map(({ name }) => name),
          ...{ createdAt: one.createdAt, sizeBytes: one.sizeBytes },
        })),
      },
    ]
  })
}

// By name; or by a bind mount of its directory, of what is in it, or of the folder that Docker keeps it in, which keeps no
// engine from removing it. A bind mount further up is no use of it: backups and monitors have the whole data root.
export const refersTo = ({ mounts }: Container, { name, mountpoint }: Volume): boolean =>
  mounts.some(({ type, volume, source }) =>
    type === 'volume'
      ? volume === name
      : mountpoint !== '' &&
        (source === mountpoint ||
          source.startsWith(`${mountpoint}/`) ||
          source === mountpoint.slice(0, mountpoint.lastIndexOf('/'))),
  )

const orphan: Judgement = {
  verdict: 'orphan',
  reason: 'No container on its host refers to it, and no migration has a part in it.',
  migration: null,
}

const keptByClaim = (volume: Volume, claims: readonly Claim[]): Judgement | null => {
  const claim = claims.find((one) => one.host === volume.host && one.volume === volume.name)
  if (claim === undefined) return null
  if (claim.kind === 'transfer') {
    return {
      verdict: 'kept',
      reason: `A transfer has it just now (${claim.id}). Wait until that has ended.`,
      migration: null,
    }
  }
  const { id, container } = claim
  const reason =
    claim.kind === 'running'
      ? `The migration ${id} of ${container} has a part in it, and has not ended. Wait for it, or end it: dray cancel ${id}.`
      : `The migration ${id} of ${container} is not finalized: it keeps this for the way back. dray return ${id} or dray finalize ${id} ends that.`
  return { verdict: 'kept', reason, migration: id }
}

// A retired container refers to it still.
const keptAsCopy = (users: readonly Container[]): Judgement | null => {
  const [copy] = users
  if (copy === undefined) return null
  const reason =
    `It is what ${copy.name} left behind when it moved to ${copy.movedTo}, and its stopped copy refers to it still. dray ` +
    'migrations tells by which migration; remove that container by hand if no migration keeps it any more.'
  return { verdict: 'kept', reason, migration: null }
}

export const migrationLabel = 'dev.drayage.migration'

// Labels cannot be changed, so that a volume that has arrived well has its migration's for ever.
const ofLabel = (volume: Volume, migrations: Known['migrations']): Judgement | null => {
  const id = volume.labels[migrationLabel]
  if (id === undefined) return null
  const migration = migrations.get(id)
  if (migration === undefined) {
    const reason = `It was made by a migration that this coordinator does not know (${id}): another coordinator may. It is not judged here.`
    return { verdict: 'not-known', reason, migration: id }
  }
  if (migration.state !== 'rolled-back' && migration.state !== 'cancelled') return null
  const reason =
    `It was made by the migration ${id}, which was put back, and was left here: an unfinished copy that nothing uses. What it ` +
    `is a copy of is on ${migration.from}. dray orphans rm removes it if you name it.`
  return { verdict: 'debris', reason, migration: id }
}

const notKnown = ({ driver, scope, options }: Volume, { engine }: Host): Judgement | null => {
  const told = (reason: string): Judgement => ({ verdict: 'not-known', reason, migration: null })
  if (driver !== 'local' || scope !== 'local') {
    return told(
      `It is of the driver ${driver} (scope ${scope}): other hosts, or what is outside of Docker, may use the same data. Ask whoever runs that storage.`,
    )
  }
  if (Object.keys(options).length > 0) {
    return told(
      'It was made with options: its data is elsewhere, and others may use it there. Removing it here (docker volume rm) removes the definition.',
    )
  }
  if (engine === null || engine.swarm) {
    return told(
      'Its host is in a swarm: a service that has no container there just now may refer to it. Look at its services.',
    )
  }
  return null
}

const history = ({ labels, users, firstSeen }: Volume) => {
  const past = users.toSorted((a, b) => (b.goneAt ?? '9').localeCompare(a.goneAt ?? '9'))
  const [lastUser = null] = past
  const unusedSince = lastUser === null ? firstSeen : (lastUser.goneAt ?? lastUser.lastSeen)
  return {
    lastUser,
    lastWriter: past.find(({ readOnly }) => !readOnly) ?? null,
    project: labels[composeProject] ?? lastUser?.project ?? null,
    unusedSince,
    unusedSinceIs: lastUser === null ? ('first-seen' as const) : ('last-user-gone' as const),
  }
}
