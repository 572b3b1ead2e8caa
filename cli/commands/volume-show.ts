import type { Command } from 'commander'
import type { Volume } from '../../shared/api/inventory.ts'
import { type Orphan, standsFor } from '../../shared/api/orphans.ts'
import { AppError } from '../../shared/errors.ts'
import type { Client } from '../api/client.ts'
import { volumeHistoryText } from '../display/volume-history.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { parseVolume } from './volume-name.ts'

// Every volume that ever bore the name, the newest first; `unused` is of one that is there and that nothing uses.
type Shown = { readonly volumes: readonly (Volume & { readonly unused: Orphan | null })[] }

const show = async (client: Client, text: string): Promise<Shown> => {
  const { host, volume: typed } = parseVolume(text)
  const all = (await client.volumes({ host, gone: 'true' })).volumes.filter(({ name }) => standsFor(typed, name))
  const names = [...new Set(all.map(({ name }) => name))]
  const [name, ...others] = names
  if (name === undefined) {
    throw new AppError(
      'DRAYAGE_VOLUME_NOT_FOUND',
      `No volume ${typed} was ever seen on ${host}. dray volumes --host ${host} --gone lists them all.`,
    )
  }
  if (others.length > 0) {
    throw new AppError('DRAYAGE_INVALID_REQUEST', `"${typed}" stands for several volumes: ${names.join(', ')}.`)
  }
  const [unused = null] = (await client.orphans({ host, name })).orphans
  const newest = all.toSorted((a, b) => b.firstSeen.localeCompare(a.firstSeen))
  return { volumes: newest.map((volume) => ({ ...volume, unused: volume.goneAt === null ? unused : null })) }
}

export const showVolumeCommand = (): Command =>
  clientCommand('show', 'what a volume is, and what it was for')
    .argument('<host/volume>', 'as dray volumes lists them; of a name of 64 hexadecimal digits, twelve or more do')
    .description(
      'All that is known of a volume: size, labels, Compose project, and every container that was ever seen using it, those ' +
        'that are gone included. Of one that is gone, and of several that bore the name one after the other, too.',
    )
    .addHelpText(
      'after',
      examples(
        ['dray volume show host-1/data', 'dray volume show host-1/3f2a9c0b1d4e', 'dray volume show host-1/data --json'],
        0,
        2,
        3,
        7,
        8,
      ),
    )
    .action((text: string, flags: ClientFlags) =>
      asking(flags, async (client, view) => {
        const json = await show(client, text)
        return { json, text: json.volumes.map((volume) => volumeHistoryText(volume, view)).join('\n\n') }
      }),
    )
