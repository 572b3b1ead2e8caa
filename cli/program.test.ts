import { Command } from 'commander'
import { expect, test } from 'vitest'
import { errorTable } from '../shared/errors.ts'
import { version } from '../shared/package-root.ts'
import { exitCodes } from './exit-codes.ts'
import { buildProgram } from './program.ts'
import { dray } from './testing/run-dray.ts'

test('the help names every command, and every exit code that an error can have', async () => {
  const { exit, stdout } = await dray(['--help'])
  expect(exit).toBe(0)
  for (const name of [
    'coordinator',
    'agent',
    'hosts',
    'host',
    'ps',
    'volumes',
    'migrate',
    'return',
    'finalize',
    'migrations',
    'pause',
    'resume',
    'cancel',
  ]) {
    expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'))
  }
  const known = new Set<number>(exitCodes.map(({ code }) => code))
  for (const { exit: code } of Object.values(errorTable)) expect(known).toContain(code)
  for (const { code, meaning } of exitCodes) expect(stdout).toContain(`  ${String(code).padEnd(5)}${meaning}`)
})

// Each as its own --help would print it.
const helpOf = (command: Command): string => {
  let text = ''
  command.configureOutput({ writeOut: (piece) => (text += piece) })
  command.outputHelp()
  return text
}

// These run by themselves, and have commands as well.
const processes = ['agent', 'coordinator']
const leaves = (command: Command): readonly Command[] => [
  ...(command.commands.length === 0 || processes.includes(command.name()) ? [command] : []),
  ...command.commands.flatMap(leaves),
]

test('each command has examples and exit codes in its help', () => {
  const commands = leaves(buildProgram())
  expect(commands.length).toBeGreaterThan(10)
  for (const command of commands) {
    const help = helpOf(command)
    expect(help, command.name()).toContain('\nExamples:\n  ')
    expect(help, command.name()).toContain('\nExit codes:\n  0 ')
  }
})

test('the process commands show the variable and the default of each flag', () => {
  const commands = new Map(leaves(buildProgram()).map((command) => [command.name(), command]))
  const text = (name: string) => helpOf(commands.get(name) ?? new Command()).replace(/\s+/g, ' ')
  expect(text('coordinator')).toContain('[DRAYAGE_REST_LISTEN, default 127.0.0.1:8440]')
  expect(text('agent')).toContain('[DOCKER_HOST, default unix:///var/run/docker.sock]')
  expect(text('break-glass')).toContain('[DRAYAGE_DATA_DIR, default /var/lib/drayage/agent]')
})

test('a wrong command line exits 2 with one line on stderr, and nothing on stdout', async () => {
  expect(await dray(['nope'])).toEqual({ exit: 2, stdout: '', stderr: "error: unknown command 'nope'\n" })
  expect(await dray(['migrate', 'web'])).toMatchObject({ exit: 2, stdout: '' })
  expect(await dray(['hosts', 'extra'])).toMatchObject({ exit: 2, stdout: '' })
  expect(await dray(['migrations', '--state', 'odd'])).toMatchObject({ exit: 2, stdout: '' })
  expect((await dray([])).exit).toBe(2)
})

test('the version is the package’s', async () => {
  expect(await dray(['--version'])).toEqual({ exit: 0, stdout: `${version}\n`, stderr: '' })
})
