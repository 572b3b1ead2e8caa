// Drayage beside what people use now, on the same two hosts, in the same run, each in turn.
//
//   npm run -s bench -- [NAME…] [--runs N] [--json FILE]
import { writeFile } from 'node:fs/promises'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { run } from '../test/lab/command.ts'
import { loadImage } from '../test/lab/images.ts'
import { startLab } from '../test/lab/lab.ts'
import { labDir } from '../test/lab/places.ts'
import { type Moved, movers, warmCaches } from './movers.ts'
import { startShell } from './shell.ts'
import { clear, prepare, shapes } from './workload.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '3' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

const usage = `npm run -s bench -- [NAME…] [--runs N] [--json FILE]

Moves a running container between two hosts of a lab, with Drayage and with what people use now, in turns.

${shapes.map(({ name, says }) => `  ${name.padEnd(8)}${says}`).join('\n')}

Seconds, median of N runs (3), lowest and highest beside it. Total: from asking until the container runs on the other
host. Downtime: from asking it to stop until it runs again. Drayage's
total includes the three seconds for which it watches a container without a health check.`

type Row = { shape: string; mover: string; runs: Moved[] }

const median = (figures: readonly number[]): number =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN

const seconds = (figures: readonly number[]): string => {
  const of = (ms: number) => (ms / 1000).toFixed(1)
  return `${of(median(figures))} (${of(Math.min(...figures))}–${of(Math.max(...figures))})`
}

const measure = async (names: readonly string[], runs: number): Promise<Row[]> => {
  const lab = await startLab({ hosts: 2 })
  const [from, to] = [lab.host('host-1'), lab.host('host-2')]
  const { ref: image } = await loadImage(from, 'busybox')
  await loadImage(to, 'busybox')
  const shell = await startShell(to, join(labDir(lab.id), 'ssh'))
  const rows: Row[] = []
  try {
    for (const shape of shapes.filter(({ name }) => names.length === 0 || names.includes(name))) {
      const own = movers.map((mover) => ({ mover, row: { shape: shape.name, mover: mover.name, runs: [] as Moved[] } }))
      rows.push(...own.map(({ row }) => row))
      for (let round = 1; round <= runs; round++) {
        for (const { mover, row } of own) {
          await prepare(from, image, shape)
          await warmCaches(from)
          row.runs.push(await mover.move({ lab, from, to, image, shell }))
          console.error(`${shape.name}, run ${round} of ${runs}: ${mover.name}`)
          await Promise.all([clear(from), clear(to)])
          await run(['sync'])
        }
      }
    }
  } finally {
    shell.stop()
    await lab.stop()
  }
  return rows
}

if (values.help) console.log(usage)
else {
  const rows = await measure(positionals, Number(values.runs))
  const table = new Table({ head: ['', '', 'total, s', 'downtime, s'], style: { head: [], border: [] } })
  for (const { shape, mover, runs } of rows) {
    table.push([
      shape,
      mover,
      seconds(runs.map(({ totalMs }) => totalMs)),
      seconds(runs.map(({ downtimeMs }) => downtimeMs)),
    ])
  }
  console.log(table.toString())
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, memoryBytes: totalmem(), kernel: release() }
  console.log(`${machine.cpus} × ${machine.model}, Linux ${machine.kernel}, node ${process.version}`)
  if (values.json) await writeFile(values.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`)
}
