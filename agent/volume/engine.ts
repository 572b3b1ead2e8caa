// The volume engine: reads a volume as one verified stream and makes another directory exactly the same. This file is
// what the rest of the agent sees; the work is done in worker threads (threads/), round by round (round/).
import { close, read } from 'node:fs'
import { lstat, statfs } from 'node:fs/promises'
import { promisify } from 'node:util'
import { AppError } from '../../shared/errors.ts'
import type { Listed, Page } from './browse/list.ts'
import type { Opened } from './browse/open-file.ts'
import { bytesOf, fromBytes } from './byte-string.ts'
import type { Holding as HoldingInBytes } from './round/base-tree.ts'
import type { PaceOptions } from './round/checkpoint.ts'
import { type Compression, compressionOf } from './round/compression-choice.ts'
import { type DevicePolicy, devicePolicyOf } from './round/devices.ts'
import type { Remembered } from './round/differing.ts'
import type { RoundLimits } from './round/limits.ts'
import type { Usage } from './round/measure.ts'
import { isPacked, type Packed, type Piece, packedBytes, unpackedBytes } from './round/packing.ts'
import type { ReadBack as ReadBackInBytes } from './round/read-back.ts'
import type { Summary } from './round/summary.ts'
import type { Rates } from './sample/rates.ts'
import { createWorkerPool } from './threads/pool.ts'
import type { Report } from './threads/protocol.ts'
import { type Readers, readPieces } from './threads/read.ts'
import { type Incoming, writePieces } from './threads/write.ts'

export {
  type Compression,
  compressionOf,
  type DevicePolicy,
  devicePolicyOf,
  type Incoming,
  isPacked,
  type Packed,
  type Piece,
  packedBytes,
  type Rates,
  type RoundLimits,
  unpackedBytes,
}

export type VolumeUsage = {
  // Names, the root directory's included, as a round would carry them.
  readonly entries: number
  // Content as a reader sees it, holes included; a file with several names once.
  readonly apparentBytes: number
  readonly diskBytes: number
  // Device nodes, and the paths of up to 20 of them.
  readonly devices: number
  readonly devicePaths: readonly Buffer[]
}

export type SkippedEntry = { readonly path: Buffer; readonly reason: string }

export type RoundSummary = {
  readonly entries: number
  // Of those that are there and those that have gone: what the round said something of.
  readonly changedEntries: number
  // Bytes of content that crossed: holes do not, and a file with several names does once.
  readonly contentBytes: number
  // Bytes of content in the volume, as a reader sees it.
  readonly volumeBytes: number
  readonly tarBytes: number
  // SHA-256 of the tree, hex; tree/digest.ts says of what. Equal on both ends if and only if the trees are.
  readonly digest: string
  readonly skipped: readonly SkippedEntry[]
}

// What a target can vouch for: the tree with this digest ('': nothing), but for what is lacking. Of a file that is lacking
// in part: the numbers of its blocks of 1 MiB; of anything else that is not there: none.
export type Holding = {
  readonly digest: string
  readonly lacking: readonly { readonly path: Buffer; readonly blocks: readonly number[] }[]
}

export type ReadOptions = {
  // As `identify` gave it. Another directory at `root` is DRAYAGE_VOLUME_ROOT_CHANGED, before a byte is read.
  readonly expectIdentity?: string
  // Whether anything that changes while the volume is read is an error (DRAYAGE_SOURCE_CHANGED, details.paths: up to 20
  // of them), or normal.
  readonly final: boolean
  // A directory of this migration's and this volume's own. Given the same one in every round, a round carries only what
  // has changed since the one that the target holds. Without it: everything.
  readonly memory?: string
  readonly holding?: Holding
  // Default: keep. refuse: DRAYAGE_DEVICE_NODES, details.paths, before a byte is sent.
  readonly devices?: DevicePolicy
  // All content is read and compared with what the target was given, whatever the stats say.
  readonly everything?: boolean
  // How often, where there is a memory, the round becomes one that is gone on with when it is cut: the least time and the
  // least of the stream between two such places (round/checkpoint.ts).
  readonly checkpoints?: PaceOptions
  readonly signal?: AbortSignal
}

