import type { Kysely } from 'kysely'

export type Upgrade = (db: Kysely<unknown>) => Promise<void>
