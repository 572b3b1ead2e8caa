import { defineConfig } from 'vitest/config'

// Files that start labs run three at a time: much of their time is waiting for engines to start and containers to stop, and
// no lab sees another. More would starve one another of the machine's cores.
const onRealEngines = { maxWorkers: 3, testTimeout: 180_000, hookTimeout: 300_000, sequence: { groupOrder: 1 } }

export default defineConfig({
  test: {
    projects: [
      {
        // Beside the code: no engine, any machine.
        test: { name: 'unit', include: ['{shared,coordinator,agent,cli,bench}/**/*.test.ts'], testTimeout: 30_000 },
      },
      {
        // Real engines as separate hosts on this machine.
        test: {
          name: 'lab',
          include: ['test/**/*.test.ts'],
          exclude: ['test/applications/**', 'test/documents/**', 'test/recovery/**', 'test/filesystems/long/**'],
          ...onRealEngines,
        },
      },
      {
        // The volume engine on ext4, XFS and Btrfs of its own, at length.
        test: {
          name: 'filesystems',
          include: ['test/filesystems/long/**/*.test.ts'],
          ...onRealEngines,
          fileParallelism: false,
          testTimeout: 1_800_000,
        },
      },
      {
        // Hosts that are lost, and a coordinator restored from an old backup: minutes.
        test: { name: 'recovery', include: ['test/recovery/**/*.test.ts'], ...onRealEngines },
      },
      {
        // Databases and a website as Debian packages them; images are built for it, of a gigabyte.
        test: { name: 'applications', include: ['test/applications/**/*.test.ts'], ...onRealEngines },
      },
      {
        // The commands of docs/install.md and docs/break-glass.md, as they stand there; images are built for it.
        test: {
          name: 'documents',
          include: ['test/documents/**/*.test.ts'],
          ...onRealEngines,
          fileParallelism: false,
        },
      },
    ],
  },
})