export type VolumeStream<P extends Piece = Buffer> = Incoming & {
  // At most 1 MiB each, every one in its own memory, with `headRoom` (shared/rpc/piece-messages.ts) before it. To be read
  // once and to the end; leaving early cancels the round. The worker starts with the call and waits when it is a few
  // pieces ahead: a stream that is not wanted after all has to be cancelled by its signal.
  readonly pieces: AsyncIterable<P>
  // What they bring at most; undefined until there is a piece.
  limits(): RoundLimits | undefined
  // The memory of a piece that is not needed any more, so that the next one need not have new memory. May be left out.
  giveBack(piece: P): void
  // Settles after the last piece. The round was good only if it is fulfilled.
  readonly summary: Promise<RoundSummary>
}

export type WriteOptions = {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { readonly bytes: number; readonly entries: number }) => void
  // What was announced: whatever goes beyond is refused as DRAYAGE_STREAM_DAMAGED, before it is written.
  readonly limits?: Partial<RoundLimits>
  // The archive may have been written by others: in GNU tar's own format or any of POSIX, without its root directory or
  // others on the way, and with its paths to be shortened.
  readonly foreign?: { readonly stripComponents: number }
}

export type ReceiveOptions = WriteOptions & {
  // As for reading, on the target's side.
  readonly memory: string
  // As `identify` gave it. Another directory at `root` is DRAYAGE_VOLUME_ROOT_CHANGED, before a byte is written.
  readonly expectIdentity?: string
  // `readBack` will be asked for.
  readonly noteWritten?: boolean
}

export type CheckOptions = {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { readonly bytes: number }) => void
}

// What reading back has found.
export type ReadBack = {
  // Files of which anything was read, and how much.
  readonly files: number
  readonly bytes: number
  // Paths of those that are not what was written. The next round sends what they lack.
  readonly differing: readonly Buffer[]
  // It is not known what all was written since the last time (a process was killed): nothing was read. `digest` then
  // tells of everything.
  readonly incomplete: boolean
}

export type DirectoryPage = {
  readonly entries: (Omit<Listed, 'name' | 'link'> & { readonly name: Buffer; readonly link: Buffer })[]
  // There are others, with names after the last one's.
  readonly more: boolean
}

export type OpenFile = {
  readonly size: number
  // Fewer only at its end.
  read(offset: number, bytes: number): Promise<Buffer>
  close(): Promise<void>
}

