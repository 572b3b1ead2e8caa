// What the REST routes ask of volumes as a whole.
import type { Transfer } from '../../shared/api/archives.ts'
import type { Clock } from '../migration/ports.ts'
import type { VolumeHolds } from '../store/volume-holds.ts'
import { type Browse, createBrowse } from './browse.ts'
import { type CopyVolume, createCopy } from './copy.ts'
import { createExport, type ExportVolume } from './export.ts'
import { createImports, type Imports, type ImportVolume } from './import.ts'
import { createMove, type MoveOptions, type MoveVolume } from './move.ts'
import type { ArchiveHosts } from './ports.ts'
import { createRemoval, type RemoveVolume, type RequireRemovable } from './remove.ts'
import { createTransfers, type TransferLog } from './transfers.ts'

// Each lasts until its `signal` is aborted, which whoever calls must see to, also after a success: only then the volume is
// let go of. All of them throw DRAYAGE_HOST_NOT_FOUND, DRAYAGE_HOST_OFFLINE, DRAYAGE_MIGRATION_IN_PROGRESS,
// DRAYAGE_VOLUME_BUSY, and what the agents say (proto/archive.proto).
export type ArchiveService = {
  readonly exportVolume: ExportVolume
  readonly importVolume: ImportVolume
  readonly copyVolume: CopyVolume
  readonly moveVolume: MoveVolume
  readonly removeVolume: RemoveVolume
  readonly browse: Browse
  // Throws DRAYAGE_TRANSFER_NOT_FOUND.
  transfer(id: string): Transfer
}

// What the agents ask of it.
export type ArchiveGiving = Pick<Imports, 'give'>

export type ArchiveServiceOptions = {
  readonly hosts: ArchiveHosts
  readonly requireRemovable: RequireRemovable
  readonly identityOf: MoveOptions['identityOf']
  readonly holds: Pick<VolumeHolds, 'take' | 'release'>
  readonly clock: Pick<Clock, 'now'>
  readonly log: TransferLog
  readonly signOfLifeMs: number
}

export const createArchiveService = ({
  hosts,
  requireRemovable,
  identityOf,
  holds,
  clock,
  log,
  signOfLifeMs,
}: ArchiveServiceOptions): ArchiveService & ArchiveGiving => {
  const transfers = createTransfers(holds, clock, log)
  const [exportVolume, copyVolume] = [createExport(hosts, transfers), createCopy(hosts, transfers)]
  const moveVolume = createMove({ hosts, transfers, requireRemovable, identityOf })
  const removeVolume = createRemoval(hosts, transfers, requireRemovable)
  const imports = createImports(hosts, transfers, { signOfLifeMs })
  const browse = createBrowse(hosts)
  return { exportVolume, copyVolume, moveVolume, removeVolume, browse, transfer: transfers.get, ...imports }
}
