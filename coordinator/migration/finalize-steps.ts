// Removing what a migration has kept where the workload came from. Nothing depends on it any more, and nothing brings it
// back: so the lease is taken first, which is refused unless the owner is elsewhere, and the agent removes only what it
// has on its own list and what is as it was journaled.
import { asAppError } from '../../shared/errors.ts'
import type { finalizeOrder } from './decide.ts'
import type { Step } from './step.ts'

// The epoch alone: no other migration of this workload can begin or go on meanwhile.
const lock: Step = {
  name: 'lock',
  do: async ({ record, source, journal, signal }) => {
    const lease = await journal.acquireLease(record.id, {
      retired: true,
      host: source.host,
      containerId: record.containerId,
      volumes: (record.terms.volumes ?? []).map(({ name, rootIdentity }) => ({ name, createdAt: '', rootIdentity })),
    })
    const grant = { lease, role: 'retired', peerHost: record.request.to, containerId: record.containerId } as const
    await source.agent.grantEpoch(grant, { signal })
    return {}
  },
}

const remove: Step = {
  name: 'remove',
  do: async ({ record, source, target, lease, signal, warn }) => {
    const { volumes = [], removeImage = false } = record.terms
    const { removed } = await source.agent.finalizeSource(
      {
        lease: lease(),
        retiredMigrationId: record.of ?? '',
        containerId: record.containerId,
        volumes,
        removeImage,
      },
      { signal },
    )
    // A manifest that is left there is forgotten with the workload's next move.
    await target.agent.forgetCopy({ lease: lease() }, { signal }).catch(async (thrown: unknown) => {
      const { message } = asAppError(thrown)
      await warn([
        {
          code: 'copy-remembered',
          message: `What ${target.host} remembers of the data for a way back was not taken from there: ${message}`,
        },
      ])
    })
    return { remove: { removed } }
  },
}

export const finalizeSteps: Readonly<Record<(typeof finalizeOrder)[number], Step>> = { lock, remove }
