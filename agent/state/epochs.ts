// The highest epoch that this agent was ever granted for each workload. Kept for good: it is what makes an old
// coordinator's word, or a call that was long on its way, harmless.
import { join } from 'node:path'
import { Type } from 'typebox'
import { AppError } from '../../shared/errors.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import { readDocument, writeDocument } from './document.ts'

const Epochs = Type.Record(
  Type.String(),
  Type.Object({
    epoch: Type.Integer({ minimum: 0 }),
    migrationId: Type.String(),
    // What was held before this one, so that a grant asked for twice is answered alike.
    previous: Type.Integer({ minimum: 0 }),
  }),
)

export type Epochs = {
  // Answers the epoch held before this migration's; 0 for a workload not known. On disk when it resolves.
  // Throws DRAYAGE_EPOCH_STALE for a lower epoch, and for the same one under another migration.
  grant(lease: Lease): Promise<number>
  // Throws DRAYAGE_EPOCH_STALE unless the lease is at least as new as what is held.
  check(lease: Lease): void
  all(): readonly Lease[]
}

export const openEpochs = async (folder: string): Promise<Epochs> => {
  const path = join(folder, 'epochs.json')
  let held = (await readDocument(path, Epochs)) ?? {}
  let last: Promise<unknown> = Promise.resolve()

  const check = ({ workloadId, epoch, migrationId }: Lease): void => {
    const known = Object.hasOwn(held, workloadId) ? held[workloadId] : undefined
    if (known === undefined || epoch > known.epoch) return
    if (epoch === known.epoch && migrationId === known.migrationId) return
    throw new AppError(
      'DRAYAGE_EPOCH_STALE',
      `Refused: this call speaks for epoch ${epoch} of the workload ${workloadId} (migration ${migrationId}), and this ` +
        `host has been granted epoch ${known.epoch} (migration ${known.migrationId}). Nothing was done. If the ` +
        'coordinator was restored from an older backup, it must catch up before it may act.',
      { details: { held: known.epoch, called: epoch, subject: `epoch ${epoch} of ${workloadId}, for ${migrationId}` } },
    )
  }

  const grant = async (lease: Lease): Promise<number> => {
    check(lease)
    const known = Object.hasOwn(held, lease.workloadId) ? held[lease.workloadId] : undefined
    if (known?.epoch === lease.epoch) return known.previous
    const previous = known?.epoch ?? 0
    const next = { ...held, [lease.workloadId]: { epoch: lease.epoch, migrationId: lease.migrationId, previous } }
    await writeDocument(path, next)
    held = next
    return previous
  }

  return {
    check,
    all: () => Object.entries(held).map(([workloadId, { epoch, migrationId }]) => ({ workloadId, epoch, migrationId })),
    grant: (lease) => {
      const granted = last.then(() => grant(lease))
      last = granted.catch(() => {})
      return granted
    },
  }
}
