import type { Migration } from '../../shared/api/migrations.ts'
import type { View } from './inventory.ts'
import { formatAge, formatBytes, formatDuration } from './quantities.ts'
import { currentStep } from './steps.ts'
import { renderTable } from './table.ts'

const stateText = (migration: Migration): string => {
  if (migration.queue !== null) return `queued: place ${migration.queue.position}`
  if (migration.state === 'paused') return 'paused'
  const step = currentStep(migration)
  // It goes on by itself when what it waits for is there.
  const state = migration.waiting === null ? migration.state : 'blocked'
  return step === null ? state : `${state}: ${step.name}`
}

export const migrationsText = (migrations: readonly Migration[], { now, paint }: View): string => {
  if (migrations.length === 0) return 'No migrations. Start one: dray migrate CONTAINER --from HOST --to HOST'
  const rows = migrations.map((migration) => [
    migration.id,
    migration.kind,
    migration.container.name,
    migration.from,
    migration.to,
    stateText(migration),
    formatBytes(migration.bytesSent),
    migration.downtimeMs === null ? '-' : formatDuration(migration.downtimeMs),
    formatAge(migration.createdAt, now),
  ])
  return renderTable(['ID', 'KIND', 'CONTAINER', 'FROM', 'TO', 'STATE', 'SENT', 'DOWNTIME', 'BEGUN'], rows, paint)
}
