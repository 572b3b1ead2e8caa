import { defineConfig } from 'vitest/config'

// `unit`: beside the code, no engine, any machine. `lab`: real engines as separate hosts on this machine; the files
// run one after another, since they share two cores and their engines' start is most of the load.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{shared,coordinator,agent,cli}/**/*.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
