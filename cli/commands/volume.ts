import { Command } from 'commander'
import { exportCommand } from './volume-export.ts'

export const volumeCommand = (): Command =>
  new Command('volume')
    .summary('export a volume')
    .description('One volume as a whole. "dray volumes" lists them.')
    .addCommand(exportCommand())
