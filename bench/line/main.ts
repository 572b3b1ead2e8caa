// The line between two agents alone, without coordinator, engine or container: what a GiB costs each side.
//
//   npm run -s bench:line -- [--mib N] [--files N] [--text] [--small N] [--tiny N] [--compress MODE]… [--line MB/S] [--runs N]
//                            [--dir PATH] [--only PART-OF-A-NAME]… [--profile FOLDER]
//
// Both sides run here, over loopback, with mutual TLS, in a live round; every way is gone in turn. CPU seconds are of the
// whole process; the machine's are of all processes, so they count only where nothing else runs. --text: what shrinks to a
// quarter, and not what cannot. --small: so many files of 0.2–16 KB instead; --tiny: of 1–200 bytes. --compress: agent to agent, with each of
// these (default: none). --line: over one that takes no more than that. --profile: a CPU profile of each process and
// thread, for Chrome's developer tools.
import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { createAuthority } from '../../agent/identity/testing/authority.ts'
import { largeFile, manyFiles, textFile } from '../data/files.ts'
import { openRelay } from './relay.ts'
import type { Answer, Order } from './side.ts'

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '512' },
    files: { type: 'string', default: '2' },
    text: { type: 'boolean', default: false },
    small: { type: 'string' },
    tiny: { type: 'string' },
    compress: { type: 'string', multiple: true, default: ['none'] },
    line: { type: 'string' },
    runs: { type: 'string', default: '3' },
    dir: { type: 'string', default: tmpdir() },
    only: { type: 'string', multiple: true },
    profile: { type: 'string' },
  },
})

const side = join(import.meta.dirname, 'side.ts')

// Seconds of user and system time that a process has used, its threads included. Source: proc(5), stat, in ticks of 10 ms.
const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
// Of all processors, idle and waiting apart.
const machineCpuSeconds = (): number => {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]?.trim().split(/\s+/).slice(1).map(Number) ?? []
  return [0, 1, 2, 5, 6].reduce((sum, index) => sum + (fields[index] ?? 0), 0) / 100
}
const peakMebibytes = (pid: number): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

