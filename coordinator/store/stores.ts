// All that is kept, by what it is about.
import type { Clock } from '../migration/ports.ts'
import { createApiTokenStore } from './api-tokens.ts'
import { createAuditStore } from './audit.ts'
import { createClaimStore } from './claims.ts'
import { type Database, isAnswering } from './database.ts'
import { createFenceStore } from './fences.ts'
import { createHostStore } from './hosts.ts'
import { createInventoryStore } from './inventory.ts'
import { createJoinTokenStore } from './join-tokens.ts'
import { createJournal } from './journal.ts'
import { createRecoveryStore } from './recovery.ts'
import { createRevokedKeyStore } from './revoked-keys.ts'
import { readStatistics } from './statistics.ts'
import { createVolumeHolds } from './volume-holds.ts'
import { createDeliveryStore } from './webhook-deliveries.ts'

export type Stores = ReturnType<typeof openStores>

export const openStores = (db: Database, clock: Clock) => ({
  hosts: createHostStore(db),
  inventory: createInventoryStore(db),
  claims: createClaimStore(db),
  joinTokens: createJoinTokenStore(db),
  revokedKeys: createRevokedKeyStore(db),
  apiTokens: createApiTokenStore(db),
  audit: createAuditStore(db, clock),
  // announced: called when a webhook is owed; without, none ever is.
  journal: (announced?: () => void) => createJournal(db, clock, announced === undefined ? {} : { announced }),
  fences: createFenceStore(db, clock),
  recovery: createRecoveryStore(db),
  volumeHolds: createVolumeHolds(db, clock),
  deliveries: createDeliveryStore(db, clock),
  statistics: () => readStatistics(db),
  isAnswering: () => isAnswering(db),
})
