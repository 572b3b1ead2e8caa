import { type Command, Option } from 'commander'

// A flag of a process command. The value is not read from the environment here, and has no default here: the process
// itself does both, so that it says the same however it was started. The help only tells.
export type ProcessOption = {
  readonly flags: string
  readonly what: string
  readonly env: string
  readonly default?: string
}

export const addProcessOptions = (command: Command, options: readonly ProcessOption[]): Command => {
  for (const { flags, what, env, default: value } of options) {
    const told = value === undefined ? `[${env}]` : `[${env}, default ${value}]`
    command.addOption(new Option(flags, `${what} ${told}`))
  }
  return command
}
