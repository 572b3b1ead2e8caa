import { Command } from 'commander'
import { copyCommand } from './volume-copy.ts'
import { exportCommand } from './volume-export.ts'
import { importCommand } from './volume-import.ts'
import { moveCommand } from './volume-move.ts'
import { showVolumeCommand } from './volume-show.ts'

export const volumeCommand = (): Command =>
  new Command('volume')
    .summary('show, export, import, copy and move volumes')
    .description('One volume as a whole. "dray volumes" lists them.')
    .addCommand(showVolumeCommand())
    .addCommand(exportCommand())
    .addCommand(importCommand())
    .addCommand(copyCommand())
    .addCommand(moveCommand())
