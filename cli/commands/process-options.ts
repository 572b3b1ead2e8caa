import { type Command, Option } from 'commander'

// A flag of a process command. The value is not read from the environment here, and has no default here: the process
// itself does both, so that it says the same however it was started. The help only tells.
export type ProcessOption = {
  readonly flags: string
  readonly what: string
  readonly env: string
  readonly default?: string
  // Said several times, the values go on behind one another with colons between, as in the variable.
  readonly repeatable?: true
}

export const addProcessOptions = (command: Command, options: readonly ProcessOption[]): Command => {
  for (const { flags, what, env, default: value, repeatable } of options) {
    const told = value === undefined ? `[${env}]` : `[${env}, default ${value}]`
    const option = new Option(flags, `${what} ${told}`)
    if (repeatable) {
      option.argParser((said: string, before?: string) => (before === undefined ? said : `${before}:${said}`))
    }
    command.addOption(option)
  }
  return command
}
