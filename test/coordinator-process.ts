// `dray coordinator` as a process of its own, without agents and without a lab.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { dray } from './lab/drayage.ts'

export type CoordinatorProcess = {
  readonly url: string
  // SHA-256 of its authority, hex.
  readonly fingerprint: string
  readonly tokenFile: string
  stop(): Promise<void>
}

export const startCoordinatorProcess = async (
  dataDir: string,
  flags: readonly string[],
): Promise<CoordinatorProcess> => {
  const child = spawn(
    process.execPath,
    [
      ...[dray, 'coordinator', '--data-dir', dataDir, '--grpc-listen', '127.0.0.1:0', '--enrol-listen', '127.0.0.1:0'],
      ...flags,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env['PATH'] ?? '' } },
  )
  const exited = once(child, 'exit')
  let fingerprint = ''
  const said: string[] = []
  for await (const line of createInterface({ input: child.stderr })) {
    said.push(line)
    const entry = JSON.parse(line)
    fingerprint = entry.fingerprint ?? fingerprint
    if (entry.msg !== 'The coordinator is up') continue
    child.stderr.resume()
    return {
      // Where it listens on every address, this is one of them.
      url: entry.restUrl.replace('0.0.0.0', '127.0.0.1'),
      fingerprint,
      tokenFile: join(dataDir, 'admin-token'),
      stop: async () => {
        child.kill('SIGTERM')
        await exited
      },
    }
  }
  throw new Error(`The coordinator ended before it was up:\n${said.join('\n')}`)
}
