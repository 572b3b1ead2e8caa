import { Command } from 'commander'
import { printable } from '../display/printable.ts'
import { exitCodesHelp } from '../exit-codes.ts'
import { addProcessOptions, type ProcessOption } from './process-options.ts'

type Flags = Record<string, string | undefined>

// As the agent tells it; all sentences are for people.
type Outcome = {
  readonly container: string
  readonly state: 'not-done' | 'done' | 'was-done'
  readonly mustBeTrue: readonly string[]
  readonly broughtBack: readonly string[]
  readonly next: string
}

export type BreakGlass = (
  flags: Flags,
  request: { readonly container: string; readonly itRunsNowhereElse: boolean },
) => Promise<Outcome>

const headings = {
  'not-done': 'This would be brought back:',
  done: 'Brought back:',
  'was-done': 'Brought back before:',
}

const list = (sentences: readonly string[]): readonly string[] => sentences.map((one) => `  - ${printable(one)}`)

export const outcomeLines = ({ container, state, mustBeTrue, broughtBack, next }: Outcome): readonly string[] => [
  headings[state],
  ...list(broughtBack),
  ...(state === 'not-done'
    ? [
        'Nothing was done. Before it is, this must be true, and only you can see to it:',
        ...list(mustBeTrue),
        `When it is, add --it-runs-nowhere-else. Then ${printable(container)} is started with:`,
      ]
    : ['What is left:']),
  `  ${printable(next)}`,
]

export const breakGlassCommand = (options: readonly ProcessOption[], breakGlass: BreakGlass): Command =>
  addProcessOptions(new Command('break-glass'), options)
    .summary('bring back what a move left on this host, without the coordinator')
    .description(
      'Bring back what a move left on this host: for when the coordinator is gone, or the other host is. On this host, as ' +
        'root, while its agent is stopped. The data of its volumes goes back to its place, the container gets its name ' +
        'and its restart policy again, and the agent leaves it alone from then on; the container is not started. It may be ' +
        'run again, whatever cut it off.\n\nWithout --it-runs-nowhere-else it says what it would do and what must be true ' +
        'first, and does nothing.',
    )
    .argument('<container>', 'name, former name or id of the container that moved away')
    .option('--it-runs-nowhere-else', 'your word that the copy on the other host is stopped for good')
    .addHelpText(
      'after',
      `
Examples:
  systemctl stop drayage-agent
  dray agent break-glass web
  dray agent break-glass web --it-runs-nowhere-else
  docker start web && systemctl start drayage-agent

${exitCodesHelp(0, 2, 3, 4, 6, 7)}`,
    )
    .action(async (container: string, _: unknown, command: Command) => {
      // Those of `dray agent` that stand before the subcommand's name hold as well.
      const { itRunsNowhereElse = false, ...flags } = {
        ...(command.parent?.opts() ?? {}),
        ...command.opts(),
      } as Flags & { itRunsNowhereElse?: boolean }
      const outcome = await breakGlass(flags, { container, itRunsNowhereElse })
      for (const line of outcomeLines(outcome)) process.stdout.write(`${line}\n`)
      if (outcome.state === 'not-done') process.exitCode = 4
    })
