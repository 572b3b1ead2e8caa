import type { Command } from 'commander'
import { volumesText } from '../display/inventory.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { addInventoryOptions, type InventoryFlags, inventoryQuery } from './inventory-options.ts'

export const volumesCommand = (): Command =>
  addInventoryOptions(clientCommand('volumes', 'list the volumes on all hosts, and who used them'), 'volume')
    .description(
      'List the volumes on all hosts with the containers that use them, newest first, those that are gone included: it ' +
        'tells whose data an orphaned volume holds. A host that has not reported, or is lost, is named under the list: ' +
        'what it holds is unknown, which is not none.\n\nSizes are bytes on disk. Agents measure local volumes now and then, ' +
        'while no move keeps the disk busy; MEASURED says when. What was never measured is unknown, which is not 0.',
    )
    .addHelpText(
      'after',
      examples(
        [
          'dray volumes',
          'dray volumes --host host-1 --full      (names of anonymous volumes in full)',
          'dray volumes --gone                    (also what no longer exists)',
          'dray volumes --json',
        ],
        0,
        2,
        3,
        7,
        8,
      ),
    )
    .action((flags: ClientFlags & InventoryFlags) =>
      asking(flags, async (client, view) => {
        const json = await client.volumes(inventoryQuery(flags))
        return { json, text: volumesText(json.volumes, json.asOf, view) }
      }),
    )
