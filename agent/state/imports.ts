// The imports under way here. Noted before anything is made and forgotten when the volume is whole or taken back, so that
// an agent that died in between knows what to take back when it starts again.
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { removeFile, syncDirectory } from '../../shared/disk/durable-file.ts'
import { AppError } from '../../shared/errors.ts'
import { readDocument, writeDocument } from './document.ts'

const ImportNote = Type.Object({
  transferId: Type.String(),
  volume: Type.String(),
  // It did not exist before.
  made: Type.Boolean(),
  // As the engine sees it; '' until the volume exists.
  mountpoint: Type.String(),
  // Everything is on the disk and as it should be: from then on the volume is kept.
  whole: Type.Boolean(),
})
export type ImportNote = Static<typeof ImportNote>

export type Imports = {
  all(): readonly ImportNote[]
  // Creates or replaces. On disk when it resolves.
  put(note: ImportNote): Promise<void>
  forget(transferId: string): Promise<void>
}

const safeId = /^[0-9A-Za-z_-]{1,64}$/

export const openImports = async (stateFolder: string): Promise<Imports> => {
  const folder = join(stateFolder, 'imports')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await syncDirectory(stateFolder)
  const notes = new Map<string, ImportNote>()
  for (const file of await readdir(folder)) {
    // What a crash left of a write that did not happen.
    if (!file.endsWith('.json')) continue
    const note = await readDocument(join(folder, file), ImportNote)
    if (note !== null) notes.set(note.transferId, note)
  }
  const pathOf = (transferId: string): string => {
    if (safeId.test(transferId)) return join(folder, `${transferId}.json`)
    throw new AppError('DRAYAGE_INVALID_REQUEST', `"${transferId}" is no transfer's id. Nothing was done.`)
  }
  return {
    all: () => [...notes.values()],
    put: async (note) => {
      await writeDocument(pathOf(note.transferId), note)
      notes.set(note.transferId, note)
    },
    forget: async (transferId) => {
      await removeFile(pathOf(transferId))
      notes.delete(transferId)
    },
  }
}
