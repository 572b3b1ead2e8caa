import { sql } from 'kysely'
import type { Upgrade } from './upgrade.ts'

// Which steps leave something of each container that moves: a list, where there was one thing while one container moved.
const ofEachMember = ['plan', 'image', 'hold', 'fence', 'stop', 'isolate', 'start', 'remove']

// A migration moves several containers.
export const moveSets: Upgrade = async (db) => {
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
