// Everything that this agent remembers over a restart, under DATA_DIR/state. Loaded whole before anything is served.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory } from '../../shared/disk/durable-file.ts'
import { type BreakGlassRecord, openBreakGlass } from './break-glass.ts'
import { type Epochs, openEpochs } from './epochs.ts'
import { type Imports, openImports } from './imports.ts'
import { type Migrations, openMigrations } from './migrations.ts'
import { openRetired, type Retired } from './retired.ts'
import { openRoundMemory, type RoundMemory } from './round-memory.ts'
import { createTurns, type Turns } from './turns.ts'

export type State = {
  readonly epochs: Epochs
  readonly migrations: Migrations
  readonly imports: Imports
  readonly retired: Retired
  readonly breakGlass: BreakGlassRecord
  readonly roundMemory: RoundMemory
  // Who may act on what is noted of a workload. Of this process alone.
  readonly turns: Turns
}

export const openState = async (dataDir: string): Promise<State> => {
  const folder = join(dataDir, 'state')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await syncDirectory(dataDir)
  const migrations = await openMigrations(folder)
  const roundMemory = await openRoundMemory(dataDir, new Set(migrations.all().map(({ migrationId }) => migrationId)))
  return {
    epochs: await openEpochs(folder),
    migrations: {
      ...migrations,
      forget: async (migrationId) => {
        await migrations.forget(migrationId)
        await roundMemory.forget(migrationId)
      },
    },
    imports: await openImports(folder),
    retired: await openRetired(folder),
    breakGlass: await openBreakGlass(folder),
    roundMemory,
    turns: createTurns(),
  }
}
