// What archives need from outside: the agents' calls, and who else is at a volume.
import type { CopyReport__Output } from '../../shared/rpc/generated/drayage/v1/CopyReport.ts'
import type { DirectoryPage__Output } from '../../shared/rpc/generated/drayage/v1/DirectoryPage.ts'
import type { ExportedPiece__Output } from '../../shared/rpc/generated/drayage/v1/ExportedPiece.ts'
import type { FilePiece__Output } from '../../shared/rpc/generated/drayage/v1/FilePiece.ts'
import type { ImportReport__Output } from '../../shared/rpc/generated/drayage/v1/ImportReport.ts'
import type { LentVolume__Output } from '../../shared/rpc/generated/drayage/v1/LentVolume.ts'
import type { RemovalReport__Output } from '../../shared/rpc/generated/drayage/v1/RemovalReport.ts'

// Each function is one call of proto/archive.proto, with its contract and its errors.
export type ArchivePort = {
  exportVolume(
    request: { readonly volume: string; readonly live: boolean },
    signal: AbortSignal,
  ): AsyncIterable<ExportedPiece__Output>
  importVolume(
    request: {
      readonly transferId: string
      readonly volume: string
      readonly intoEmpty: boolean
      // 0 of what comes from another agent.
      readonly stripComponents: number
      readonly labels: Record<string, string>
      // Absent: the agent pulls a tarball from this coordinator.
      readonly source?: { readonly peer: { readonly host: string; readonly address: string }; readonly volume: string }
    },
    signal: AbortSignal,
  ): AsyncIterable<ImportReport__Output>
  // For as long as it is read.
  lendVolume(
    request: {
      readonly transferId: string
      readonly volume: string
      readonly live: boolean
    },
    signal: AbortSignal,
  ): AsyncIterable<LentVolume__Output>
  listDirectory(
    request: { readonly volume: string; readonly path: Buffer; readonly after: Buffer; readonly limit: number },
    signal: AbortSignal,
  ): Promise<DirectoryPage__Output>
  readFile(
    request: { readonly volume: string; readonly path: Buffer; readonly offset: number; readonly length?: number },
    signal: AbortSignal,
  ): AsyncIterable<FilePiece__Output>
  // The last report says that it is removed.
  removeVolume(
    request: {
      readonly volume: string
      readonly driver: string
      readonly mountpoint: string
      // '': none.
      readonly createdAt: string
      // Of an export; '': it is not read.
      readonly digest: string
    },
    signal: AbortSignal,
  ): AsyncIterable<RemovalReport__Output>
  readCopy(
    request: {
      readonly migrationId: string
      readonly volume: string
      readonly side: 'source' | 'target'
      readonly devices: string
      readonly expectedDigest: string
    },
    signal: AbortSignal,
  ): AsyncIterable<CopyReport__Output>
}

export type ArchiveHosts = {
  // Throws DRAYAGE_HOST_NOT_FOUND for a name that was never added, DRAYAGE_HOST_OFFLINE for one that is not online.
  archives(host: string): Promise<{ readonly agent: ArchivePort; readonly address: string }>
}
