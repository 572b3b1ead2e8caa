// The docker command line of a host's own engine.
import { type CommandOptions, run } from './command.ts'
import type { HostRecord } from './record.ts'

// Answers stdout without the newline at its end; throws CommandFailed.
export type Docker = (args: readonly string[], options?: CommandOptions) => Promise<string>

export const dockerOf =
  (host: HostRecord): Docker =>
  async (args, options) =>
    (await run(['docker', ...args], { env: host.clientEnv, ...options })).replace(/\n$/, '')
