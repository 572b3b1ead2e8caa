import type { Command } from 'commander'
import { hasEnded, type Migration } from '../../shared/api/migrations.ts'
import type { Client } from '../api/client.ts'
import { follow } from '../api/follow.ts'
import { outcomeText } from '../display/outcome.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { defaultGiveUpAfter, giveUpOption, parseSeconds } from './watch.ts'

type Flags = ClientFlags & { readonly detach?: true; readonly giveUpAfter: string }

// Or until it is clear that it will not be: somebody cancelled or resumed it.
const untilPaused = async (client: Client, id: string, giveUpAfterMs: number): Promise<Migration> => {
  const followed = follow(client, id, { giveUpAfterMs })
  for (;;) {
    const { done, value } = await followed.next()
    if (done) return value
    if (value.event !== 'migration') continue
    const { state, pauseRequested } = value.data
    if (state === 'paused' || hasEnded(state) || !pauseRequested) return value.data
  }
}

export const pauseCommand = (): Command =>
  clientCommand('pause', 'hold a migration back, while the container runs on')
    .argument('<id>', 'the migration')
    .option('--detach', 'do not wait until it is paused')
    .option(giveUpOption[0], giveUpOption[1], defaultGiveUpAfter)
    .description(
      'Pause a migration, at the next point where that can be: between two steps, or in the middle of a copy, which is cut ' +
        'off and later goes on where it was. The container runs on where it is. Once it is about to be stopped, a pause is ' +
        'refused, since it would leave it down.\n\n' +
        'A paused migration lets others have its turn, keeps others from moving the same container, and outlasts a restart ' +
        'of the coordinator. dray resume lets it go on, dray cancel puts everything back.',
    )
    .addHelpText(
      'after',
      examples(
        ['dray pause 01JZ0V3M8Q2X5T7Y9A1B2C3D4E', 'dray migrations --state paused'],
        ...([0, 2, 3, 4, 7, 8] as const),
      ),
    )
    .action((id: string, flags: Flags) =>
      asking(flags, async (client, { paint }) => {
        const asked = await client.pause(id)
        const json =
          flags.detach || asked.state === 'paused'
            ? asked
            : await untilPaused(client, id, parseSeconds(flags.giveUpAfter))
        return { json, text: outcomeText(json, paint) }
      }),
    )

export const resumeCommand = (): Command =>
  clientCommand('resume', 'let a paused migration go on')
    .argument('<id>', 'the migration')
    .description('Let a paused migration go on, as soon as it is its turn. One that is not paused is left as it is.')
    .addHelpText(
      'after',
      examples(
        [
          'dray resume 01JZ0V3M8Q2X5T7Y9A1B2C3D4E',
          'dray resume 01JZ0V3M8Q2X5T7Y9A1B2C3D4E && dray migrations 01JZ0V3M8Q2X5T7Y9A1B2C3D4E --watch',
        ],
        ...([0, 2, 3, 4, 7, 8] as const),
      ),
    )
    .action((id: string, flags: ClientFlags) =>
      asking(flags, async (client, { paint }) => {
        const json = await client.resume(id)
        return { json, text: outcomeText(json, paint) }
      }),
    )
