import type { Command } from 'commander'
import { containersText } from '../display/inventory.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { addInventoryOptions, type InventoryFlags, inventoryQuery } from './inventory-options.ts'

export const psCommand = (): Command =>
  addInventoryOptions(clientCommand('ps', 'list the containers on all hosts'), 'container')
    .description(
      'List the containers on all hosts, as last reported. A host that has not reported, or is lost, is named under the ' +
        'list: what it holds is unknown, which is not none. A container that moved away leaves its stopped original behind, ' +
        'shown as moved.',
    )
    .addHelpText(
      'after',
      examples(
        ['dray ps', 'dray ps --host host-1', 'dray ps --gone          (also what no longer exists)', 'dray ps --json'],
        0,
        2,
        3,
        7,
        8,
      ),
    )
    .action((flags: ClientFlags & InventoryFlags) =>
      asking(flags, async (client, view) => {
        const json = await client.containers(inventoryQuery(flags))
        return { json, text: containersText(json.containers, json.asOf, view) }
      }),
    )
