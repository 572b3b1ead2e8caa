import type { Command } from 'commander'
import type { MigrationRequest } from '../../shared/api/migrations.ts'
import type { Plan } from '../../shared/api/plan.ts'
import { AppError, isErrorCode } from '../../shared/errors.ts'
import type { Client } from '../api/client.ts'
import { connect } from '../api/connection.ts'
import { paintFor } from '../display/colour.ts'
import { planText } from '../display/plan.ts'
import { type Answer, answering, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { type MigrationFlags, readMigrationFlags, withMigrationFlags } from './migration-options.ts'
import { runMigration } from './run-migration.ts'
import { defaultGiveUpAfter, giveUpOption } from './watch.ts'

type Flags = ClientFlags &
  MigrationFlags & {
    readonly project?: string
    readonly from: string
    readonly to: string
    readonly dryRun?: true
    readonly detach?: true
    readonly idempotencyKey?: string
    readonly giveUpAfter: string
  }

// One reason is an error of its own code; several stand together under one.
const refusalOf = ({ container, refusals }: Plan): AppError => {
  const [only] = refusals
  if (only !== undefined && refusals.length === 1 && isErrorCode(only.code))
    return new AppError(only.code, only.message)
  const message = `${container.name} cannot move, for ${refusals.length} reasons; nothing was changed.`
  return new AppError('DRAYAGE_PLAN_REFUSED', message, { details: { reasons: refusals } })
}

const dryRun = async (client: Client, request: MigrationRequest): Promise<Answer> => {
  const plan = await client.plan(request)
  if (plan.refusals.length > 0) process.exitCode = refusalOf(plan).meaning.exit
  return { json: plan, text: planText(plan, paintFor(process.stdout)) }
}

const run = (client: Client, request: MigrationRequest, flags: Flags): Promise<Answer> =>
  runMigration(
    client,
    (key) => client.start(request, key),
    flags,
    async (reporter) => {
      // A caller's key may belong to a migration that has moved the container already: then a plan would be refused,
      // where the answer is that migration.
      if (flags.json || flags.idempotencyKey !== undefined) return
      reporter.say(
        `Planning: what ${request.container ?? `the project ${request.project}`} has on ${request.from}, and whether ${request.to} can take it.`,
      )
      const plan = await client.plan(request)
      if (plan.refusals.length > 0) throw refusalOf(plan)
      for (const line of planText(plan, paintFor(process.stderr)).split('\n')) process.stderr.write(`${line}\n`)
    },
  )

const whatToMove = (
  container: string | undefined,
  { project }: Flags,
): Pick<MigrationRequest, 'container' | 'project'> => {
  if (container !== undefined && project === undefined) return { container }
  if (container === undefined && project !== undefined) return { project }
  throw new AppError(
    'DRAYAGE_CONFIG_INVALID',
    'Name either the container that is to move, or a Compose project (--project): one of them.',
  )
}

export const migrateCommand = (): Command =>
  withMigrationFlags(
    clientCommand('migrate', 'move a container and its data to another host')
      .argument('[container]', 'its name, its id, or the beginning of its id')
      .option('--project <name>', 'instead of a container: all containers of this Compose project')
      .requiredOption('--from <host>', 'where it is')
      .requiredOption('--to <host>', 'where it shall be')
      .option('--dry-run', 'print the plan, and change nothing'),
  )
    .option('--detach', 'print the id of the migration, and leave')
    .option('--idempotency-key <key>', 'the same key and request give the same migration, however often it is run')
    .option(giveUpOption[0], giveUpOption[1], defaultGiveUpAfter)
    .description(
      'Move a container and its data from one Docker host to another. The container is stopped for the last part of the ' +
        'copy, both sides are compared, and it starts on the other host. Until that hand-over is committed, any failure ' +
        'puts everything back. The stopped source is kept, until dray finalize removes it or dray return goes back to it; where ' +
        'the target keeps such a copy of this container from an earlier move, only what has changed since is sent.\n\n' +
        'Ctrl-C cancels the migration, and waits until everything is put back; a second one leaves at once.',
    )
    .addHelpText(
      'after',
      examples(
        [
          'dray migrate web --from host-1 --to host-2 --dry-run     (what would move; every reason against it)',
          'dray migrate web --from host-1 --to host-2',
          'id=$(dray migrate web --from host-1 --to host-2 --detach) && dray migrations "$id" --watch',
          'dray migrate web --from host-1 --to host-2 --with-dependents   (and all that belongs together with it, or nothing)',
          'dray migrate --project blog --from host-1 --to host-2   (a whole Compose project)',
          'dray migrate db --from host-1 --to host-2 --max-downtime 200ms --max-rounds 20',
          'dray migrate db --from host-1 --to host-2 --bwlimit 100M   (leaves the rest of the line to others)',
          'dray migrate db --from host-1 --to host-2 --verify full   (everything is read once more before the hand-over)',
          'dray migrate web --from host-1 --to host-2 --json > receipt.json   (progress goes to stderr)',
          'dray migrate web --from host-1 --to host-2 --idempotency-key "$BUILD_ID"   (safe to run again)',
        ],
        0,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        130,
      ),
    )
    .action((container: string | undefined, flags: Flags) =>
      answering(flags, () => {
        const client = connect(flags)
        const options = readMigrationFlags(flags)
        const request = { ...whatToMove(container, flags), from: flags.from, to: flags.to, options }
        return flags.dryRun ? dryRun(client, request) : run(client, request, flags)
      }),
    )
