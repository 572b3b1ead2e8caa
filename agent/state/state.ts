// Everything that this agent remembers over a restart, under DATA_DIR/state. Loaded whole before anything is served.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory } from '../../shared/disk/durable-file.ts'
import { type Arrived, openArrived } from './arrived.ts'
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
  readonly arrived: Arrived
  // Written by `dray agent break-glass` alone, while this agent is stopped.
  readonly breakGlass: BreakGlassRecord
  // By workload: of one copy on a host there is one truth, whichever migration learnt it, and in which part.
  readonly roundMemory: RoundMemory
  // Who may act on what is noted of a workload. Of this process alone.
  readonly turns: Turns
}

export const openState = async (dataDir: string): Promise<State> => {
  const folder = join(dataDir, 'state')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await syncDirectory(dataDir)
  const migrations = await openMigrations(folder)
  const retired = await openRetired(folder)
  const arrived = await openArrived(folder)
  const remembered = () =>
    new Set([...migrations.all(), ...retired.all(), ...arrived.all()].map(({ workloadId }) => workloadId))
  const roundMemory = await openRoundMemory(dataDir, remembered())
  const forgetUnlessKept = async (workloadId: string): Promise<void> => {
    if (!remembered().has(workloadId)) await roundMemory.forget(workloadId)
  }
  return {
    epochs: await openEpochs(folder),
    migrations: {
      ...migrations,
      forget: async (migrationId) => {
        const note = migrations.find(migrationId)
        await migrations.forget(migrationId)
        if (note !== null) await forgetUnlessKept(note.workloadId)
      },
    },
    retired: {
      ...retired,
      all: () => retired.all(),
      remove: async (containerId) => {
        const gone = retired.byContainer(containerId)
        await retired.remove(containerId)
        if (gone !== null) await forgetUnlessKept(gone.workloadId)
      },
    },
    arrived: {
      ...arrived,
      remove: async (workloadId) => {
        await arrived.remove(workloadId)
        await forgetUnlessKept(workloadId)
      },
    },
    imports: await openImports(folder),
    breakGlass: await openBreakGlass(folder),
    roundMemory,
    turns: createTurns(),
  }
}
