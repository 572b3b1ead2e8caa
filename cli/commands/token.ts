import { Command, Option } from 'commander'
import { type Role, roles } from '../../shared/api/tokens.ts'
import { tokensText } from '../display/access.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { parseDuration } from './option-values.ts'

type AddFlags = ClientFlags & { readonly role: Role; readonly expires: string }

const rolesHelp =
  '  viewer    reads: hosts, containers, volumes, migrations, plans\n' +
  '  operator  moves containers; exports, imports and copies volumes\n' +
  '  admin     adds hosts, declares them down, makes tokens, reads the audit'

// null: never.
const lifetimeSeconds = (raw: string): number | null =>
  raw === 'never' ? null : Math.floor(parseDuration('--expires', raw) / 1000)

const addCommand = (): Command =>
  clientCommand('add', 'make a token')
    .argument('<name>', 'whose it is: small letters, digits, dots and dashes')
    .addOption(new Option('--role <role>', 'what it may do').choices(roles).makeOptionMandatory())
    .option('--expires <duration>', 'for how long it is good, such as 8h or 30d; or never', '90d')
    .description(`Make a token. It is shown only once: what the coordinator keeps of it is a hash.\n\n${rolesHelp}`)
    .addHelpText(
      'after',
      examples(
        [
          'dray token add night-shift --role operator',
          'dray token add grafana --role viewer --expires never',
          'dray token add ci --role operator --expires 1h --json | jq -r .token > token',
        ],
        ...([0, 2, 4, 7, 8] as const),
      ),
    )
    .action((name: string, flags: AddFlags) =>
      asking(flags, async (client, { paint }) => {
        const json = await client.addToken({ name, role: flags.role, lifetimeSeconds: lifetimeSeconds(flags.expires) })
        const until = json.expiresAt === null ? 'It never expires.' : `It is good until ${json.expiresAt}.`
        const text = [
          `The token of ${json.name}, ${json.role === 'viewer' ? 'a' : 'an'} ${json.role}. ${until} It is not shown again:`,
          '',
          `  ${paint('bold', json.token)}`,
          '',
          'dray takes it from the variable DRAYAGE_TOKEN, or from a file: --token-file FILE, DRAYAGE_TOKEN_FILE.',
        ].join('\n')
        return { json, text }
      }),
    )

const listCommand = (): Command =>
  clientCommand('list', 'list the tokens')
    .description('List the tokens, with when each was last used. Their secrets are not kept, so they are not shown.')
    .addHelpText('after', examples(['dray token list', 'dray token list --json'], 0, 2, 7, 8))
    .action((flags: ClientFlags) =>
      asking(flags, async (client, view) => {
        const json = await client.tokens()
        return { json, text: tokensText(json.tokens, view) }
      }),
    )

const removeCommand = (): Command =>
  clientCommand('remove', 'take a token back')
    .argument('<name>', 'as in dray token list')
    .description(
      'Take a token back: from its next request on, whoever has it is refused. What it began goes on. The last token of ' +
        'an admin stays.',
    )
    .addHelpText('after', examples(['dray token remove night-shift'], 0, 2, 3, 4, 7, 8))
    .action((name: string, flags: ClientFlags) =>
      asking(flags, async (client) => {
        await client.removeToken(name)
        return {
          json: { name, removed: true },
          text: `${name} is removed. Whoever has that token is refused from now on.`,
        }
      }),
    )

export const tokenCommand = (): Command =>
  new Command('token')
    .summary('make tokens, list them, take them back')
    .description(`Who may ask the coordinator, and for what: a token each, with a name and a role.\n\n${rolesHelp}`)
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand())
