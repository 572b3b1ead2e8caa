import { Command } from 'commander'
import { exportCommand } from './volume-export.ts'
import { importCommand } from './volume-import.ts'

export const volumeCommand = (): Command =>
  new Command('volume')
    .summary('export and import volumes')
    .description('One volume as a whole. "dray volumes" lists them.')
    .addCommand(exportCommand())
    .addCommand(importCommand())
