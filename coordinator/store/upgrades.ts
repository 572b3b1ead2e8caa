// How the database came to be what it is, oldest first. An upgrade that has been released is never edited: what is
// wrong with it is put right by the next.
import type { Migration } from 'kysely/migration'
import { hostsAndTokens } from './upgrades/0001-hosts-and-tokens.ts'
import { inventory } from './upgrades/0002-inventory.ts'
import { workloadsAndJournal } from './upgrades/0003-workloads-and-journal.ts'
import { agesOfSizes } from './upgrades/0004-ages-of-sizes.ts'
import { keysOfAgents } from './upgrades/0005-keys-of-agents.ts'
import { returnsAndFinalizes } from './upgrades/0006-returns-and-finalizes.ts'
import { volumeHolds } from './upgrades/0008-volume-holds.ts'
import { fences } from './upgrades/0009-fences.ts'
import { recovery } from './upgrades/0010-recovery.ts'
import { webhookDeliveries } from './upgrades/0011-webhook-deliveries.ts'
import { hooksAndPauses } from './upgrades/0012-hooks-and-pauses.ts'
import { rolesOfTokens } from './upgrades/0013-roles-of-tokens.ts'
import { audit } from './upgrades/0014-audit.ts'
import { removedHosts } from './upgrades/0015-removed-hosts.ts'
import { moveSets } from './upgrades/0017-move-sets.ts'

export const upgrades: Readonly<Record<string, Migration>> = {
  '0001-hosts-and-tokens': { up: hostsAndTokens },
  '0002-inventory': { up: inventory },
  '0003-workloads-and-journal': { up: workloadsAndJournal },
  '0004-ages-of-sizes': { up: agesOfSizes },
  '0005-keys-of-agents': { up: keysOfAgents },
  '0006-returns-and-finalizes': { up: returnsAndFinalizes },
  '0008-volume-holds': { up: volumeHolds },
  '0009-fences': { up: fences },
  '0010-recovery': { up: recovery },
  '0011-webhook-deliveries': { up: webhookDeliveries },
  '0012-hooks-and-pauses': { up: hooksAndPauses },
  '0013-roles-of-tokens': { up: rolesOfTokens },
  '0014-audit': { up: audit },
  '0015-removed-hosts': { up: removedHosts },
  '0017-move-sets': { up: moveSets },
}
