import { Command } from 'commander'
import { contextNamed, readContexts, writeContexts } from '../api/contexts.ts'
import { paintFor } from '../display/colour.ts'
import { renderTable } from '../display/table.ts'
import { answering, examples } from './client-command.ts'

type Flags = { readonly json?: true }

const subcommand = (name: string, summary: string): Command =>
  new Command(name).summary(summary).option('--json', 'print one JSON document')

const listCommand = (): Command =>
  subcommand('list', 'list the contexts')
    .description('List the contexts that dray login has kept, without their tokens.')
    .addHelpText('after', examples(['dray context list'], 0, 2))
    .action((flags: Flags) =>
      answering(flags, async () => {
        const { current, contexts } = readContexts()
        const json = {
          current,
          contexts: Object.entries(contexts).map(([name, { url, ca }]) => ({ name, url, ownAuthority: ca !== null })),
        }
        const rows = json.contexts.map(({ name, url, ownAuthority }) => [
          name === current ? '*' : '',
          name,
          url,
          ownAuthority ? 'the coordinator’s own' : 'those of the system',
        ])
        const head = ['', 'NAME', 'URL', 'TRUSTED AUTHORITY']
        const text =
          rows.length === 0
            ? 'No contexts yet: dray login makes one.'
            : renderTable(head, rows, paintFor(process.stdout))
        return { json, text }
      }),
    )

const useCommand = (): Command =>
  subcommand('use', 'work with another coordinator from now on')
    .argument('<name>', 'as in dray context list')
    .description(
      'Work with another coordinator from now on. For one command alone: --context NAME, or DRAYAGE_CONTEXT.',
    )
    .addHelpText('after', examples(['dray context use office', 'dray ps --context office'], 0, 2))
    .action((name: string, flags: Flags) =>
      answering(flags, async () => {
        const all = readContexts()
        const { url } = contextNamed(all, name)
        await writeContexts({ ...all, current: name })
        return { json: { name, url }, text: `${name} is the current context: ${url}.` }
      }),
    )

const removeCommand = (): Command =>
  subcommand('remove', 'forget a coordinator, and the token for it')
    .argument('<name>', 'as in dray context list')
    .description(
      'Forget a coordinator, and the token for it, on this machine. The token itself stays good: dray token remove takes ' +
        'it back.',
    )
    .addHelpText('after', examples(['dray context remove office'], 0, 2))
    .action((name: string, flags: Flags) =>
      answering(flags, async () => {
        const { current, contexts } = readContexts()
        contextNamed({ current, contexts }, name)
        const { [name]: _gone, ...others } = contexts
        const next = current === name ? null : current
        await writeContexts({ current: next, contexts: others })
        const note = next === null ? ' No context is current now: dray context use NAME.' : ''
        return { json: { name, removed: true, current: next }, text: `${name} is forgotten.${note}` }
      }),
    )

export const contextCommand = (): Command =>
  new Command('context')
    .summary('list the coordinators you have logged in to, and choose one')
    .description('The coordinators that you have logged in to with dray login, and which one is asked.')
    .addCommand(listCommand())
    .addCommand(useCommand())
    .addCommand(removeCommand())
