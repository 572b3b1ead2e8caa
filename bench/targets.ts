// The figures to reach, and how far off they are: pure. Ratios, so that a noisy machine does not decide.
import { median, ratioOf, rowOf } from './figures.ts'
import type { Measured, Run } from './results.ts'
import { ways } from './ways/names.ts'

export type Judgement = {
  readonly workload: string
  readonly says: string
  readonly limit: number
  readonly unit: '×' | 'ms' | 'MB'
  // undefined: not measured in this run.
  readonly value: number | undefined
  readonly reached: boolean | undefined
}

type Target = Pick<Judgement, 'workload' | 'says' | 'limit' | 'unit'> & {
  readonly of: (measured: Measured) => number | undefined
}

const against =
  (way: string, of: (run: Run) => number | undefined) =>
  (measured: Measured): number | undefined =>
    ratioOf(rowOf(measured, ways.drayage)?.runs ?? [], rowOf(measured, way)?.runs ?? [], of)?.median

const wall = ({ wallMs }: Run) => wallMs
const downtime = ({ downtimeMs }: Run) => downtimeMs
const megabyte = 1e6

const time = (workload: string, way: string, limit: number): Target => ({
  workload,
  says: `time, against ${way}`,
  limit,
  unit: '×',
  of: against(way, wall),
})

const wireAgainstDirtied = (measured: Measured): number | undefined => {
  const wire = median((rowOf(measured, ways.drayage)?.runs ?? []).map(({ wireBytes }) => wireBytes))
  return wire === undefined || !measured.dirtiedBytes ? undefined : wire / measured.dirtiedBytes
}

const downtimeBeyondRestart = (measured: Measured): number | undefined => {
  const of = (way: string) => median((rowOf(measured, way)?.runs ?? []).flatMap((run) => downtime(run) ?? []))
  const [ours, alone] = [of(ways.drayage), of(ways.nothing)]
  return ours === undefined || alone === undefined ? undefined : ours - alone
}

const peakRss = ({ rows }: Measured): number | undefined => {
  const runs = rows.filter(({ way }) => way === ways.drayage).flatMap((row) => row.runs)
  const peaks = runs.flatMap(({ peakRssBytes }) => [peakRssBytes.from, peakRssBytes.to])
  return peaks.length === 0 ? undefined : Math.max(...peaks) / megabyte
}

const memory = (workload: string, limit: number): Target => ({
  workload,
  says: 'memory of an agent, at most',
  limit,
  unit: 'MB',
  of: peakRss,
})

export const targets: readonly Target[] = [
  time('large', ways.rsync, 0.5),
  time('large', ways.tar, 0.6),
  memory('large', 250),
  time('small', ways.rsync, 0.5),
  time('small', ways.tar, 0.9),
  memory('small', 250),
  {
    workload: 'database',
    says: 'bytes on the wire, against the pages dirtied',
    limit: 2.5,
    unit: '×',
    of: wireAgainstDirtied,
  },
  time('database', ways.rsync, 0.5),
  memory('database', 250),
  time('unchanged', ways.rsync, 0.35),
  memory('unchanged', 250),
  {
    workload: 'live',
    says: 'downtime beyond docker stop and start',
    limit: 400,
    unit: 'ms',
    of: downtimeBeyondRestart,
  },
  {
    workload: 'live',
    says: `downtime, against ${ways.rsyncTwice}`,
    limit: 0.4,
    unit: '×',
    of: against(ways.rsyncTwice, downtime),
  },
  memory('live', 250),
  memory('million', 500),
]

export const judge = (measured: readonly Measured[]): Judgement[] =>
  targets.flatMap(({ of, ...target }) => {
    const found = measured.find(({ workload }) => workload === target.workload)
    if (found === undefined) return []
    const value = of(found)
    return [{ ...target, value, reached: value === undefined ? undefined : value <= target.limit }]
  })
