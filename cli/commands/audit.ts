import { type Command, Option } from 'commander'
import type { AuditOutcome } from '../../shared/api/audit.ts'
import { auditText } from '../display/access.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { parseCount } from './option-values.ts'

type Flags = ClientFlags & {
  readonly limit?: string
  readonly before?: string
  readonly actor?: string
  readonly action?: string
  readonly outcome?: AuditOutcome
}

const outcomes = ['allowed', 'refused', 'failed'] as const satisfies readonly AuditOutcome[]

export const auditCommand = (): Command =>
  clientCommand('audit', 'show who asked for what, and what was answered')
    .option('--limit <count>', 'no more than this many, newest first [default: 100, at most 1000]')
    .option('--before <number>', 'only lines with a lower number: the next page')
    .option('--actor <name>', 'of this token, or of "agent HOST"')
    .option('--action <name>', 'of this kind, such as startMigration, exportVolume, Enrol')
    .addOption(new Option('--outcome <outcome>', 'with this outcome').choices(outcomes))
    .description(
      'Show who asked for what, from where, and what was answered: every request that takes more than reading, every one ' +
        'that who asked may not make, and every agent that was enrolled or refused. Lines are never changed and never ' +
        'deleted.\n\n' +
        '  allowed  it was done, or begun\n' +
        '  refused  who asked may not\n' +
        '  failed   it was not done, for another reason',
    )
    .addHelpText(
      'after',
      examples(['dray audit', 'dray audit --outcome refused', 'dray audit --actor night-shift --json'], 0, 2, 7, 8),
    )
    .action((flags: Flags) =>
      asking(flags, async (client, view) => {
        const { limit, before, actor, action, outcome } = flags
        const json = await client.audit({
          ...(limit === undefined ? {} : { limit: `${parseCount('--limit', limit)}` }),
          ...(before === undefined ? {} : { before: `${parseCount('--before', before)}` }),
          ...(actor === undefined ? {} : { actor }),
          ...(action === undefined ? {} : { action }),
          ...(outcome === undefined ? {} : { outcome }),
        })
        return { json, text: auditText(json.entries, view) }
      }),
    )
