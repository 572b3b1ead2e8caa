// A volume that is there to be pulled, by whom the coordinator has given a ticket for it, for as long as the coordinator keeps
// the call open that says so. There is nothing on the disk: who lends, who is lent to and who asked are each enough to end it.

import { AppError } from '../../shared/errors.ts'
import type { LendVolumeRequest__Output } from '../../shared/rpc/generated/drayage/v1/LendVolumeRequest.ts'
import type { LentVolume } from '../../shared/rpc/generated/drayage/v1/LentVolume.ts'
import { type ArchiveContext, type AtHand, findAtHand } from './at-hand.ts'

export type Lent = Pick<AtHand, 'root' | 'rootIdentity'> & {
  // Anything that changes while it is read is an error.
  readonly final: boolean
}

export type Lending = {
  // Archive.LendVolume: lends from the first message on, until the iteration ends.
  lend(request: LendVolumeRequest__Output, signal: AbortSignal): AsyncGenerator<LentVolume>
  // null: it is not lent under that transfer.
  find(transferId: string, volume: string): Lent | null
}

export const createLending = (context: ArchiveContext): Lending => {
  const lent = new Map<string, Lent & { readonly volume: string }>()
  return {
    lend: async function* (request, signal) {
      const { transferId, volume, live } = request
      if (transferId === '' || lent.has(transferId)) {
        throw new AppError('DRAYAGE_INVALID_REQUEST', `"${transferId}" is lent under already. Nothing was done.`)
      }
      const { root, rootIdentity, told } = await findAtHand(context, request, signal)
      const over = new Promise<void>((resolve) => {
        if (signal.aborted) resolve()
        else signal.addEventListener('abort', () => resolve(), { once: true })
      })
      lent.set(transferId, { root, rootIdentity, final: !live, volume })
      try {
        yield { atHand: told }
        await over
      } finally {
        lent.delete(transferId)
      }
    },
    find: (transferId, volume) => {
      const found = lent.get(transferId)
      return found?.volume === volume ? found : null
    },
  }
}
