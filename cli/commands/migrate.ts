import { randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import type { Migration, MigrationRequest, Plan } from '../../shared/api/migrations.ts'
import { AppError, asAppError, isErrorCode } from '../../shared/errors.ts'
import type { Client } from '../api/client.ts'
import { connect } from '../api/connection.ts'
import { paintFor } from '../display/colour.ts'
import { outcomeText } from '../display/outcome.ts'
import { planText } from '../display/plan.ts'
import { createReporter } from '../display/reporter.ts'
import { type Answer, answering, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { createInterruptions } from './interruptions.ts'
import { type MigrationFlags, readMigrationFlags, withMigrationFlags } from './migration-options.ts'
import { defaultGiveUpAfter, exitCodeOf, giveUpOption, parseSeconds, watchToTheEnd } from './watch.ts'

type Flags = ClientFlags &
  MigrationFlags & {
    readonly from: string
    readonly to: string
    readonly dryRun?: true
    readonly detach?: true
    readonly idempotencyKey?: string
    readonly giveUpAfter: string
  }

const cancelledExit = 130

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

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

// A lost answer does not tell whether the migration was started; asking again under the same key does, and starts no
// second one. A coordinator that was never reached is an error at once.
const startOnce = async (
  client: Client,
  request: MigrationRequest,
  key: string,
  giveUpAfterMs: number,
  say: (text: string) => void,
): Promise<Migration> => {
  const askedAt = performance.now()
  let maybeStarted = false
  for (;;) {
    try {
      return await client.start(request, key)
    } catch (thrown) {
      const error = asAppError(thrown)
      const lost = error.details['sent'] === true
      if (!(lost || (maybeStarted && error.code === 'DRAYAGE_COORDINATOR_UNREACHABLE'))) throw error
      if (performance.now() - askedAt > giveUpAfterMs) {
        throw new AppError(
          error.code,
          `${error.message} Whether the migration was started is not known: dray migrations tells; or run this again with --idempotency-key ${key}, which starts no second one.`,
          { cause: error },
        )
      }
      if (!maybeStarted) say('The answer was lost on the way; asking again, which starts no second migration.')
      maybeStarted = true
      await sleep(500)
    }
  }
}

const run = async (client: Client, request: MigrationRequest, flags: Flags): Promise<Answer> => {
  const giveUpAfterMs = parseSeconds(flags.giveUpAfter)
  const reporter = createReporter(process.stderr)
  const interruptions = createInterruptions({
    cancel: client.cancel,
    say: reporter.say,
    leave: (text) => {
      reporter.say(text)
      reporter.close()
      process.exit(cancelledExit)
    },
  })
  process.on('SIGINT', interruptions.interrupt)
  try {
    // A caller's key may belong to a migration that has moved the container already: then a plan would be refused,
    // where the answer is that migration.
    if (!flags.json && flags.idempotencyKey === undefined) {
      reporter.say(`Planning: what ${request.container} has on ${request.from}, and whether ${request.to} can take it.`)
      const plan = await client.plan(request)
      if (plan.refusals.length > 0) throw refusalOf(plan)
      for (const line of planText(plan, paintFor(process.stderr)).split('\n')) process.stderr.write(`${line}\n`)
    }
    interruptions.starting()
    const started = await startOnce(client, request, flags.idempotencyKey ?? randomUUID(), giveUpAfterMs, reporter.say)
    interruptions.started(started.id)
    if (flags.detach && !interruptions.wanted()) {
      return { json: started, text: `${started.id}` }
    }
    reporter.say(`Migration ${started.id}. Ctrl-C cancels it.`)
    const ended = await watchToTheEnd(client, started.id, reporter, giveUpAfterMs)
    process.exitCode = exitCodeOf(ended)
    return { json: ended, text: outcomeText(ended, paintFor(process.stdout)) }
  } finally {
    process.off('SIGINT', interruptions.interrupt)
    interruptions.close()
    reporter.close()
  }
}

export const migrateCommand = (): Command =>
  withMigrationFlags(
    clientCommand('migrate', 'move a container and its data to another host')
      .argument('<container>', 'its name, its id, or the beginning of its id')
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
        'puts everything back. The stopped source is kept.\n\n' +
        'Ctrl-C cancels the migration, and waits until everything is put back; a second one leaves at once.',
    )
    .addHelpText(
      'after',
      examples(
        [
          'dray migrate web --from host-1 --to host-2 --dry-run     (what would move; every reason against it)',
          'dray migrate web --from host-1 --to host-2',
          'id=$(dray migrate web --from host-1 --to host-2 --detach) && dray migrations "$id" --watch',
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
    .action((container: string, flags: Flags) =>
      answering(flags, () => {
        const client = connect(flags)
        const request = { container, from: flags.from, to: flags.to, options: readMigrationFlags(flags) }
        return flags.dryRun ? dryRun(client, request) : run(client, request, flags)
      }),
    )
