import { hostname } from 'node:os'
import type { Command } from 'commander'
import type { AddedHost } from '../../shared/api/hosts.ts'
import { AppError } from '../../shared/errors.ts'
import { isHostName } from '../../shared/identity/names.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'

type Flags = ClientFlags & { readonly coordinator?: string; readonly advertise?: string }

const defaultGrpcPort = 8441
const defaultAgentPort = 8442

const isLoopback = (name: string): boolean => /^(localhost|127\.[0-9.]+|\[::1\])$/.test(name)

// Where the new host reaches the coordinator: the host part of our own address for it, unless that is loopback, which
// would be the new host itself.
export const coordinatorAddress = (url: string, machine: string): string => {
  const { hostname: name } = new URL(url)
  return `${isLoopback(name) ? machine : name}:${defaultGrpcPort}`
}

export const joinCommand = (added: AddedHost, coordinator: string, advertise: string): string =>
  `sudo dray agent --coordinator ${coordinator} --advertise ${advertise} --join-token ${added.joinToken}`

const minutesUntil = (at: string, now: Date): number =>
  Math.max(0, Math.round((Date.parse(at) - now.getTime()) / 60_000))

export const addCommand = (): Command =>
  clientCommand('add', 'add a host, and print what to run on it')
    .argument('<name>', 'a name for it: small letters, digits and dashes')
    .option(
      '--coordinator <host:port>',
      "the coordinator's port for agents, as that host reaches it [default: the host of --url, port 8441]",
    )
    .option('--advertise <host:port>', 'where others reach that host [default: NAME:8442]')
    .description(
      'Add a Docker host. Prints a join token, good for one host and for one hour, and the line to run on that host, ' +
        'whose agent then makes its own key and gets its certificate. The token is shown only once.',
    )
    .addHelpText(
      'after',
      examples(
        ['dray host add host-1', 'dray host add host-1 --coordinator 10.0.0.5:8441 --advertise 10.0.0.11:8442'],
        0,
        2,
        4,
        7,
        8,
      ),
    )
    .action((name: string, flags: Flags) =>
      asking(flags, async (client, { now, paint }) => {
        if (!isHostName(name)) {
          throw new AppError(
            'DRAYAGE_INVALID_REQUEST',
            `"${name}" cannot be a host's name: it stands in certificates, so it has up to 63 small letters, digits and dashes, with no dash at either end.`,
          )
        }
        const added = await client.addHost(name)
        const coordinator = flags.coordinator ?? coordinatorAddress(client.url, hostname())
        const advertise = flags.advertise ?? `${name}:${defaultAgentPort}`
        const command = joinCommand(added, coordinator, advertise)
        const text = [
          `${added.name} is added; its state is unknown until its agent reports.`,
          '',
          `Run this on it, within ${minutesUntil(added.expiresAt, now)} minutes:`,
          '',
          `  ${paint('bold', command)}`,
          '',
          `${coordinator} must be an address that it reaches, and ${advertise} one where the coordinator and the other`,
          'hosts reach it. --coordinator and --advertise change them.',
        ].join('\n')
        return { json: { ...added, command }, text }
      }),
    )