export type VolumeEngine = {
  // "dev:ino" in decimal of the directory itself. DRAYAGE_VOLUME_NOT_FOUND if there is none.
  identify(root: string): Promise<string>
  measure(root: string, options?: { readonly signal?: AbortSignal }): Promise<VolumeUsage>
  // How fast what is in these directories is read just now, and how fast what is new in this one is written: by samples, for a
  // quarter of a second each. Nothing is changed. Errors: DRAYAGE_VOLUME_NOT_FOUND, DRAYAGE_VOLUME_UNREADABLE;
  // DRAYAGE_TARGET_FULL, DRAYAGE_UNREPRESENTABLE where the file system makes no files without a name.
  sampleReading(roots: readonly string[], options?: { readonly signal?: AbortSignal }): Promise<Rates>
  sampleWriting(directory: string, options?: { readonly signal?: AbortSignal }): Promise<Rates>
  // Up to 20 entries that were changed, made or removed since the last round that this memory knows of ('' is the root
  // directory itself), seen by their stats; null: it knows of none. Not for a volume that is in use.
  changedSince(root: string, memory: string, options?: { readonly signal?: AbortSignal }): Promise<Buffer[] | null>
  // Bytes and inodes that root may still use on the file system that holds `path`. A file system that makes inodes as
  // it needs them (Btrfs) has Number.MAX_SAFE_INTEGER of them.
  freeSpace(path: string): Promise<{ bytes: number; inodes: number }>
  // One round, as a PAX archive that GNU tar restores with `--xattrs --xattrs-include='*' --acls --numeric-owner`.
  // Errors, from `pieces` and `summary` alike: DRAYAGE_VOLUME_NOT_FOUND, DRAYAGE_VOLUME_UNREADABLE,
  // DRAYAGE_VOLUME_ROOT_CHANGED, DRAYAGE_SOURCE_CHANGED, DRAYAGE_UNREPRESENTABLE, DRAYAGE_CANCELLED.
  read(root: string, options: ReadOptions): VolumeStream
  // The same for `receive`, with pieces compressed where that is worth it (round/compression-choice.ts).
  readPacked(
    root: string,
    options: ReadOptions,
    compression: Compression,
    isConsumerBehind?: () => boolean,
  ): VolumeStream<Piece>
  // Makes the directory `root` exactly what the archive holds, its own metadata included: what was in it before goes.
  // The pieces are given away: of one that is alone in its memory, that memory changes hands.
  // Returns when all of it is on disk. After an error what is in `root` must not be used. Errors:
  // DRAYAGE_STREAM_DAMAGED (cut, altered, hostile, beyond limits), DRAYAGE_TARGET_FULL, DRAYAGE_UNREPRESENTABLE
  // (details.paths: what this file system cannot hold), DRAYAGE_MOUNT_UNSUPPORTED (something is mounted inside),
  // DRAYAGE_VOLUME_NOT_FOUND, DRAYAGE_CANCELLED, and whatever `pieces` throws.
  write(root: string, pieces: AsyncIterable<Piece>, options?: WriteOptions): Promise<RoundSummary>
  // One round of several: makes `root` what the source's volume was. First sees what of the rounds before is there as it
  // was left, and asks `open` for the stream that builds upon that: after a round that was whole at once, and a second time
  // if it then sees less than it had said. The stream before is left where it is; whoever opened it lets go of it. A round
  // that fails may be followed by another at any time, also after the agent or the machine has gone down in between:
  // nothing that was touched is taken for granted. Errors: as of `write`.
  receive(root: string, open: (holding: Holding) => Incoming, options: ReceiveOptions): Promise<RoundSummary>
  // Reads back what rounds with `noteWritten` have written and nobody has read back yet, and compares it with the hashes
  // of what was written. It comes from the disk, where the kernel drops what it has cached. Not while a round is written.
  readBack(root: string, memory: string, options?: CheckOptions): Promise<ReadBack>
  // Reads a directory that does not change, all of it from the disk, for what `read` would say of it. `against`: a memory
  // of rounds, and the digest of a tree; where another is found, `differing` has the paths of up to 100 entries that are
  // not as in that tree ('' is the root directory), if it is remembered.
  digest(
    root: string,
    options?: CheckOptions & { readonly devices?: DevicePolicy; readonly against?: Remembered },
  ): Promise<RoundSummary & { readonly differing: readonly Buffer[] }>
  // One directory of a volume, as it is now; no symlink is followed, no mount point crossed. Errors: DRAYAGE_VOLUME_NOT_FOUND,
  // DRAYAGE_PATH_NOT_FOUND, DRAYAGE_PATH_REFUSED, DRAYAGE_INVALID_REQUEST, DRAYAGE_VOLUME_UNREADABLE.
  list(
    root: string,
    path: Buffer,
    page: { readonly after: Buffer; readonly limit: number; readonly signal?: AbortSignal },
  ): Promise<DirectoryPage>
  // One regular file, likewise. To be closed by the caller.
  openFile(root: string, path: Buffer, options?: { readonly signal?: AbortSignal }): Promise<OpenFile>
  // Removes all that is in a directory; crosses no mount point, follows no symlink. Errors: DRAYAGE_VOLUME_NOT_FOUND,
  // DRAYAGE_MOUNT_UNSUPPORTED, and with `expectIdentity` DRAYAGE_VOLUME_ROOT_CHANGED before anything is removed.
  clear(root: string, options?: { readonly expectIdentity?: string }): Promise<void>
  // Cancels what is under way and ends the worker threads.
  close(): Promise<void>
}

// Descriptors are the process's: one that a worker has opened is read here, where waiting for a disk holds nobody up.
const [readAt, closeDescriptor] = [promisify(read), promisify(close)]

const publicSummary = ({ skipped, ...summary }: Summary): RoundSummary => ({
  ...summary,
  skipped: skipped.map(({ path, reason }) => ({ path: bytesOf(path), reason })),
})

const identify = async (root: string): Promise<string> => {
  const stat = await lstat(root, { bigint: true }).catch(() => undefined)
  if (stat?.isDirectory()) return `${stat.dev}:${stat.ino}`
  throw new AppError('DRAYAGE_VOLUME_NOT_FOUND', `The volume's directory ${root} is not there, or is not a directory.`)
}

// What is kept for root, and ext4's own reserve, is not counted: the workload could not write there, and the engine not for
// long.
const freeSpace = async (path: string): Promise<{ bytes: number; inodes: number }> => {
  const { bavail, bsize, files, ffree } = await statfs(path)
  return { bytes: bavail * bsize, inodes: files === 0 ? Number.MAX_SAFE_INTEGER : ffree }
}