// As cli/dray.ts starts an agent.
const start = (name: string): ChildProcess =>
  fork(side, {
    env: { ...process.env, MALLOC_ARENA_MAX: '2' },
    execArgv: [
      '--max-semi-space-size=1',
      ...(values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}/${name}`]),
    ],
  })
const pidOf = (child: ChildProcess): number => child.pid ?? 0
const ask = async (child: ChildProcess, order: Order): Promise<Answer> => {
  child.send(order)
  const answer = await Promise.race([
    once(child, 'message').then(([message]) => message as Answer),
    once(child, 'exit').then(() => undefined),
  ])
  if (answer === undefined) throw new Error(`the side that was to ${order.do} has ended`)
  return answer
}
const stop = async (child: ChildProcess): Promise<void> => {
  child.disconnect()
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

type Figures = {
  readonly wall: number
  readonly source: number
  readonly target: number
  readonly machine: number
  readonly bytes: number
  readonly peaks: readonly number[]
}

const settle = (): void => void execFileSync('sync')

const authority = await createAuthority()
const [sourceTls, targetTls] = [await authority.agent('host-1'), await authority.agent('host-2')]
const signer = await authority.ticketSigner()
const dir = mkdtempSync(join(values.dir, 'drayage-line-'))
const volume = join(dir, 'volume')

const line = async (into: string | null, compression = 'none'): Promise<Figures> => {
  const [source, target] = [start('source'), start('target')]
  const stateDir = mkdtempSync(join(dir, 'state-'))
  const { port } = await ask(source, { do: 'serve', dir: stateDir, volume, tls: sourceTls })
  const relay = values.line === undefined ? undefined : await openRelay(port, Number(values.line) * 1_000_000)
  const address = `127.0.0.1:${relay?.port ?? port}`
  const before = [cpuSeconds(pidOf(source)), cpuSeconds(pidOf(target)), machineCpuSeconds()] as const
  const { wallMs, bytes } = await ask(target, { do: 'pull', address, into, compression, tls: targetTls, signer })
  const figures = {
    wall: wallMs / 1000,
    source: cpuSeconds(pidOf(source)) - before[0],
    target: cpuSeconds(pidOf(target)) - before[1],
    machine: machineCpuSeconds() - before[2],
    bytes,
    peaks: [peakMebibytes(pidOf(source)), peakMebibytes(pidOf(target))],
  }
  relay?.close()
  await Promise.all([stop(source), stop(target)])
  return figures
}

const alone = async (order: Order): Promise<Figures> => {
  const child = start('alone')
  const before = [cpuSeconds(pidOf(child)), machineCpuSeconds()] as const
  const { wallMs } = await ask(child, order)
  const cpu = cpuSeconds(pidOf(child)) - before[0]
  const figures = {
    wall: wallMs / 1000,
    source: cpu,
    target: 0,
    machine: machineCpuSeconds() - before[1],
    bytes: Number.NaN,
    peaks: [peakMebibytes(pidOf(child))],
  }
  await stop(child)
  return figures
}

const shell = (command: string): Figures => {
  const before = machineCpuSeconds()
  const startedAt = performance.now()
  execFileSync('sh', ['-c', command])
  return {
    wall: (performance.now() - startedAt) / 1000,
    source: Number.NaN,
    target: Number.NaN,
    machine: machineCpuSeconds() - before,
    bytes: Number.NaN,
    peaks: [],
  }
}

const agentToAgent = values.compress.map((mode) => [
  `agent to agent${mode === 'none' ? '' : `, --compress ${mode}`}`,
  (into: string) => {
    mkdirSync(into)
    return line(into, mode)
  },
])
const ways: Record<string, (into: string) => Figures | Promise<Figures>> = {
  ...Object.fromEntries(agentToAgent),
  'the line alone, 1 GiB': () => line(null),
  'engine, reading': () => alone({ do: 'read', volume }),
  'engine, reading and writing': (into) => alone({ do: 'copy', volume, into }),
  'cp -a; sync': (into) => shell(`cp -a ${volume} ${into}; sync -f ${into}`),
  'tar | tar; sync': (into) => shell(`mkdir ${into}; tar -C ${volume} -cf - . | tar -C ${into} -xf -; sync -f ${into}`),
}

const median = (figures: readonly number[]): number =>
  figures.toSorted((a, b) => a - b)[figures.length >> 1] ?? Number.NaN

try {
  mkdirSync(volume)
  const many = (files: string, filesInEach: number, smallest: number, largest: number): void =>
    manyFiles(volume, { folders: Math.ceil(Number(files) / filesInEach), filesInEach, smallest, largest })
  if (values.small !== undefined) many(values.small, 100, 200, 16_384)
  else if (values.tiny !== undefined) many(values.tiny, 1_000, 1, 200)
  else
    for (let file = 0; file < Number(values.files); file++) {
      const fill = values.text ? textFile : largeFile
      fill(join(volume, `file-${file}`), Number(values.mib) * 1024 * 1024)
    }
  const table = new Table({
    head: ['', 'wall, s', 'source CPU, s', 'target CPU, s', 'machine CPU, s', 'MB that crossed', 'peak RSS, MiB'],
    style: { head: [], border: [] },
  })
  const chosen = Object.entries(ways).filter(
    ([name]) => values.only === undefined || values.only.some((part) => name.includes(part)),
  )
  const runs = new Map<string, Figures[]>(chosen.map(([name]) => [name, []]))
  for (let run = 0; run < Number(values.runs); run++) {
    for (const [name, way] of chosen) {
      const into = join(dir, 'into')
      settle()
      const figures = await way(into)
      runs.get(name)?.push(figures)
      rmSync(into, { recursive: true, force: true })
    }
  }
  for (const [name, figures] of runs) {
    const of = (pick: (figure: Figures) => number) => median(figures.map(pick)).toFixed(2)
    table.push([
      name,
      of((f) => f.wall),
      of((f) => f.source),
      of((f) => f.target),
      of((f) => f.machine),
      of((f) => f.bytes / 1e6),
      figures.at(-1)?.peaks.map(Math.round).join(', '),
    ])
  }
  console.log(table.toString())
} finally {
  rmSync(dir, { recursive: true, force: true })
}
