import { sql } from 'kysely'
import type { Upgrade } from './upgrade.ts'

// The key that a host's agent has now: of the token that was traded last.
export const keysOfAgents: Upgrade = async (db) => {
  await db.schema.alterTable('hosts').addColumn('public_key_hash', 'text').execute()
  await sql`update hosts set public_key_hash = (
    select public_key_hash from join_tokens
    where join_tokens.host = hosts.name and join_tokens.used_at is not null
    order by join_tokens.used_at desc limit 1
  )`.execute(db)
}