const heard =
  (onProgress: CheckOptions['onProgress']) =>
  (report: Report): void => {
    if (report.kind === 'progress') onProgress?.({ bytes: report.bytes })
  }

export const createVolumeEngine = (): VolumeEngine => {
  const pool = createWorkerPool()
  const readers: Readers = new Map()
  const readPacked: VolumeEngine['readPacked'] = (
    root,
    { signal, holding, ...request },
    compression,
    isConsumerBehind = () => false,
  ) => {
    const held = holding && {
      digest: holding.digest,
      lacking: holding.lacking.map(({ path, blocks }) => ({ path: fromBytes(path), blocks })),
    }
    const { pieces, limits, giveBack, summary } = readPieces(
      pool,
      readers,
      { root, ...request, ...(held && { holding: held }) },
      compression,
      signal,
      isConsumerBehind,
    )
    const settled = summary.then(publicSummary)
    // A caller that only reads the pieces learns of the failure there.
    settled.catch(() => {})
    return { pieces, limits, giveBack, summary: settled }
  }

  return {
    identify,
    freeSpace,
    measure: async (root, options = {}) => {
      const job = pool.start({ kind: 'measure', root }, () => {}, options.signal)
      const usage = (await job.result) as Usage
      return { ...usage, devicePaths: usage.devicePaths.map(bytesOf) }
    },
    sampleReading: async (roots, options = {}) =>
      (await pool.start({ kind: 'sample-reading', roots }, () => {}, options.signal).result) as Rates,
    sampleWriting: async (directory, options = {}) =>
      (await pool.start({ kind: 'sample-writing', directory }, () => {}, options.signal).result) as Rates,
    changedSince: async (root, memory, options = {}) => {
      const job = pool.start({ kind: 'compare', root, memory }, () => {}, options.signal)
      const changed = (await job.result) as readonly string[] | null
      return changed === null ? null : changed.map(bytesOf)
    },
    // Where nothing is compressed, every piece is a buffer.
    read: (root, options) => readPacked(root, options, 'none') as VolumeStream,
    readPacked,
    write: async (root, pieces, { signal, onProgress, ...asked } = {}) => {
      const request = { root, ...asked }
      return publicSummary(
        await writePieces(pool, request, () => ({ pieces, limits: () => undefined }), signal, onProgress),
      )
    },
    list: async (root, path, { after, limit, signal }) => {
      const request = { root, path: fromBytes(path), after: fromBytes(after), limit }
      const { entries, more } = (await pool.start({ kind: 'list', request }, () => {}, signal).result) as Page
      return {
        entries: entries.map((entry) => ({ ...entry, name: bytesOf(entry.name), link: bytesOf(entry.link) })),
        more,
      }
    },
    openFile: async (root, path, { signal } = {}) => {
      const request = { root, path: fromBytes(path) }
      const { fd, size } = (await pool.start({ kind: 'open', request }, () => {}, signal).result) as Opened
      return {
        size,
        read: async (offset, bytes) => {
          const { bytesRead, buffer } = await readAt(fd, Buffer.allocUnsafe(bytes), 0, bytes, offset)
          return buffer.subarray(0, bytesRead)
        },
        close: () => closeDescriptor(fd),
      }
    },
    clear: async (root, options = {}) =>
      void (await pool.start({ kind: 'clear', root, ...options }, () => {}, undefined).result),
    receive: async (root, open, { signal, onProgress, ...request }) => {
      const openFor = ({ digest, lacking }: HoldingInBytes) =>
        open({ digest, lacking: lacking.map(({ path, blocks }) => ({ path: bytesOf(path), blocks })) })
      return publicSummary(await writePieces(pool, { root, ...request }, openFor, signal, onProgress))
    },
    readBack: async (root, memory, { signal, onProgress } = {}) => {
      const job = pool.start({ kind: 'read-back', request: { root, memory } }, heard(onProgress), signal)
      const { differing, ...found } = (await job.result) as ReadBackInBytes
      return { ...found, differing: differing.map(bytesOf) }
    },
    digest: async (root, { signal, onProgress, devices = 'keep', against } = {}) => {
      const request = { root, final: true, fromDisk: true, devices, ...(against && { against }) }
      const job = pool.start({ kind: 'digest', request }, heard(onProgress), signal)
      const { differing = [], ...summary } = (await job.result) as Summary
      return { ...publicSummary(summary), differing: differing.map(bytesOf) }
    },
    close: pool.close,
  }
}
