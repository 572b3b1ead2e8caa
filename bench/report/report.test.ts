import { expect, test } from 'vitest'
import type { Measured } from '../results.ts'
import { aRun, someResults } from '../testing/results.ts'
import { ways } from '../ways/names.ts'
import { asChart } from './chart.ts'
import { asMarkdown } from './markdown.ts'
import { asTables } from './table.ts'

const large: Measured = {
  workload: 'large',
  says: 'files',
  compares: 'wallMs',
  rows: [
    { way: ways.drayage, runs: [aRun({ wallMs: 500, syncMs: 10 })], differing: 0 },
    { way: ways.tar, runs: [aRun({ wallMs: 1_000, syncMs: 300 })], differing: 7 },
  ],
}
const live: Measured = {
  workload: 'live',
  says: 'a process',
  compares: 'downtimeMs',
  rows: [{ way: ways.drayage, runs: [aRun({ downtimeMs: 700 })] }],
}
const results = someResults([large, live])

test('every way has its row, with the ratio to ours and what its copy lacks', () => {
  const lines = asTables(results).split('\n')
  const tar = lines.find((line) => line.includes(ways.tar))
  expect(tar).toContain('1.00')
  expect(tar).toContain('0.50')
  expect(tar).toContain('7 entries')
  expect(lines.find((line) => line.includes('time, against tar'))).toContain('reached')
})

test('in Markdown a bar in a name does not end a cell', () => {
  const row = asMarkdown(results)
    .split('\n')
    .find((line) => line.startsWith('| tar'))
  expect(row).toContain('tar \\| ssh')
})

test('the drawing has a bar for each row, and its text is escaped', () => {
  const drawn = asChart(results)
  expect(drawn.match(/<rect class="bar/g)).toHaveLength(3)
  expect(drawn).toContain('Model &lt;X&gt; &amp; Y')
  expect(drawn).not.toContain('NaN')
  expect(drawn).toContain('prefers-color-scheme: dark')
})

test('reading back is drawn beside what is compared, and not as a part of it', () => {
  const after = { ...large, rows: [{ way: ways.drayage, runs: [aRun({ wallMs: 2_000, rereadMs: 500 })] }] }
  const drawn = asChart(someResults([after]))
  expect(drawn.match(/<rect class="bar/g)).toHaveLength(2)
  expect(drawn).toContain('2.00 s')
  expect(drawn).toContain('+ 0.50 s')
})

test('a run on a busy machine, or of a part of the workloads, says so', () => {
  const busy = someResults([large], { scale: 0.1, machine: { ...results.machine, loadBefore: 9 } })
  expect(asTables(busy)).toMatch(/busy with other things \(load 9\.0 before\)/)
  expect(asTables(busy)).toContain('at 0.1 of their size')
  expect(asTables(results)).toContain('otherwise idle')
})
