import { type Command, InvalidArgumentError } from 'commander'
import type { SettleRecovery } from '../../shared/api/recovery.ts'
import { nothingToSettle, recoveryText } from '../display/recovery.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'

type Owner = SettleRecovery['owners'][number]
type Flags = ClientFlags & { readonly yes?: true; readonly owner: readonly Owner[] }

const parseOwner = (raw: string, before: readonly Owner[]): readonly Owner[] => {
  const [, workload, host] = /^([A-Za-z0-9]+)=([a-z0-9-]+)$/.exec(raw) ?? []
  if (workload === undefined || host === undefined) {
    throw new InvalidArgumentError('It is WORKLOAD=HOST, with the workload’s id as shown, or WORKLOAD=none.')
  }
  return [...before, { workload, host: host === 'none' ? null : host }]
}

// To be settled, and not: "refused before anything changed".
const undecided = 4

export const recoverCommand = (): Command =>
  clientCommand('recover', 'show and settle where the coordinator and the agents differ')
    .option('--yes', 'your word that it shall be as shown')
    .option(
      '--owner <workload=host>',
      'with --yes, in place of what is proposed; WORKLOAD=none where no copy shall run. May be repeated',
      parseOwner,
      [],
    )
    .description(
      'Show where what the coordinator has written down and what the agents remember differ, and settle it.\n\n' +
        'They differ when the coordinator was restored from a backup, or set up anew beside agents that have moved things ' +
        'before: then it moves nothing. And when a container was brought back by hand (dray agent break-glass): then that one ' +
        'is not moved. What runs goes on running.\n\n' +
        'For each workload it lists every copy, what its host says of it, and which one is proposed to run. With --yes that is ' +
        'written down under an epoch above all that any agent holds; every other copy is stopped and retired, and what a ' +
        'move had stopped half way is started again. A host that has not been heard holds it back: start its agent, or ' +
        'declare it down (dray fence).',
    )
    .addHelpText(
      'after',
      examples(
        [
          'dray recover                                           (changes nothing; exits 4 if there is something to settle)',
          'dray recover --yes',
          'dray recover --yes --owner 01JZ0V3M8Q2X5T7Y9A1B2C3D4E=host-1',
        ],
        ...([0, 2, 4, 6, 7, 8] as const),
      ),
    )
    .action((flags: Flags) =>
      asking(flags, async (client, { paint }) => {
        const shown = await client.recovery()
        if (nothingToSettle(shown)) return { json: shown, text: recoveryText(shown, paint) }
        if (!flags.yes) {
          process.exitCode = undecided
          return {
            json: shown,
            text: `${recoveryText(shown, paint)}\n\nNothing was changed. If it shall be so: dray recover --yes`,
          }
        }
        const json = await client.settle([...flags.owner])
        if (!nothingToSettle(json) || json.owed.some(({ error }) => error !== null)) process.exitCode = 6
        return {
          json,
          text: nothingToSettle(json) ? `Settled.\n${recoveryText(json, paint)}` : recoveryText(json, paint),
        }
      }),
    )
