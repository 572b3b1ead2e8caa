import { Command } from 'commander'
import { catVolumeCommand } from './volume-cat.ts'
import { copyCommand } from './volume-copy.ts'
import { exportCommand } from './volume-export.ts'
import { importCommand } from './volume-import.ts'
import { listVolumeCommand } from './volume-ls.ts'
import { moveCommand } from './volume-move.ts'
import { showVolumeCommand } from './volume-show.ts'

export const volumeCommand = (): Command =>
  new Command('volume')
    .summary('look into volumes, export, import, copy and move them')
    .description('One volume as a whole. "dray volumes" lists them.')
    .addCommand(showVolumeCommand())
    .addCommand(listVolumeCommand())
    .addCommand(catVolumeCommand())
    .addCommand(exportCommand())
    .addCommand(importCommand())
    .addCommand(copyCommand())
    .addCommand(moveCommand())
