import type { Command } from 'commander'
import type { InventoryQuery } from '../../shared/api/inventory.ts'

export type InventoryFlags = { readonly host?: string; readonly name?: string; readonly gone?: true }

export const addInventoryOptions = (command: Command, what: string): Command =>
  command
    .option('--host <host>', 'of this host only')
    .option('--name <name>', `the ${what} of this name only`)
    .option('--gone', 'also what no longer exists')
    .option('--full', 'names and ids in full')

export const inventoryQuery = ({ host, name, gone }: InventoryFlags): InventoryQuery => ({
  ...(host === undefined ? {} : { host }),
  ...(name === undefined ? {} : { name }),
  ...(gone ? { gone: 'true' } : {}),
})
