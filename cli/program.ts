import { Command, CommanderError } from 'commander'
import { asAppError } from '../shared/errors.ts'
import { version } from '../shared/package-root.ts'
import { agentCommand } from './commands/agent.ts'
import { coordinatorCommand } from './commands/coordinator.ts'
import { printError } from './display/error.ts'
import { exitCodesHelp } from './exit-codes.ts'

const buildProgram = (): Command => {
  const program = new Command('dray')
    .description(
      "Moves a Docker container and its data from one Docker host to another, and knows every volume's place.",
    )
    .version(version)
    .addHelpText('after', `\n${exitCodesHelp()}`)
  for (const command of [coordinatorCommand(), agentCommand()]) program.addCommand(command)
  return program
}

// Commander ends the process by itself unless told otherwise, on help as on a wrong flag; the setting is not
// inherited by commands that were added whole.
const neverExit = (command: Command): Command => {
  command.exitOverride()
  command.commands.forEach(neverExit)
  return command
}

// Runs one command line; the answer is the exit code. A command sets process.exitCode where an end without an error
// is not 0.
export const run = async (argv: readonly string[]): Promise<number> => {
  try {
    await neverExit(buildProgram()).parseAsync(argv)
    return Number(process.exitCode ?? 0)
  } catch (thrown) {
    // Commander has already said what was wrong with the command line, or shown the help that was asked for.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2
    const error = asAppError(thrown)
    printError(error)
    return error.meaning.exit
  }
}
