// Runs a program of the machine to its end.
import { spawn } from 'node:child_process'

// Where Debian keeps programs. A login shell of an ordinary user lacks the half of it that a lab needs.
export const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export const withSystemPath = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...env,
  PATH: env.PATH === undefined ? systemPath : `${env.PATH}:${systemPath}`,
})

export type CommandOptions = {
  readonly input?: string | Buffer
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  // Kills the program and fails after this long. Default: two minutes.
  readonly timeoutMs?: number
}

export class CommandFailed extends Error {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string

  constructor(command: readonly string[], result: { exitCode: number | null; stdout: string; stderr: string }) {
    const ending = result.exitCode === null ? 'was killed' : `exited with ${result.exitCode}`
    const said = (result.stderr.trim() || result.stdout.trim()).slice(-2_000)
    super(`\`${command.join(' ')}\` ${ending}${said === '' ? '' : `:\n${said}`}`)
    this.name = 'CommandFailed'
    this.exitCode = result.exitCode
    this.stdout = result.stdout
    this.stderr = result.stderr
  }
}

// Resolves with what it wrote on stdout; throws CommandFailed where it exits with anything but 0.
export const run = (command: readonly string[], options: CommandOptions = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const [program = '', ...args] = command
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: withSystemPath(options.env ?? process.env),
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 120_000,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    // A program that ends without reading all its input is judged by its exit code.
    child.stdin.on('error', () => {})
    child.stdin.end(options.input)
    child.on('error', reject)
    child.on('close', (exitCode) => {
      if (exitCode === 0) resolve(stdout)
      else reject(new CommandFailed(command, { exitCode, stdout, stderr }))
    })
  })

// For clean-up, where "it was not there" is as good as "it is gone now".
export const runQuietly = (command: readonly string[]): Promise<boolean> =>
  run(command).then(
    () => true,
    () => false,
  )
