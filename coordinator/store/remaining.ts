// What of moves is on a host, as far as is known: which of its containers are workloads, which are what workloads have left
// behind, and which moves it takes part in.
import type { MigrationRequest } from '../../shared/api/migrations.ts'
import type { Database } from './database.ts'

export type RemainingOnHost = {
  // Ids of migrations that have not ended, oldest first.
  readonly underWay: readonly string[]
  // Containers by name, or by id where the inventory has none.
  readonly owned: readonly string[]
  readonly copies: readonly { readonly container: string; readonly movedTo: string }[]
}

// What was seen to be gone is not here; what was never reported may be.
export const remainingOn = async (db: Database, host: string): Promise<RemainingOnHost> => {
  const places = await db
    .selectFrom('workloadPlaces as place')
    .innerJoin('workloads as owner', 'owner.id', 'place.workloadId')
    .leftJoin('containers', (join) =>
      join.onRef('containers.host', '=', 'place.host').onRef('containers.id', '=', 'place.containerId'),
    )
    .select(['place.containerId', 'owner.host as ownerHost', 'owner.containerId as ownerId', 'containers.name'])
    .where('place.host', '=', host)
    .where('containers.goneAt', 'is', null)
    .orderBy('containers.name')
    .execute()
  const named = places.map(({ name, containerId, ownerHost, ownerId }) => ({
    container: name ?? containerId.slice(0, 12),
    movedTo: ownerHost,
    isOwner: ownerHost === host && ownerId === containerId,
  }))
  const unfinished = await db
    .selectFrom('migrations')
    .select(['id', 'requestJson'])
    .where('endedAt', 'is', null)
    .orderBy('createdAt')
    .orderBy('id')
    .execute()
  const hostsOf = (json: string) => {
    const { from, to } = JSON.parse(json) as Pick<MigrationRequest, 'from' | 'to'>
    return [from, to]
  }
  return {
    underWay: unfinished.filter(({ requestJson }) => hostsOf(requestJson).includes(host)).map(({ id }) => id),
    owned: named.filter(({ isOwner }) => isOwner).map(({ container }) => container),
    copies: named.filter(({ isOwner }) => !isOwner).map(({ container, movedTo }) => ({ container, movedTo })),
  }
}
