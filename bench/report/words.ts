// Figures as people read them: pure.
import { ratioOf, rowOf, type Spread, spreadOf } from '../figures.ts'
import type { Machine, Measured, Results, Row, Run } from '../results.ts'
import type { Judgement } from '../targets.ts'
import { ways } from '../ways/names.ts'

const withSpread = (spread: Spread | undefined, digits: number): string => {
  if (spread === undefined) return '–'
  const of = (figure: number) => figure.toFixed(digits)
  const [median, lowest, highest] = [of(spread.median), of(spread.lowest), of(spread.highest)]
  return lowest === highest ? median : `${median} (${lowest}–${highest})`
}

const bothEnds = (runs: readonly Run[], of: (run: Run) => { from: number; to: number }, digits: number): string => {
  const end = (which: 'from' | 'to') => spreadOf(runs.map((run) => of(run)[which]))?.median.toFixed(digits) ?? '–'
  return `${end('from')} / ${end('to')}`
}

export type Column = { readonly title: string; readonly cell: (row: Row) => string }

const seconds = (of: (run: Run) => number | undefined) => (row: Row) =>
  withSpread(spreadOf(row.runs.flatMap((run) => of(run) ?? []).map((ms) => ms / 1000)), 2)

const megabytes = ({ from, to }: Run['peakRssBytes']) => ({ from: from / 1e6, to: to / 1e6 })

export const columnsOf = (measured: Measured): readonly Column[] => {
  const ours = rowOf(measured, ways.drayage)?.runs ?? []
  const ratio = ({ way, runs }: Row) =>
    way === ways.drayage
      ? ''
      : withSpread(
          ratioOf(ours, runs, (run) => run[measured.compares]),
          2,
        )
  const down = measured.compares === 'downtimeMs'
  return [
    { title: '', cell: ({ way }) => way },
    ...(down ? [{ title: 'down, s', cell: seconds(({ downtimeMs }) => downtimeMs) }] : []),
    { title: 'time, s', cell: seconds(({ wallMs }) => wallMs) },
    { title: down ? 'drayage is down × as long' : 'drayage takes ×', cell: ratio },
    ...(down
      ? []
      : [
          { title: 'on disk, s later', cell: seconds(({ syncMs }) => syncMs) },
          { title: 'read back, s more', cell: seconds(({ rereadMs }) => rereadMs) },
        ]),
    { title: 'CPU s, from / to', cell: ({ runs }) => bothEnds(runs, ({ cpuSeconds }) => cpuSeconds, 1) },
    {
      title: 'MB on the wire',
      cell: ({ runs }) => withSpread(spreadOf(runs.map(({ wireBytes }) => wireBytes / 1e6)), 1),
    },
    {
      title: 'peak MB, from / to',
      cell: ({ runs }) => bothEnds(runs, ({ peakRssBytes }) => megabytes(peakRssBytes), 0),
    },
    ...(down
      ? []
      : [{ title: 'copy differs in', cell: ({ differing }: Row) => (differing ? `${differing} entries` : 'nothing') }]),
  ]
}

export const saysOfJudgement = ({ value, limit, unit, reached }: Judgement): [string, string, string] => {
  const digits = unit === '×' ? 2 : 0
  const of = (figure: number) => `${figure.toFixed(digits)} ${unit}`
  const verdict =
    value === undefined
      ? 'not measured'
      : reached
        ? 'reached'
        : `not reached: ${(value / limit).toFixed(1)} × the limit`
  return [`≤ ${of(limit)}`, value === undefined ? '–' : of(value), verdict]
}

export const saysOfMachine = (machine: Machine): string => {
  const { cpus, model, memoryBytes, kernel, node, docker, filesystem, loadBefore } = machine
  const quiet = loadBefore < 0.5 ? 'otherwise idle' : `busy with other things (load ${loadBefore.toFixed(1)} before)`
  return `${cpus} × ${model}, ${Math.round(memoryBytes / 2 ** 30)} GiB, Linux ${kernel}, ${filesystem}, node ${node}, Docker ${docker}; ${quiet}`
}

export const saysOfRuns = ({ runs, scale, measuredAt, commit }: Results): string =>
  `${measuredAt.slice(0, 10)}${commit === '' ? '' : `, ${commit}`}; ${runs === 1 ? 'one run' : `median of ${runs} runs, in turns (lowest–highest)`}` +
  (scale === 1 ? '' : `; workloads at ${scale} of their size`)
