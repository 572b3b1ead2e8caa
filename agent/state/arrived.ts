// Workloads that migrations have brought to this host, and that are here still. What the rounds have left in memory of
// their volumes is kept for them: with it a way back carries only what has changed.
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { readDocument, writeDocument } from './document.ts'

const Arrival = Type.Object({
  workloadId: Type.String(),
  migrationId: Type.String(),
  containerId: Type.String(),
  // Directories of the host that were copied with it.
  binds: Type.Optional(Type.Array(Type.Object({ path: Type.String(), identity: Type.String() }))),
})
export type Arrival = Static<typeof Arrival>

export type Arrived = {
  all(): readonly Arrival[]
  // Replaces what was noted of the same workload. On disk when it resolves.
  add(arrival: Arrival): Promise<void>
  // One that is not in the list is no error.
  remove(workloadId: string): Promise<void>
}

export const openArrived = async (folder: string): Promise<Arrived> => {
  const path = join(folder, 'arrived.json')
  let arrived = (await readDocument(path, Type.Array(Arrival))) ?? []
  let last: Promise<unknown> = Promise.resolve()

  const change = (changed: () => readonly Arrival[]): Promise<void> => {
    const mine = last.then(async () => {
      const next = [...changed()]
      await writeDocument(path, next)
      arrived = next
    })
    last = mine.catch(() => {})
    return mine
  }
  const without = (workloadId: string) => arrived.filter((arrival) => arrival.workloadId !== workloadId)
  return {
    all: () => arrived,
    add: (arrival) => change(() => [...without(arrival.workloadId), arrival]),
    remove: (workloadId) => change(() => without(workloadId)),
  }
}
