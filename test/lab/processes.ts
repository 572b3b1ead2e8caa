// A long-running process of a lab: an engine, an agent, the coordinator. It runs in the lab's cgroup and, where it has
// one, in its host's network namespace under its host's name. It outlives whoever started it until the lab goes down.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { inNetns } from './network.ts'
import { eventually } from './wait.ts'

export type LabProcess = {
  // While it runs.
  readonly pid: number | undefined
  readonly logFile: string
  // Resolves once it is ready to serve. `extra` holds for this start alone.
  start(extra?: { readonly env?: NodeJS.ProcessEnv; readonly args?: readonly string[] }): Promise<void>
  // SIGTERM, then waits for the end.
  stop(): Promise<void>
  // kill -9, then waits for the end.
  kill(): Promise<void>
  restart(): Promise<void>
  // SIGSTOP and SIGCONT: a process that is there and does not answer.
  pause(): void
  resume(): void
  // Resolves when the present run ends, with its exit code, or the signal that ended it.
  ended(): Promise<number | NodeJS.Signals>
}

export type LabProcessSpec = {
  readonly name: string
  readonly command: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly logFile: string
  readonly cgroupProcs: string
  readonly host?: { readonly name: string; readonly netns: string }
  // Prepended to the command, inside the namespaces: `unshare …`, `setarch …`.
  readonly wrapper?: readonly string[]
  readonly beforeStart?: () => Promise<void>
  readonly isReady: () => Promise<boolean>
}

// Each `exec` keeps the pid, so that the pid of the child is the pid of the program. Nothing runs outside the lab's
// cgroup: where that is gone already, so is the lab.
const launcher = (spec: LabProcessSpec, args: readonly string[]): readonly string[] => {
  const command = [...(spec.wrapper ?? []), ...spec.command, ...args]
  const named =
    spec.host === undefined
      ? command
      : inNetns(spec.host.netns, [
          ...['unshare', '--uts', 'sh', '-c', 'echo "$0" > /proc/sys/kernel/hostname; exec "$@"'],
          ...[spec.host.name, ...command],
        ])
  return ['sh', '-c', 'echo 0 > "$0" && exec "$@"', spec.cgroupProcs, ...named]
}

const readyWithinMs = 60_000

export const labProcess = (spec: LabProcessSpec): LabProcess => {
  let child: ChildProcess | undefined
  let ending: Promise<number | NodeJS.Signals> = Promise.resolve(0)

  const running = (): number | undefined =>
    child === undefined || child.exitCode !== null || child.signalCode !== null ? undefined : child.pid

  const signal = (name: NodeJS.Signals) => {
    const pid = running()
    if (pid !== undefined) process.kill(pid, name)
  }

  // The child does not keep this process alive, except while somebody waits for its end.
  const untilEnd = async () => {
    const waitedFor = child
    waitedFor?.ref()
    try {
      return await ending
    } finally {
      waitedFor?.unref()
    }
  }

  const lastWords = () => readFileSync(spec.logFile, 'utf8').trimEnd().split('\n').slice(-15).join('\n')

  const control: LabProcess = {
    get pid() {
      return running()
    },
    logFile: spec.logFile,
    async start(extra = {}) {
      if (running() !== undefined) throw new Error(`${spec.name} is already running.`)
      await spec.beforeStart?.()
      const [program = '', ...args] = launcher(spec, extra.args ?? [])
      const log = openSync(spec.logFile, 'a')
      const started = spawn(program, args, {
        env: { ...spec.env, ...extra.env },
        stdio: ['ignore', log, log],
        detached: true,
      })
      closeSync(log)
      started.unref()
      child = started
      ending = new Promise((resolve, reject) => {
        started.on('error', reject)
        started.on('exit', (code, signalName) => resolve(signalName ?? code ?? 0))
      })
      ending.catch(() => {})
      await eventually(`${spec.name} to be ready (its log: ${spec.logFile})`, readyWithinMs, async () => {
        if (running() === undefined) {
          throw new Error(`${spec.name} ended (${await ending}) before it was ready:\n${lastWords()}`)
        }
        return spec.isReady()
      })
    },
    async stop() {
      signal('SIGTERM')
      // A stopped process does not see SIGTERM before it goes on.
      signal('SIGCONT')
      await untilEnd()
    },
    async kill() {
      signal('SIGKILL')
      await untilEnd()
    },
    async restart() {
      await control.stop()
      await control.start()
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    ended: untilEnd,
  }
  return control
}
