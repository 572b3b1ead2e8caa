import { type Command, Option } from 'commander'
import type { FencedHost } from '../../shared/api/hosts.ts'
import { AppError } from '../../shared/errors.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'

type Flags = ClientFlags & { readonly iKnowItIsDown?: true }

const flag = '--i-know-it-is-down'

const notSaid = (host: string): AppError =>
  new AppError(
    'DRAYAGE_INVALID_REQUEST',
    `Nothing was done. With ${flag} you promise that ${host} is powered off or gone for good: that none of its containers ` +
      'runs, and that none will before its agent runs too. That it cannot be reached from here is not enough: what runs ' +
      'behind a broken link goes on running and writing, and a second copy would be started beside it. Go and look, or ' +
      `switch it off; then say it: dray fence ${host} ${flag}`,
  )

export const fencedText = ({ host, migrations }: FencedHost): string =>
  [
    `${host} counts as down, on your word. Nothing is asked of it until its agent is back; then it is told first what became`,
    'of its workloads, and takes part again by itself.',
    ...(migrations.length === 0
      ? ['No migration waited for it.']
      : ['', 'What waited for it:', ...migrations.map(({ id, message }) => `  ${id}  ${message}`)]),
  ].join('\n')

export const fenceCommand = (): Command =>
  clientCommand('fence', 'give your word that a host is down, and end what waits for it')
    .argument('<host>', 'the host that is down')
    .addOption(new Option(flag, 'your word that nothing runs on it: it is powered off, or gone for good'))
    .description(
      'Give your word that a host is down, so that what waits for it can end.\n\n' +
        'You promise that the machine is powered off, or gone for good: that none of its containers runs now, and that ' +
        'none will before its agent runs too. Not being able to reach it is not enough. If the word is wrong, two copies ' +
        'of a container may run and write at once, and nothing can make one of them again.\n\n' +
        'What becomes of a migration that waits for it:\n' +
        '  the source is down, and the last copy was verified   the target is started\n' +
        '  the source is down, and it was not                   the target is never started; what has crossed is kept\n' +
        '                                                       until the source is back, and is put back then\n' +
        '  the target is down, before the commit                the source goes on\n' +
        '  the target is down, after it                         it is the owner: nothing is started elsewhere\n\n' +
        'Refused while the host is heard of or its agent answers. When the agent is back, it is told first what became of ' +
        'its workloads: what moved away is stopped and retired there. Then the host takes part again by itself.',
    )
    .addHelpText(
      'after',
      examples(
        ['dray hosts                               (it must be lost)', `dray fence host-1 ${flag}`],
        0,
        2,
        3,
        4,
        7,
        8,
      ),
    )
    .action((host: string, flags: Flags) =>
      asking(flags, async (client) => {
        if (!flags.iKnowItIsDown) throw notSaid(host)
        const json = await client.fence(host)
        return { json, text: fencedText(json) }
      }),
    )
