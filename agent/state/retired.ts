// Workloads that have moved away from this host. Their containers and data are kept until the operator says otherwise,
// and must never run here by themselves: the guard stops whatever stands in this list.
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { readDocument, writeDocument } from './document.ts'

const RetiredWorkload = Type.Object({
  workloadId: Type.String(),
  migrationId: Type.String(),
  epoch: Type.Integer(),
  containerId: Type.String(),
  containerName: Type.String(),
  // Where it runs now.
  movedTo: Type.String(),
  retiredAt: Type.String(),
  // What IsolateSource set aside: the way back by hand, and what a later finalize removes.
  volumes: Type.Array(Type.Object({ name: Type.String(), mountpoint: Type.String(), rootIdentity: Type.String() })),
  // Directories of the host that were copied with it. They stay in their place, and no finalize removes them.
  binds: Type.Optional(Type.Array(Type.Object({ path: Type.String(), identity: Type.String() }))),
  renamedTo: Type.String(),
  // Docker's RestartPolicy as JSON, as it was before the move; '' where it was never changed.
  restartPolicyJson: Type.String(),
  // A migration back began to write into the volumes: until one has come to its end, what is in them was never a whole.
  partial: Type.Optional(Type.String()),
  // Noted by FinalizeSource before it removes anything: what goes with the container, by id.
  going: Type.Optional(Type.Object({ networks: Type.Array(Type.String()), image: Type.String() })),
})
export type RetiredWorkload = Static<typeof RetiredWorkload>

export type Retired = {
  all(): readonly RetiredWorkload[]
  byContainer(containerId: string): RetiredWorkload | null
  // Its copies, the newest first.
  byWorkload(workloadId: string): readonly RetiredWorkload[]
  // Replaces what was noted of the same container. On disk when it resolves.
  add(workload: RetiredWorkload): Promise<void>
  // From then on the container may run here. On disk when it resolves; one that is not in the list is no error.
  remove(containerId: string): Promise<void>
}

export const openRetired = async (folder: string): Promise<Retired> => {
  const path = join(folder, 'retired.json')
  let retired = (await readDocument(path, Type.Array(RetiredWorkload))) ?? []
  let last: Promise<unknown> = Promise.resolve()

  const without = (containerId: string) => retired.filter((workload) => workload.containerId !== containerId)
  const change = (changed: () => readonly RetiredWorkload[]): Promise<void> => {
    const mine = last.then(async () => {
      const next = [...changed()]
      await writeDocument(path, next)
      retired = next
    })
    last = mine.catch(() => {})
    return mine
  }
  return {
    all: () => retired,
    byContainer: (containerId) => retired.find((workload) => workload.containerId === containerId) ?? null,
    byWorkload: (workloadId) =>
      retired.filter((workload) => workload.workloadId === workloadId).toSorted((a, b) => b.epoch - a.epoch),
    add: (workload) => change(() => [...without(workload.containerId), workload]),
    remove: (containerId) => change(() => without(containerId)),
  }
}
