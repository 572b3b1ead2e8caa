import type { Command } from 'commander'
import type { Verification } from '../../shared/api/verifications.ts'
import { AppError, errorTable } from '../../shared/errors.ts'
import type { Client } from '../api/client.ts'
import { createTransferReporter } from '../display/transfer-reporter.ts'
import { verificationText } from '../display/verification.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { interruptible } from './interruptible.ts'

const verify = (client: Client, id: string): Promise<Verification> =>
  interruptible(async (signal) => {
    const reporter = createTransferReporter(process.stderr, `verify ${id}`)
    try {
      for await (const event of client.verify(id, signal)) {
        if (event.event === 'verification') return event.data
        reporter.progress(event.data.bytes, event.data.totalBytes)
      }
    } finally {
      reporter.close()
    }
    throw new AppError(
      'DRAYAGE_COORDINATOR_UNREACHABLE',
      'The coordinator ended before everything was read. Nothing was changed; verify it again.',
    )
  })

const exitCodeOf = ({ copies, sourceIsWhole }: Verification): number => {
  if (sourceIsWhole) return 0
  const verdicts = copies.filter(({ side }) => side === 'source').map(({ verdict }) => verdict)
  if (verdicts.some((verdict) => verdict === 'differs' || verdict === 'unreadable')) return 6
  if (verdicts.includes('out-of-reach')) return errorTable.DRAYAGE_AGENT_UNREACHABLE.exit
  return errorTable.DRAYAGE_VOLUME_NOT_FOUND.exit
}

export const verifyCommand = (): Command =>
  clientCommand('verify', 'read what a migration has left again, and compare it with its receipt')
    .argument('<id>', 'the migration')
    .description(
      'Read the data that the source of a migration keeps, all of it from the disk, and compare it with what the receipt ' +
        'says: whether the way back is still what it was. The volumes on the target are read too where nothing runs on ' +
        'them; what has been used since differs. Names up to 100 entries that differ. Changes nothing.\n\n' +
        'Exit 0: the source keeps exactly what moved. 3: it keeps it no longer. 6: what it keeps is something else, or ' +
        'cannot be read. 7: its host cannot be reached.',
    )
    .addHelpText(
      'after',
      examples(
        ['dray verify 01JZ0V3M8Q2X5T7Y9A1B2C3D4E', 'dray verify 01JZ0V3M8Q2X5T7Y9A1B2C3D4E --json'],
        0,
        2,
        3,
        4,
        6,
        7,
        8,
        130,
      ),
    )
    .action((id: string, flags: ClientFlags) =>
      asking(flags, async (client, { paint }) => {
        const json = await verify(client, id)
        process.exitCode = exitCodeOf(json)
        return { json, text: verificationText(json, paint) }
      }),
    )
