// Whether a part of a migration is under way under an epoch: what was given for it is good until then.
import { migrationOfPart } from '../../shared/move-set/part.ts'
import type { Journal } from './ports.ts'

type Claimed = { readonly transferId: string; readonly workloadId: string; readonly epoch: number }

export const holdsLease = async (
  journal: Pick<Journal, 'find'>,
  { transferId, workloadId, epoch }: Claimed,
): Promise<boolean> => {
  const record = await journal.find(migrationOfPart(transferId))
  if (record === null || record.endedAt !== null) return false
  return record.members.some(
    ({ lease }) => lease?.migrationId === transferId && lease.workloadId === workloadId && lease.epoch === epoch,
  )
}
