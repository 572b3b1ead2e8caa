import { type Command, Option } from 'commander'
import type { GivenUp, RemovedHost } from '../../shared/api/hosts.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'

type Flags = ClientFlags & { readonly giveUp?: readonly GivenUp[] }

export const removedText = ({ name, gaveUp }: RemovedHost): string =>
  [
    `${name} is removed. Its certificate is refused here from now on, and by the other agents from their next heartbeat.`,
    ...(gaveUp.length === 0 ? [] : ['', 'Given up:', ...gaveUp.map(({ message }) => `  ${message}`)]),
  ].join('\n')

export const removeCommand = (): Command =>
  clientCommand('remove', 'take a host out, and refuse its certificate from now on')
    .argument('<name>', 'as in dray hosts')
    .addOption(
      new Option('--give-up <what...>', 'workloads: that live there. copies: that it keeps for a way back').choices([
        'workloads',
        'copies',
      ]),
    )
    .description(
      'Take a host out. Nothing on it is stopped or removed. Its agent’s certificate is refused at once by the ' +
        'coordinator, and by the other agents as soon as they are told; connections that it has are closed.\n\n' +
        'Refused while a migration is under way with it, a container that was moved there lives there, or it keeps what a ' +
        'move has left behind; --give-up says in so many words that you do without those. To use the host again: stop its ' +
        'agent, remove the folder identity of its data directory, and start it with the token of a new dray host add.',
    )
    .addHelpText(
      'after',
      examples(['dray host remove host-3', 'dray host remove host-3 --give-up workloads copies'], 0, 2, 3, 4, 7, 8),
    )
    .action((name: string, flags: Flags) =>
      asking(flags, async (client) => {
        const json = await client.removeHost(name, flags.giveUp ?? [])
        return { json, text: removedText(json) }
      }),
    )
