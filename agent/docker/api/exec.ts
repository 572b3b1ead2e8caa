// A command in a container that runs: Docker's exec, waited for and bounded.
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { type Client, path } from './client.ts'
import { tailOf, unframe } from './exec-output.ts'

export type Executed = {
  // null: it did not end by itself in time.
  readonly exitCode: number | null
  // It could not be ended: its process is not to be seen from here.
  readonly leftRunning: boolean
  readonly output: string
  readonly truncated: boolean
}

type InspectedExec = { readonly Running: boolean; readonly ExitCode: number | null; readonly Pid: number }

const lookEveryMs = 250
// From the end of the process to the end of what it had written; what it left behind may hold its streams for ever.
const restOfOutputMs = 1_000

// Ended by SIGKILL, with all that it started, when the time is up or the signal is aborted. Throws
// DRAYAGE_ENGINE_REFUSED with Docker's status where no command can be run: 404, 409.
export const execute = async (
  client: Client,
  containerId: string,
  command: readonly string[],
  { timeoutMs, keepBytes, signal }: { timeoutMs: number; keepBytes: number; signal: AbortSignal },
): Promise<Executed> => {
  const { Id } = await client.post<{ Id: string }>(path`/containers/${containerId}/exec`, {
    body: { AttachStdout: true, AttachStderr: true, Cmd: command },
  })
  const look = () => client.get<InspectedExec>(path`/exec/${Id}/json`)
  const until = performance.now() + timeoutMs
  const output = tailOf(keepBytes)
  const stream = await client.stream('POST', path`/exec/${Id}/start`, { body: { Detach: false, Tty: false } })
  const drained = drain(stream, output.add)
  const result = (exitCode: number | null, leftRunning: boolean): Executed => {
    stream.destroy()
    return { exitCode, leftRunning, ...output.read() }
  }
  for (;;) {
    await Promise.race([drained, pause(lookEveryMs)])
    const seen = await look()
    if (!seen.Running && seen.ExitCode !== null) {
      await Promise.race([drained, pause(restOfOutputMs)])
      return result(seen.ExitCode, false)
    }
    if (performance.now() < until && !signal.aborted) {
      // Its streams have ended, and it has not.
      await pause(lookEveryMs, undefined, { signal }).catch(() => {})
      continue
    }
    const killed = await kill(seen.Pid, containerId)
    await Promise.race([drained, pause(restOfOutputMs)])
    return result(null, !killed && (await look()).Running)
  }
}

const drain = async (stream: Readable, add: (piece: Buffer) => void): Promise<void> => {
  try {
    for await (const piece of unframe(stream)) add(piece)
  } catch {
    // Cut off: what the process came to is asked for apart from this.
  }
}

// Only what is in the container's own control group, whoever has the number by now: an agent that has process numbers of
// its own sees others', or none.
const kill = async (pid: number, containerId: string): Promise<boolean> => {
  if (pid <= 1) return false
  const group = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '')
  if (!group.includes(containerId)) return false
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
  for (const child of children.split(' ').filter(Boolean)) await kill(Number(child), containerId)
  return true
}
