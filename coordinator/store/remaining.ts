// What of moves is on a host, as far as is known: which of its containers are workloads, and which are what workloads have
// left behind.
import type { Database } from './database.ts'

export type RemainingOnHost = {
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
  return {
    owned: named.filter(({ isOwner }) => isOwner).map(({ container }) => container),
    copies: named.filter(({ isOwner }) => !isOwner).map(({ container, movedTo }) => ({ container, movedTo })),
  }
}
