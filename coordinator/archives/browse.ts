// What is in a volume, read by its host's agent as it is now. Nothing is held: it may change from one question to the next.
import type { Directory, DirectoryEntry } from '../../shared/api/browse.ts'
import { AppError } from '../../shared/errors.ts'
import type { DirectoryEntry__Output } from '../../shared/rpc/generated/drayage/v1/DirectoryEntry.ts'
import { fromPathText, toPathText } from './path-text.ts'
import type { ArchiveHosts } from './ports.ts'

type Place = { readonly host: string; readonly volume: string; readonly path: string }

export type VolumeFile = {
  readonly size: number
  // How many bytes will come.
  readonly bytes: number
  // To be read once. Ends after that many, or throws.
  readonly pieces: AsyncIterable<Buffer>
}

// Both throw DRAYAGE_HOST_NOT_FOUND, DRAYAGE_HOST_OFFLINE, and what the agents say (proto/archive.proto).
export type Browse = {
  list(place: Place, page: { readonly after: string; readonly limit: number }, signal: AbortSignal): Promise<Directory>
  // Resolves when the file is open. length: null for all of it.
  read(
    place: Place,
    range: { readonly offset: number; readonly length: number | null },
    signal: AbortSignal,
  ): Promise<VolumeFile>
}

const entryOf = ({ modifiedSeconds, modifiedNanoseconds, ...entry }: DirectoryEntry__Output): DirectoryEntry => {
  const at = new Date(modifiedSeconds * 1000 + Math.floor(modifiedNanoseconds / 1_000_000))
  return {
    name: toPathText(entry.name),
    type: entry.type as DirectoryEntry['type'],
    mode: entry.permissions.toString(8).padStart(4, '0'),
    ...{ uid: entry.uid, gid: entry.gid, size: entry.size, diskBytes: entry.diskBytes },
    // Beyond what a date can be, some file systems still hold times.
    modifiedAt: Number.isNaN(at.getTime()) ? null : at.toISOString(),
    link: entry.type === 'symlink' ? toPathText(entry.link) : null,
  }
}

export const createBrowse = (hosts: ArchiveHosts): Browse => ({
  list: async ({ host, volume, path }, { after, limit }, signal) => {
    const request = { volume, path: fromPathText(path), after: fromPathText(after), limit }
    const { agent } = await hosts.archives(host)
    const { entries, more } = await agent.listDirectory(request, signal)
    return { host, volume, path, entries: entries.map(entryOf), more }
  },
  read: async ({ host, volume, path }, { offset, length }, signal) => {
    const request = { volume, path: fromPathText(path), offset, ...(length === null ? {} : { length }) }
    const { agent } = await hosts.archives(host)
    const messages = agent.readFile(request, signal)[Symbol.asyncIterator]()
    const first = await messages.next()
    if (first.done) throw new AppError('DRAYAGE_STREAM_DAMAGED', `The agent of ${host} said nothing of the file.`)
    const { size } = first.value
    const rest = Math.max(0, size - offset)
    const bytes = Math.min(rest, length ?? rest)
    const pieces = async function* (): AsyncGenerator<Buffer> {
      for (let next = await messages.next(); !next.done; next = await messages.next()) {
        if (next.value.content.length > 0) yield next.value.content
      }
    }
    return { size, bytes, pieces: pieces() }
  },
})
