// How the database came to be what it is, oldest first. An upgrade that has been released is never edited: what is
// wrong with it is put right by the next.
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

type Upgrade = (db: Kysely<unknown>) => Promise<void>

const hostsAndTokens: Upgrade = async (db) => {
  await db.schema
    .createTable('hosts')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('added_at', 'text', (column) => column.notNull())
    .addColumn('enrolled_at', 'text')
    .addColumn('certificate_expires_at', 'text')
    .addColumn('address', 'text')
    .addColumn('agent_version', 'text')
    .addColumn('engine_json', 'text')
    .addColumn('engine_reachable', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('last_seen', 'text')
    .addColumn('inventory_at', 'text')
    .execute()

  await db.schema
    .createTable('join_tokens')
    .addColumn('hash', 'text', (column) => column.primaryKey().notNull())
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.name'))
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'text', (column) => column.notNull())
    .addColumn('used_at', 'text')
    .addColumn('public_key_hash', 'text')
    .addColumn('certificate', 'text')
    .execute()
  await db.schema.createIndex('join_tokens_of_host').on('join_tokens').column('host').execute()

  await db.schema
    .createTable('api_tokens')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .execute()
}

const inventory: Upgrade = async (db) => {
  await db.schema
    .createTable('volumes')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.name'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('driver', 'text', (column) => column.notNull())
    .addColumn('mountpoint', 'text', (column) => column.notNull())
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('options_json', 'text', (column) => column.notNull())
    .addColumn('labels_json', 'text', (column) => column.notNull())
    .addColumn('anonymous', 'integer', (column) => column.notNull())
    .addColumn('size_bytes', 'integer')
    .addColumn('first_seen', 'text', (column) => column.notNull())
    .addColumn('last_seen', 'text', (column) => column.notNull())
    .addColumn('gone_at', 'text')
    .execute()
  await db.schema.createIndex('volumes_by_name').on('volumes').columns(['host', 'name']).execute()
  // Of the volumes that ever bore a name on a host, one exists.
  await db.schema
    .createIndex('volumes_present')
    .unique()
    .on('volumes')
    .columns(['host', 'name'])
    .where(sql.ref('gone_at'), 'is', null)
    .execute()

  await db.schema
    .createTable('containers')
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.name'))
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('image', 'text', (column) => column.notNull())
    .addColumn('image_id', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('labels_json', 'text', (column) => column.notNull())
    .addColumn('first_seen', 'text', (column) => column.notNull())
    .addColumn('last_seen', 'text', (column) => column.notNull())
    .addColumn('gone_at', 'text')
    .addPrimaryKeyConstraint('containers_key', ['host', 'id'])
    .execute()
  await db.schema.createIndex('containers_by_name').on('containers').columns(['host', 'name']).execute()
  await db.schema
    .createIndex('containers_present')
    .on('containers')
    .column('host')
    .where(sql.ref('gone_at'), 'is', null)
    .execute()

  await db.schema
    .createTable('mounts')
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('container_id', 'text', (column) => column.notNull())
    .addColumn('destination', 'text', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('volume_name', 'text', (column) => column.notNull())
    .addColumn('volume_id', 'integer', (column) => column.references('volumes.id'))
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('read_only', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('mounts_key', ['host', 'container_id', 'destination'])
    .addForeignKeyConstraint('mounts_container', ['host', 'container_id'], 'containers', ['host', 'id'])
    .execute()
  await db.schema.createIndex('mounts_of_volume').on('mounts').column('volume_id').execute()
  await db.schema
    .createIndex('mounts_unresolved')
    .on('mounts')
    .columns(['host', 'volume_name'])
    .where(sql.ref('volume_id'), 'is', null)
    .where(sql.ref('volume_name'), '!=', sql.lit(''))
    .execute()
}

const workloadsAndJournal: Upgrade = async (db) => {
  await db.schema
    .createTable('workloads')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.name'))
    .addColumn('container_id', 'text', (column) => column.notNull())
    .addColumn('epoch', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addUniqueConstraint('workloads_owner', ['host', 'container_id'])
    .execute()

  await db.schema
    .createTable('workload_places')
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.name'))
    .addColumn('container_id', 'text', (column) => column.notNull())
    .addColumn('workload_id', 'text', (column) => column.notNull().references('workloads.id'))
    .addColumn('since', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('workload_places_key', ['host', 'container_id'])
    .execute()

  await db.schema
    .createTable('workload_volumes')
    .addColumn('workload_id', 'text', (column) => column.notNull().references('workloads.id'))
    .addColumn('epoch', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('root_identity', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('workload_volumes_key', ['workload_id', 'epoch', 'name'])
    .execute()

  await db.schema
    .createTable('migrations')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('request_json', 'text', (column) => column.notNull())
    .addColumn('container_id', 'text', (column) => column.notNull())
    .addColumn('container_name', 'text', (column) => column.notNull())
    .addColumn('plan_json', 'text', (column) => column.notNull())
    .addColumn('idempotency_key', 'text', (column) => column.unique())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('cancel_requested', 'integer', (column) => column.notNull())
    .addColumn('warnings_json', 'text', (column) => column.notNull())
    .addColumn('error_json', 'text')
    .addColumn('workload_id', 'text', (column) => column.references('workloads.id'))
    .addColumn('epoch', 'integer')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .addColumn('ended_at', 'text')
    .execute()
  await db.schema.createIndex('migrations_by_state').on('migrations').columns(['state', 'created_at']).execute()
  await db.schema
    .createIndex('migrations_unfinished')
    .on('migrations')
    .columns(['created_at', 'id'])
    .where(sql.ref('ended_at'), 'is', null)
    .execute()
  await db.schema.createIndex('migrations_by_age').on('migrations').columns(['created_at', 'id']).execute()

  await db.schema
    .createTable('leases')
    .addColumn('resource', 'text', (column) => column.primaryKey().notNull())
    .addColumn('migration_id', 'text', (column) => column.notNull().references('migrations.id'))
    .execute()
  await db.schema.createIndex('leases_of_migration').on('leases').column('migration_id').execute()

  await db.schema
    .createTable('journal_entries')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('migration_id', 'text', (column) => column.notNull().references('migrations.id'))
    .addColumn('step', 'text', (column) => column.notNull())
    .addColumn('phase', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('facts_json', 'text')
    .addColumn('error_json', 'text')
    .execute()
  await db.schema.createIndex('journal_of_migration').on('journal_entries').columns(['migration_id', 'seq']).execute()
  // The pivot happens once.
  await db.schema
    .createIndex('journal_one_commit')
    .unique()
    .on('journal_entries')
    .column('migration_id')
    .where(sql.ref('step'), '=', sql.lit('commit'))
    .where(sql.ref('phase'), '=', sql.lit('done'))
    .execute()

  await db.schema
    .createTable('rounds')
    .addColumn('migration_id', 'text', (column) => column.notNull().references('migrations.id'))
    .addColumn('round', 'integer', (column) => column.notNull())
    .addColumn('volume', 'text', (column) => column.notNull())
    .addColumn('final', 'integer', (column) => column.notNull())
    .addColumn('entries', 'integer', (column) => column.notNull())
    .addColumn('bytes_sent', 'integer', (column) => column.notNull())
    .addColumn('content_bytes', 'integer', (column) => column.notNull())
    .addColumn('duration_ms', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('rounds_key', ['migration_id', 'round', 'volume'])
    .execute()
}

const agesOfSizes: Upgrade = async (db) => {
  await db.schema.alterTable('volumes').addColumn('size_measured_at', 'text').execute()
}

// The key that a host's agent has now: of the token that was traded last.
const keysOfAgents: Upgrade = async (db) => {
  await db.schema.alterTable('hosts').addColumn('public_key_hash', 'text').execute()
  await sql`update hosts set public_key_hash = (
    select public_key_hash from join_tokens
    where join_tokens.host = hosts.name and join_tokens.used_at is not null
    order by join_tokens.used_at desc limit 1
  )`.execute(db)
}

const returnsAndFinalizes: Upgrade = async (db) => {
  await db.schema
    .alterTable('migrations')
    .addColumn('kind', 'text', (column) => column.notNull().defaultTo('move'))
    .execute()
  await db.schema.alterTable('migrations').addColumn('of_id', 'text').execute()
  await db.schema
    .alterTable('migrations')
    .addColumn('terms_json', 'text', (column) => column.notNull().defaultTo('{}'))
    .execute()
  await db.schema.alterTable('migrations').addColumn('followed_by', 'text').execute()
}

// Volumes that are read or made apart from any migration.
const volumeHolds: Upgrade = async (db) => {
  await db.schema
    .createTable('volume_holds')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('resource', 'text', (column) => column.notNull())
    .addColumn('transfer_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('exclusive', 'integer', (column) => column.notNull())
    .addColumn('since', 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('volume_holds_of_resource').on('volume_holds').column('resource').execute()
}

// Hosts that an operator has declared down, and what their agents are owed when they are back.
const fences: Upgrade = async (db) => {
  await db.schema
    .createTable('host_fences')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.name'))
    .addColumn('fenced_at', 'text', (column) => column.notNull())
    .addColumn('fenced_by', 'text', (column) => column.notNull())
    .addColumn('lifted_at', 'text')
    .execute()
  // A host is fenced once at a time.
  await db.schema
    .createIndex('host_fences_in_force')
    .unique()
    .on('host_fences')
    .column('host')
    .where(sql.ref('lifted_at'), 'is', null)
    .execute()

  await db.schema
    .createTable('owed_calls')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.name'))
    .addColumn('after_host', 'text')
    .addColumn('migration_id', 'text', (column) => column.notNull())
    .addColumn('method', 'text', (column) => column.notNull())
    .addColumn('request_json', 'text', (column) => column.notNull())
    .addColumn('owed_since', 'text', (column) => column.notNull())
    .addColumn('done_at', 'text')
    .addColumn('error_json', 'text')
    .execute()
  await db.schema
    .createIndex('owed_calls_open')
    .on('owed_calls')
    .columns(['host', 'seq'])
    .where(sql.ref('done_at'), 'is', null)
    .execute()
}

const webhookDeliveries: Upgrade = async (db) => {
  await db.schema
    .createTable('webhook_deliveries')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('migration_id', 'text', (column) => column.notNull().references('migrations.id'))
    .addColumn('workload_id', 'text')
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('state', 'text')
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('next_at', 'text', (column) => column.notNull())
    .addColumn('sent_at', 'text')
    .addColumn('given_up_at', 'text')
    .addColumn('last_error', 'text')
    .execute()
  await db.schema
    .createIndex('webhook_deliveries_of_migration')
    .on('webhook_deliveries')
    .column('migration_id')
    .execute()
  await db.schema
    .createIndex('webhook_deliveries_open')
    .on('webhook_deliveries')
    .column('seq')
    .where(sql.ref('sent_at'), 'is', null)
    .where(sql.ref('given_up_at'), 'is', null)
    .execute()
}

const hooksAndPauses: Upgrade = async (db) => {
  await db.schema
    .createTable('hook_runs')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('migration_id', 'text', (column) => column.notNull().references('migrations.id'))
    .addColumn('hook', 'text', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('command_json', 'text', (column) => column.notNull())
    .addColumn('on_error', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('ended_at', 'text')
    .addColumn('outcome', 'text')
    .addColumn('exit_code', 'integer')
    .addColumn('output', 'text')
    .addColumn('truncated', 'integer')
    .execute()
  await db.schema.createIndex('hook_runs_of_migration').on('hook_runs').column('migration_id').execute()
  await db.schema
    .alterTable('migrations')
    .addColumn('pause_requested', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
}

// What a coordinator that lost part of its memory was told, and what was done without it.
const recovery: Upgrade = async (db) => {
  await db.schema
    .createTable('coordinator_facts')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute()

  await db.schema
    .createTable('settlements')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('workload_id', 'text', (column) => column.notNull().references('workloads.id'))
    .addColumn('epoch', 'integer', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('container_id', 'text', (column) => column.notNull())
    .addColumn('settled_at', 'text', (column) => column.notNull())
    .addColumn('settled_by', 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('settlements_of_workload').on('settlements').columns(['workload_id', 'epoch']).execute()

  await db.schema
    .createTable('hand_starts')
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.name'))
    .addColumn('container_id', 'text', (column) => column.notNull())
    .addColumn('migration_id', 'text', (column) => column.notNull())
    .addColumn('workload_id', 'text', (column) => column.notNull())
    .addColumn('epoch', 'integer', (column) => column.notNull())
    .addColumn('container_name', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('done_at', 'text')
    .addColumn('reported_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('hand_starts_key', ['host', 'container_id', 'migration_id'])
    .execute()
  await db.schema.createIndex('hand_starts_of_workload').on('hand_starts').column('workload_id').execute()
}

// The only token that there was, the first one, may everything.
const rolesOfTokens: Upgrade = async (db) => {
  await db.schema
    .alterTable('api_tokens')
    .addColumn('role', 'text', (column) => column.notNull().defaultTo('admin'))
    .execute()
  for (const column of ['created_by', 'expires_at', 'last_used_at']) {
    await db.schema.alterTable('api_tokens').addColumn(column, 'text').execute()
  }
  await db.schema.createIndex('api_tokens_by_name').unique().on('api_tokens').column('name').execute()
}

const audit: Upgrade = async (db) => {
  await db.schema
    .createTable('audit')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('actor', 'text')
    .addColumn('role', 'text')
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('subject', 'text')
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('code', 'text')
    .addColumn('request_id', 'text')
    .execute()
  for (const change of ['update', 'delete']) {
    await sql`create trigger ${sql.ref(`audit_no_${change}`)} before ${sql.raw(change)} on audit
      begin select raise(abort, 'The audit is only ever added to'); end`.execute(db)
  }
}

// Hosts that were taken out, and the keys that their agents had.
const removedHosts: Upgrade = async (db) => {
  await db.schema.alterTable('hosts').addColumn('removed_at', 'text').execute()
  await db.schema
    .createTable('revoked_keys')
    .addColumn('public_key_hash', 'text', (column) => column.primaryKey().notNull())
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.name'))
    .addColumn('revoked_at', 'text', (column) => column.notNull())
    .addColumn('good_until', 'text', (column) => column.notNull())
    .execute()
}

// Which steps leave something of each container that moves: a list, where there was one thing while one container moved.
const ofEachMember = ['plan', 'image', 'hold', 'fence', 'stop', 'isolate', 'start', 'remove']

// A migration moves several containers.
const moveSets: Upgrade = async (db) => {
  await db.schema
    .createTable('migration_members')
    .addColumn('migration_id', 'text', (column) => column.notNull().references('migrations.id'))
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('container_id', 'text', (column) => column.notNull())
    .addColumn('container_name', 'text', (column) => column.notNull())
    .addColumn('terms_json', 'text', (column) => column.notNull())
    .addColumn('workload_id', 'text', (column) => column.references('workloads.id'))
    .addColumn('epoch', 'integer')
    .addColumn('settled_by', 'text')
    .addPrimaryKeyConstraint('migration_members_key', ['migration_id', 'number'])
    .execute()
  await db.schema
    .createIndex('migration_members_of_workload')
    .on('migration_members')
    .columns(['workload_id', 'epoch'])
    .execute()
  // `start` and `volumes` were a return's and a finalize's own; both are of the one member now.
  await sql`insert into migration_members
    (migration_id, number, container_id, container_name, terms_json, workload_id, epoch, settled_by)
    select id, 1, container_id, container_name,
      case
        when kind = 'finalize' then json_object('left', json_object('by', of_id, 'volumes', coalesce(terms_json -> 'volumes', json('[]'))))
        when terms_json -> 'start' = 'true' then json_object('start', json('true'))
        else '{}'
      end,
      workload_id, epoch,
      case when state in ('completed', 'rolled-back') then followed_by end
    from migrations`.execute(db)
  await sql`update migrations set
    terms_json = json_remove(terms_json, '$.start', '$.volumes'),
    plan_json = json_insert(plan_json, '$.members', json_array(json_insert(plan_json -> 'container', '$.image', plan_json -> 'image', '$.ties', json('[]'))))`.execute(
    db,
  )
  for (const step of ofEachMember) {
    await sql`update journal_entries set facts_json = json_set(facts_json, ${`$.${step}`}, json_array(facts_json -> ${`$.${step}`}))
      where facts_json -> ${`$.${step}`} is not null`.execute(db)
  }
  await sql`alter table hook_runs add column container text not null default ''`.execute(db)
  await sql`update hook_runs set container = (select container_name from migrations where id = migration_id)`.execute(
    db,
  )
  await sql`alter table migrations rename column container_name to subject`.execute(db)
  for (const column of ['container_id', 'workload_id', 'epoch']) {
    await db.schema.alterTable('migrations').dropColumn(column).execute()
  }
}

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
