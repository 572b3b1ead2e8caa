// Removing what a migration has kept where the workload came from. Nothing depends on it any more, and nothing brings it
// back: so the lease is taken first, which is refused unless the owner is elsewhere, and the agent removes only what it
// has on its own list and what is as it was journaled.
import { asAppError } from '../../../shared/errors.ts'
import type { finalizeOrder } from '../decide.ts'
import { leaseOf } from '../record.ts'
import { inOrder, type Step } from './step.ts'

// The epoch alone: no other migration of this workload can begin or go on meanwhile.
const lock: Step = {
  name: 'lock',
  do: async ({ record, members, source, journal, signal }) => {
    const leases = await journal.acquireLeases(record.id, {
      retired: true,
      host: source.host,
      members: members.map(({ containerId, left }) => ({
        containerId,
        volumes: (left?.volumes ?? []).map(({ name, rootIdentity }) => ({ name, createdAt: '', rootIdentity })),
      })),
    })
    for (const [index, lease] of leases.entries()) {
      const containerId = members[index]?.containerId ?? ''
      await source.agent.grantEpoch({ lease, role: 'retired', peerHost: record.request.to, containerId }, { signal })
    }
    return {}
  },
}

// The last first: a volume goes with the first of those that used it, when nobody refers to it any more.
const remove: Step = {
  name: 'remove',
  do: async ({ record, members, source, target, signal, warn }) => {
    const { removeImage = false } = record.terms
    const removed = await inOrder(members.toReversed(), async (member) => {
      const { containerId, left } = member
      const { removed } = await source.agent.finalizeSource(
        {
          lease: leaseOf(member),
          retiredMigrationId: left?.by ?? '',
          containerId,
          volumes: left?.volumes ?? [],
          removeImage,
        },
        { signal },
      )
      // A manifest that is left there is forgotten with the workload's next move.
      await target.agent.forgetCopy({ lease: leaseOf(member) }, { signal }).catch(async (thrown: unknown) => {
        const { message } = asAppError(thrown)
        await warn([
          {
            code: 'copy-remembered',
            message: `What ${target.host} remembers of the data for a way back was not taken from there: ${message}`,
          },
        ])
      })
      return { removed }
    })
    return { remove: removed.toReversed() }
  },
}

export const finalizeSteps: Readonly<Record<(typeof finalizeOrder)[number], Step>> = { lock, remove }
