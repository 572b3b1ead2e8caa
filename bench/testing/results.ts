// Results as a run leaves them, with figures of one's choice.
import type { Measured, Results, Run } from '../results.ts'

export const aRun = (some: Partial<Run> = {}): Run => ({
  wallMs: 1_000,
  cpuSeconds: { from: 1, to: 2 },
  peakRssBytes: { from: 100e6, to: 120e6 },
  wireBytes: 5e6,
  ...some,
})

export const someResults = (measured: readonly Measured[], some: Partial<Results> = {}): Results => ({
  measuredAt: '2026-01-02T03:04:05.000Z',
  commit: 'abc1234',
  machine: {
    ...{ cpus: 2, model: 'Model <X> & Y', memoryBytes: 8 * 2 ** 30, kernel: '6.1', node: '24.0.0' },
    ...{ docker: '28.5', filesystem: 'ext4', loadBefore: 0 },
  },
  runs: 1,
  scale: 1,
  measured,
  ...some,
})
