import { Command } from 'commander'
import { addCommand } from './host-add.ts'
import { removeCommand } from './host-remove.ts'

export const hostCommand = (): Command =>
  new Command('host')
    .summary('add a host, or take one out')
    .description('Add Docker hosts, and take them out. "dray hosts" lists them.')
    .addCommand(addCommand())
    .addCommand(removeCommand())
