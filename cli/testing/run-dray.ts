// The real command in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { packageRoot } from '../../shared/package-root.ts'

export type Ended = {
  readonly exit: number | null
  readonly stdout: string
  readonly stderr: string
}

export type Running = {
  readonly ended: Promise<Ended>
  // Resolves as soon as stderr has said it; rejects if the process ends without.
  untilSaid(pattern: RegExp): Promise<void>
  interrupt(): void
}

export type RunOptions = { readonly url?: string; readonly token?: string; readonly env?: Record<string, string> }

const collect = (child: ChildProcess): Running => {
  let stdout = ''
  let stderr = ''
  let over = false
  const watchers = new Set<() => void>()
  const look = (): void => {
    for (const watcher of [...watchers]) watcher()
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    look()
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exit) => {
      over = true
      look()
      resolve({ exit, stdout, stderr })
    })
  })
  return {
    ended,
    untilSaid: (pattern) =>
      new Promise((resolve, reject) => {
        const watcher = (): void => {
          if (!pattern.test(stderr) && !over) return
          watchers.delete(watcher)
          if (pattern.test(stderr)) resolve()
          else reject(new Error(`It ended without saying ${pattern}:\n${stderr}`))
        }
        watchers.add(watcher)
        watcher()
      }),
    interrupt: () => child.kill('SIGINT'),
  }
}

// Nothing of the test's own environment reaches it: a DRAYAGE_TOKEN of the developer's would make a test pass.
const environment = ({ url, token, env }: RunOptions): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  ...(url === undefined ? {} : { DRAYAGE_URL: url }),
  ...(token === undefined ? {} : { DRAYAGE_TOKEN: token }),
  ...env,
})

export const startDray = (args: readonly string[], options: RunOptions = {}): Running =>
  collect(
    spawn(process.execPath, [join(packageRoot, 'cli/dray.ts'), ...args], {
      env: environment(options),
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )

export const dray = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  startDray(args, options).ended
