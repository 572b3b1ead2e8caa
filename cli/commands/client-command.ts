// What every client command shares: the connection, --json, and how its answer is printed.
import { Command } from 'commander'
import { asAppError } from '../../shared/errors.ts'
import type { Client } from '../api/client.ts'
import { addConnectionOptions, type ConnectionFlags, connect } from '../api/connection.ts'
import { problemOf } from '../api/problem.ts'
import { paintFor } from '../display/colour.ts'
import type { View } from '../display/inventory.ts'
import { type ExitCode, exitCodesHelp } from '../exit-codes.ts'

export type ClientFlags = ConnectionFlags & { readonly json?: true; readonly full?: true }

export type Answer = {
  // What --json prints.
  readonly json: unknown
  readonly text: string
}

export const clientCommand = (name: string, summary: string): Command =>
  addConnectionOptions(
    new Command(name).summary(summary).option('--json', 'print one JSON document').optionsGroup('Coordinator:'),
  ).optionsGroup('Options:')

export const examples = (lines: readonly string[], ...codes: readonly ExitCode[]): string =>
  `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n\n${exitCodesHelp(...codes)}`

export const viewFor = (flags: { readonly full?: true }): View => ({
  now: new Date(),
  paint: paintFor(process.stdout),
  full: flags.full === true,
})

export const printJson = (document: unknown): void => {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
}

// Prints exactly one JSON document with --json, on success as on failure; the error goes on to be printed on stderr and
// to become the exit code.
export const answering = async (flags: { readonly json?: true }, work: () => Promise<Answer>): Promise<void> => {
  try {
    const { json, text } = await work()
    if (flags.json) printJson(json)
    else process.stdout.write(`${text}\n`)
  } catch (thrown) {
    if (flags.json) printJson({ problem: problemOf(asAppError(thrown)) })
    throw thrown
  }
}

export const asking = (flags: ClientFlags, ask: (client: Client, view: View) => Promise<Answer>): Promise<void> =>
  answering(flags, () => ask(connect(flags), viewFor(flags)))
