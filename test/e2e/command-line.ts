// `dray`, as somebody types it, against a lab's coordinator.
import { type ChildProcess, spawn } from 'node:child_process'
import { CommandFailed, run } from '../lab/command.ts'
import { dray } from '../lab/drayage.ts'
import type { Lab } from '../lab/lab.ts'

export type Ended = { readonly exit: number | null; readonly stdout: string; readonly stderr: string }

export type CommandLine = {
  readonly env: () => NodeJS.ProcessEnv
  // What it prints; throws CommandFailed where it exits with anything but 0.
  readonly says: (...args: readonly string[]) => Promise<string>
  // How it ends, well or not.
  readonly ends: (...args: readonly string[]) => Promise<Ended>
  // While it runs, to be killed.
  readonly starts: (args: readonly string[]) => ChildProcess
}

// What a command fails with that must not succeed.
export const failureOf = (work: Promise<unknown>): Promise<CommandFailed> =>
  work.then(
    (result) => {
      throw new Error(`it did not fail: ${JSON.stringify(result)}`)
    },
    (thrown) => {
      if (thrown instanceof CommandFailed) return thrown
      throw thrown
    },
  )

// `lab` is asked each time: a test's lab is made after the test's file was read.
export const commandLineOf = (lab: () => Pick<Lab, 'coordinator'>): CommandLine => {
  const env = () => {
    const { url, token } = lab().coordinator
    return { ...process.env, DRAYAGE_URL: url, DRAYAGE_TOKEN: token }
  }
  const says = (...args: readonly string[]) => run([process.execPath, dray, ...args], { env: env() })
  const ends = (...args: readonly string[]): Promise<Ended> =>
    says(...args).then(
      (stdout) => ({ exit: 0, stdout, stderr: '' }),
      (thrown) => {
        if (!(thrown instanceof CommandFailed)) throw thrown
        return { exit: thrown.exitCode, stdout: thrown.stdout, stderr: thrown.stderr }
      },
    )
  const starts = (args: readonly string[]) => spawn(process.execPath, [dray, ...args], { env: env(), stdio: 'ignore' })
  return { env, says, ends, starts }
}
