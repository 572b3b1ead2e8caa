// The hooks of migrations: coordinator/migration/ports.ts says what each function promises.
import type { HookRun } from '../../shared/api/migrations.ts'
import type { Clock, Journal } from '../migration/ports.ts'
import type { Database } from './database.ts'

export const hookJournal = (
  db: Database,
  clock: Pick<Clock, 'now'>,
): Pick<Journal, 'beginHook' | 'endHook' | 'hookRuns'> => ({
  beginHook: async (migrationId, { hook, container, host, command, onError }) => {
    const { seq } = await db
      .insertInto('hookRuns')
      .values({
        ...{ migrationId, hook, container, host, onError, commandJson: JSON.stringify(command) },
        startedAt: clock.now().toISOString(),
      })
      .returning('seq')
      .executeTakeFirstOrThrow()
    return seq
  },

  endHook: async (seq, { outcome, exitCode, output, truncated }) => {
    await db
      .updateTable('hookRuns')
      .set({ outcome, exitCode, output, truncated: truncated ? 1 : 0, endedAt: clock.now().toISOString() })
      .where('seq', '=', seq)
      .execute()
  },

  hookRuns: async (migrationId) => {
    const rows = await db
      .selectFrom('hookRuns')
      .selectAll()
      .where('migrationId', '=', migrationId)
      .orderBy('seq')
      .execute()
    return rows.map((row) => ({
      hook: row.hook as HookRun['hook'],
      container: row.container,
      host: row.host,
      command: JSON.parse(row.commandJson),
      onError: row.onError as HookRun['onError'],
      startedAt: row.startedAt,
      endedAt: row.endedAt,
      outcome: (row.outcome ?? 'unknown') as HookRun['outcome'],
      exitCode: row.exitCode,
      output: row.output ?? '',
      truncated: row.truncated === 1,
    }))
  },
})
