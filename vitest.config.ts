import { defineConfig } from 'vitest/config'

// Files that start labs run one after another: they share the machine's cores, and their engines' start is most of the
// load.
const onRealEngines = { fileParallelism: false, testTimeout: 180_000, hookTimeout: 300_000 }

export default defineConfig({
  test: {
    projects: [
      {
        // Beside the code: no engine, any machine.
        test: { name: 'unit', include: ['{shared,coordinator,agent,cli}/**/*.test.ts'], testTimeout: 30_000 },
      },
      {
        // Real engines as separate hosts on this machine.
        test: {
          name: 'lab',
          include: ['test/**/*.test.ts'],
          exclude: ['test/documents/**', 'test/recovery/**'],
          ...onRealEngines,
        },
      },
      {
        // Hosts that are lost, and a coordinator restored from an old backup: minutes.
        test: { name: 'recovery', include: ['test/recovery/**/*.test.ts'], ...onRealEngines },
      },
      {
        // The commands of docs/install.md and docs/break-glass.md, as they stand there; images are built for it.
        test: { name: 'documents', include: ['test/documents/**/*.test.ts'], ...onRealEngines },
      },
    ],
  },
})
