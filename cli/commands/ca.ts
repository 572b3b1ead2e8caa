import { Command } from 'commander'
import { authorityText } from '../display/authority.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'

type ChangeFlags = ClientFlags & { readonly without?: readonly string[] }

const showCommand = (): Command =>
  clientCommand('show', 'show the authority, and how far a change of it has come')
    .description(
      'Show the certificate authority: its fingerprint, by which agents and dray login know it, until when it is good, and ' +
        'while it is changed for another, how far that has come and which hosts it waits for.',
    )
    .addHelpText('after', examples(['dray ca show'], 0, 2, 7, 8))
    .action((flags: ClientFlags) =>
      asking(flags, async (client, { paint }) => {
        const json = await client.authority()
        return { json, text: authorityText(json, paint) }
      }),
    )

const changeCommand = (name: 'rotate' | 'finish', summary: string): Command =>
  clientCommand(name, summary).option('--without <host...>', 'do not wait for these, which are gone')

const rotateCommand = (): Command =>
  changeCommand('rotate', 'change it for a new one, while everything runs')
    .description(
      'Change the certificate authority for a new one, while everything runs. All agents are told to trust the new one beside ' +
        'the old; as soon as all have, it issues, and they renew their certificates at once. No connection is closed and no ' +
        'transfer begins anew. Given again, it goes on with the change that is under way.\n\n' +
        'It waits for a host that cannot be reached, and dray ca show names it. One that is gone is left out with --without: ' +
        'should its agent come back, it must enrol again. Join tokens that are not used before the new authority issues must be ' +
        'asked for anew. dray ca finish ends it. Take a dray backup then: older ones have the old authority alone.',
    )
    .addHelpText(
      'after',
      examples(['dray ca rotate', 'dray ca rotate --without host-3', 'dray ca show'], 0, 2, 3, 7, 8),
    )
    .action((flags: ChangeFlags) =>
      asking(flags, async (client, { paint }) => {
        const json = await client.rotateAuthority(flags.without ?? [])
        return { json, text: authorityText(json, paint) }
      }),
    )

const finishCommand = (): Command =>
  changeCommand('finish', 'trust the old one no more, and remove its key')
    .description(
      'End a change of the certificate authority: the old one is trusted no more, and its key is removed. Refused while a host ' +
        'has no certificate of the new one.\n\n' +
        'Before: use dray once wherever somebody is logged in (any command that asks the coordinator, such as dray hosts). ' +
        'It takes over the new authority then, over a connection that the old one vouches for. Whoever has not must log in ' +
        'again, with the new fingerprint. Copies of ca.pem are to be made anew.',
    )
    .addHelpText('after', examples(['dray ca finish', 'dray ca finish --without host-3'], 0, 2, 3, 4, 7, 8))
    .action((flags: ChangeFlags) =>
      asking(flags, async (client, { paint }) => {
        const json = await client.finishAuthority(flags.without ?? [])
        return { json, text: authorityText(json, paint) }
      }),
    )

export const caCommand = (): Command =>
  new Command('ca')
    .summary('show the certificate authority, and change it for a new one')
    .description('The certificate authority, which all agents trust, and by which they are known.')
    .addCommand(showCommand())
    .addCommand(rotateCommand())
    .addCommand(finishCommand())
