// Whether a migration is under way under an epoch: what was given for it is good until then.
import type { Journal } from './ports.ts'

type Claimed = { readonly transferId: string; readonly workloadId: string; readonly epoch: number }

export const holdsLease = async (
  journal: Pick<Journal, 'find'>,
  { transferId, workloadId, epoch }: Claimed,
): Promise<boolean> => {
  const record = await journal.find(transferId)
  if (record === null || record.endedAt !== null) return false
  return record.lease?.workloadId === workloadId && record.lease.epoch === epoch
}
