import { expect, test } from 'vitest'
import type { Measured, Run } from './results.ts'
import { judge } from './targets.ts'
import { aRun } from './testing/results.ts'
import { ways } from './ways/names.ts'

const measured = (workload: string, rows: Readonly<Record<string, Partial<Run>>>, more: Partial<Measured> = {}) => ({
  ...{ workload, says: '', compares: 'wallMs' as const },
  rows: Object.entries(rows).map(([way, run]) => ({ way, runs: [aRun(run)] })),
  ...more,
})

const valuesOf = (one: Measured) =>
  Object.fromEntries(judge([one]).map(({ says, value, reached }) => [says, { value, reached }]))

test('a figure is reached when it is no more than its limit', () => {
  const at = (wallMs: number) =>
    valuesOf(measured('unchanged', { [ways.drayage]: { wallMs }, [ways.rsync]: { wallMs: 1_000 } }))
  expect(at(350)[`time, against ${ways.rsync}`]).toEqual({ value: 0.35, reached: true })
  expect(at(351)[`time, against ${ways.rsync}`]).toEqual({ value: 0.351, reached: false })
})

test('bytes on the wire are held against the pages that were dirtied', () => {
  const one = measured('database', { [ways.drayage]: { wireBytes: 30e6 } }, { dirtiedBytes: 20e6 })
  expect(valuesOf(one)['bytes on the wire, against the pages dirtied']).toEqual({ value: 1.5, reached: true })
})

test('downtime is what goes beyond stopping and starting alone', () => {
  const one = measured('live', { [ways.drayage]: { downtimeMs: 1_500 }, [ways.nothing]: { downtimeMs: 1_000 } })
  expect(valuesOf(one)['downtime beyond docker stop and start']).toEqual({ value: 500, reached: false })
})

test('memory is that of the hungrier agent, in its hungriest run', () => {
  const one = measured('small', { [ways.drayage]: { peakRssBytes: { from: 90e6, to: 251e6 } } })
  expect(valuesOf(one)['memory of an agent, at most']).toEqual({ value: 251, reached: false })
})

test('what was not measured is neither reached nor missed', () => {
  expect(valuesOf(measured('large', { [ways.drayage]: {} }))[`time, against ${ways.tar}`]).toEqual({
    value: undefined,
    reached: undefined,
  })
  expect(judge([])).toEqual([])
})
