import { Command, CommanderError } from 'commander'
import { asAppError } from '../shared/errors.ts'
import { version } from '../shared/package-root.ts'
import { agentCommand } from './commands/agent.ts'
import { auditCommand } from './commands/audit.ts'
import { caCommand } from './commands/ca.ts'
import { cancelCommand } from './commands/cancel.ts'
import { contextCommand } from './commands/context.ts'
import { backupCommand, coordinatorCommand } from './commands/coordinator.ts'
import { fenceCommand } from './commands/fence.ts'
import { finalizeCommand } from './commands/finalize.ts'
import { hostCommand } from './commands/host.ts'
import { hostsCommand } from './commands/hosts.ts'
import { loginCommand } from './commands/login.ts'
import { migrateCommand } from './commands/migrate.ts'
import { migrationsCommand } from './commands/migrations.ts'
import { orphansCommand } from './commands/orphans.ts'
import { pauseCommand, resumeCommand } from './commands/pause.ts'
import { psCommand } from './commands/ps.ts'
import { recoverCommand } from './commands/recover.ts'
import { returnCommand } from './commands/return.ts'
import { tokenCommand } from './commands/token.ts'
import { verifyCommand } from './commands/verify.ts'
import { volumeCommand } from './commands/volume.ts'
import { volumesCommand } from './commands/volumes.ts'
import { printError } from './display/error.ts'
import { exitCodesHelp } from './exit-codes.ts'

const gettingStarted = `
Getting started:
  dray coordinator                                  on one machine
  dray login http://127.0.0.1:8440 --token-file FILE   once; the first token is in admin-token, in its data folder
  dray host add host-1                              prints the line to run on host-1; the same for host-2
  dray ps                                           what runs where
  dray migrate web --from host-1 --to host-2 --dry-run
  dray migrate web --from host-1 --to host-2
  dray return ID                                    back to host-1, with what it wrote on host-2
  dray finalize ID                                  or: remove what host-1 has kept of it

"dray COMMAND --help" has more on each, with examples.
`

export const buildProgram = (): Command => {
  const program = new Command('dray')
    .description(
      "Moves a Docker container and its data from one Docker host to another, and knows every volume's place.",
    )
    .version(version)
    // What stands after a command's name is that command's, also where the command has subcommands.
    .enablePositionalOptions()
    .addHelpText('after', `${gettingStarted}\n${exitCodesHelp()}`)
  program.commandsGroup('Moving:')
  const moving = [
    migrateCommand(),
    returnCommand(),
    finalizeCommand(),
    migrationsCommand(),
    pauseCommand(),
    resumeCommand(),
    cancelCommand(),
    verifyCommand(),
  ]
  for (const command of moving) program.addCommand(command)
  program.commandsGroup('Looking:')
  for (const command of [hostsCommand(), psCommand(), volumesCommand(), orphansCommand()]) program.addCommand(command)
  program.commandsGroup('Volumes as a whole:')
  program.addCommand(volumeCommand())
  program.commandsGroup('When something is lost:')
  for (const command of [fenceCommand(), recoverCommand(), backupCommand()]) program.addCommand(command)
  program.commandsGroup('Who may:')
  const access = [loginCommand(), contextCommand(), tokenCommand(), auditCommand(), caCommand()]
  for (const command of access) program.addCommand(command)
  program.commandsGroup('Setting up:')
  for (const command of [coordinatorCommand(), hostCommand(), agentCommand()]) program.addCommand(command)
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
  // `dray volumes | head`: whoever reads has gone, and there is nobody to tell. Where that is a failure, the command has
  // set its exit code beforehand.
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) =>
    process.exit(code === 'EPIPE' ? Number(process.exitCode ?? 0) : 6),
  )
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
