import { expect, test } from 'vitest'
import { ratioOf, spreadOf } from './figures.ts'
import { aRun } from './testing/results.ts'

const wall = (figures: readonly number[]) => figures.map((wallMs) => aRun({ wallMs }))

test('the median of an even number of figures lies between the two in the middle', () => {
  expect(spreadOf([4, 1, 3, 10])).toEqual({ median: 3.5, lowest: 1, highest: 10 })
  expect(spreadOf([7])).toEqual({ median: 7, lowest: 7, highest: 7 })
})

test('of nothing nothing is said', () => {
  expect(spreadOf([])).toBeUndefined()
  expect(ratioOf(wall([1]), [], ({ wallMs }) => wallMs)).toBeUndefined()
})

test('a ratio compares the runs that stood side by side, so that a slow spell of the machine cancels out', () => {
  const [ours, theirs] = [wall([100, 1_000, 120]), wall([200, 2_000, 240])]
  expect(ratioOf(ours, theirs, ({ wallMs }) => wallMs)).toEqual({ median: 0.5, lowest: 0.5, highest: 0.5 })
})

test('a run that lacks the figure, or has none to divide by, has no part in a ratio', () => {
  const [ours, theirs] = [
    [aRun({ downtimeMs: 5 }), aRun(), aRun({ downtimeMs: 3 })],
    [0, 1, 6].map((downtimeMs) => aRun({ downtimeMs })),
  ]
  expect(ratioOf(ours, theirs, ({ downtimeMs }) => downtimeMs)?.median).toBe(0.5)
})
