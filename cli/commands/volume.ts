import { Command } from 'commander'
import { copyCommand } from './volume-copy.ts'
import { exportCommand } from './volume-export.ts'
import { importCommand } from './volume-import.ts'

export const volumeCommand = (): Command =>
  new Command('volume')
    .summary('export, import and copy volumes')
    .description('One volume as a whole. "dray volumes" lists them.')
    .addCommand(exportCommand())
    .addCommand(importCommand())
    .addCommand(copyCommand())
