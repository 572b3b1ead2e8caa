import { parseArgs } from 'node:util'
import { workloads } from './workloads.ts'

export type Options = {
  readonly names: readonly string[]
  readonly runs: number
  readonly scale: number
  readonly json: string | undefined
  readonly out: string | undefined
  readonly reread: string | undefined
  readonly profiles: string | undefined
  readonly cipher: string | undefined
  readonly help: boolean
}

export const help = `npm run -s bench -- [WORKLOAD…] [OPTION…]

Drayage and what people use now, side by side: on the same lab of two Docker hosts, in the same run, in turns. Tells time,
downtime, processor time, bytes on the wire and memory of each, and how far Drayage is from the figures it is to reach.

Workloads (default: all but million):
${workloads.map(({ name, says }) => `  ${name.padEnd(11)}${says(1)}`).join('\n')}

Options:
  --runs N         how often each way has its turn (default 3); medians are told, and the spread
  --scale F        workloads of that part of their size, to see that all works: --scale 0.05
  --json FILE      everything that was measured
  --out FOLDER     results.json, results.md and chart.svg, as they are in docs/benchmarks
  --from FILE      measures nothing: tables, and what --out writes, from a file of --json
  --profile FOLDER profiles of both agents, and where they spent most of their time; slows them down a little
  --cipher NAME    what ssh is to use (default: what it takes by itself), for example aes128-gcm@openssh.com
  --help

Examples:
  npm run -s bench -- --scale 0.05 --runs 1            a look, two minutes
  npm run -s bench -- large --profile /tmp/profile     why it takes as long as it does
  npm run -s bench -- --runs 3 --out docs/benchmarks   what the README shows
  npm run -s bench -- million --runs 1                 a million files: takes its time

It takes Linux, root, and up to 20 GB of disk below /var/lib/drayage-lab (DRAYAGE_LAB_DIR); see test/lab/README.md. All
ways read a source that is in memory. Let nothing else run meanwhile.`

// Throws with what is wrong.
export const readOptions = (args: readonly string[]): Options => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '3' },
      scale: { type: 'string', default: '1' },
      json: { type: 'string' },
      out: { type: 'string' },
      from: { type: 'string' },
      profile: { type: 'string' },
      cipher: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const faults: string[] = []
  const [runs, scale] = [Number(values.runs), Number(values.scale)]
  if (!Number.isInteger(runs) || runs < 1) faults.push(`--runs ${values.runs}: a whole number, at least 1`)
  if (!(scale > 0 && scale <= 1)) faults.push(`--scale ${values.scale}: more than 0, at most 1`)
  for (const name of positionals) {
    if (!workloads.some((workload) => workload.name === name)) {
      faults.push(
        `${name}: there is no such workload; there are ${workloads.map((workload) => workload.name).join(', ')}`,
      )
    }
  }
  if (faults.length > 0) throw new Error(faults.join('\n'))
  const { json, out, from, profile, cipher } = values
  return { names: positionals, runs, scale, json, out, reread: from, profiles: profile, cipher, help: values.help }
}
