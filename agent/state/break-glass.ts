// What was brought back by hand on this host (`dray agent break-glass`). The coordinator was not asked, and may still
// believe that the workload is elsewhere: whoever wants to carry data between the two hosts later on must look here first,
// since from `startedAt` on the copy on this host may have been written to.
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { readDocument, writeDocument } from './document.ts'

const BroughtBack = Type.Object({
  workloadId: Type.String(),
  migrationId: Type.String(),
  epoch: Type.Integer(),
  containerId: Type.String(),
  containerName: Type.String(),
  // The host whose copy the operator said runs nowhere any more.
  movedTo: Type.String(),
  volumes: Type.Array(Type.String()),
  // Written before anything was done. doneAt null: cut off on the way, or under way.
  startedAt: Type.String(),
  doneAt: Type.Union([Type.String(), Type.Null()]),
})
export type BroughtBack = Static<typeof BroughtBack>

export type BreakGlassRecord = {
  all(): readonly BroughtBack[]
  // Replaces what was noted of the same container and migration. On disk when it resolves.
  put(entry: BroughtBack): Promise<void>
}

// One at a time, by whoever holds the data directory's lock.
export const openBreakGlass = async (folder: string): Promise<BreakGlassRecord> => {
  const path = join(folder, 'break-glass.json')
  let entries = (await readDocument(path, Type.Array(BroughtBack))) ?? []
  return {
    all: () => entries,
    put: async (entry) => {
      const isSame = ({ containerId, migrationId }: BroughtBack) =>
        containerId === entry.containerId && migrationId === entry.migrationId
      const next = [...entries.filter((known) => !isSame(known)), entry]
      await writeDocument(path, next)
      entries = next
    },
  }
}
