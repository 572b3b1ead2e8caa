// An operator's word that a host is down, for good or powered off, and what is made good when its agent is back.
import { AppError, asAppError, type ErrorCode } from '../../shared/errors.ts'
import { migrationOfPart } from '../../shared/move-set/part.ts'
import { mayBeOnline, type Sighting } from '../agents/presence.ts'
import type { Clock, Hosts, Journal } from '../migration/ports.ts'
import type { MigrationRecord } from '../migration/record.ts'
import { type Consequence, consequenceOf, describeConsequence } from './consequence.ts'
import type { Fence, FenceStore, OwedCall } from './ports.ts'

export type FencedMigration = {
  readonly id: string
  readonly container: string
  readonly consequence: Consequence
  readonly message: string
}

export type Fencing = {
  // Throws DRAYAGE_HOST_NOT_FOUND, and DRAYAGE_HOST_ANSWERS while its agent is heard of or answers. Idempotent.
  fence(host: string, by: string): Promise<Fence & { readonly migrations: readonly FencedMigration[] }>
  // Its agent has registered: it is told what it is owed. Resolves when that is done, or has failed for now.
  isBack(host: string): Promise<void>
  // The same for a host that never was away; one that is declared down is left alone.
  tell(host: string): Promise<void>
  // Tries again what could not be done, until the signal is aborted.
  run(signal: AbortSignal): Promise<void>
}

export type FencingOptions = {
  // Not guarded: straight to the agents.
  readonly hosts: Hosts
  readonly fences: FenceStore
  readonly journal: Pick<Journal, 'find' | 'entries' | 'unfinished' | 'addWarnings'>
  // Throws DRAYAGE_HOST_NOT_FOUND.
  readonly sighting: (host: string) => Promise<Sighting>
  // Nothing may be asked of any host.
  readonly onHold: () => boolean
  readonly clock: Clock
  readonly log: {
    info(facts: object, message: string): void
    warn(facts: object, message: string): void
    error(facts: object, message: string): void
  }
}

const probeMs = 5_000
const tryAgainMs = 5_000

const silent: ReadonlySet<ErrorCode> = new Set([
  'DRAYAGE_AGENT_UNREACHABLE',
  'DRAYAGE_TIMEOUT',
  'DRAYAGE_CANCELLED',
  'DRAYAGE_HOST_OFFLINE',
])

export const createFencing = ({ hosts, fences, journal, sighting, onHold, clock, log }: FencingOptions): Fencing => {
  // Of those that are fenced: whose agent has registered since, with this process.
  const returned = new Set<string>()
  const telling = new Map<string, Promise<void>>()

  const requireSilence = async (host: string): Promise<void> => {
    const seen = await sighting(host)
    if (mayBeOnline(seen)) {
      const standing =
        seen.state === 'online' ? 'is not down' : 'is not known to be down, since the coordinator has only just started'
      throw new AppError(
        'DRAYAGE_HOST_ANSWERS',
        `${host} ${standing}: its agent was heard of at ${seen.lastSeen?.toISOString()}. Nothing was changed. If it is ` +
          'being switched off just now, wait until dray hosts shows it as lost.',
      )
    }
    const answer = await probe(host)
    if (answer === 'silent') return
    throw new AppError(
      'DRAYAGE_HOST_ANSWERS',
      `${host} is not down: its agent answers the coordinator, although it does not report. Nothing was changed. Look at ` +
        'its log: it does not reach the coordinator, or was replaced.',
    )
  }

  const probe = async (host: string): Promise<'answers' | 'silent'> => {
    try {
      const { agent } = await hosts.known(host)
      await agent.describeStanding({ signal: AbortSignal.timeout(probeMs) })
      return 'answers'
    } catch (thrown) {
      return silent.has(asAppError(thrown).code) ? 'silent' : 'answers'
    }
  }

  const concerned = async (host: string): Promise<readonly [MigrationRecord, Consequence][]> => {
    const found: [MigrationRecord, Consequence][] = []
    for (const record of await journal.unfinished()) {
      const consequence = consequenceOf(record, await journal.entries(record.id), host)
      if (consequence !== null) found.push([record, consequence])
    }
    return found
  }

  const tell = async (host: string): Promise<void> => {
    // Of those that move together in the order in which each step would have gone through them; one of which a call fails
    // does not hold up the others.
    const stuck = new Set<string>()
    for (const call of await fences.owed({ host })) {
      if (!stuck.has(call.migrationId) && !(await make(call))) stuck.add(call.migrationId)
    }
    if (returned.has(host) && (await fences.current(host)) !== null) {
      const left = (await fences.owed({ host })).filter(({ afterHost }) => afterHost === null)
      if (left.length > 0) return
      await fences.lift(host)
      returned.delete(host)
      log.warn({ host }, 'The host that was declared down is back, and its agent knows what became of its workloads')
    }
    const waiting = (await fences.owed()).filter(({ afterHost }) => afterHost === host || afterHost === '*')
    for (const other of new Set(waiting.map((call) => call.host))) if (other !== host) void tellNow(other)
  }

  // False: it could not be made, so that what comes after it is not made either.
  const make = async (call: OwedCall): Promise<boolean> => {
    const { seq, host, afterHost, migrationId, method, request } = call
    try {
      if (afterHost !== null) {
        if (await mustWait(call, afterHost)) return false
        const throwsAway = method === 'discardTarget' || method === 'removeImage'
        if (throwsAway && !(await originalIsThere(call, afterHost))) {
          await fences.settled(seq)
          return true
        }
      }
      const { agent } = await hosts.known(host)
      await (agent[method] as (request: unknown) => Promise<void>)(request)
      await fences.settled(seq)
      log.info({ host, migration: migrationId, call: method }, 'Done what was owed to a host')
      return true
    } catch (thrown) {
      const { code, message } = asAppError(thrown)
      await fences.failed(seq, { code, message })
      log.error(
        { host, migration: migrationId, call: method, reason: message },
        'What is owed to a host cannot be done',
      )
      return false
    }
  }

  // '*': for all others but those that are down.
  const mustWait = async ({ host, migrationId }: OwedCall, afterHost: string): Promise<boolean> => {
    const others = (await fences.owed()).filter((owed) => owed.migrationId === migrationId && owed.host !== host)
    if (afterHost !== '*') {
      return others.some((owed) => owed.host === afterHost) || (await fences.current(afterHost)) !== null
    }
    for (const other of others) if ((await fences.current(other.host)) === null) return true
    return false
  }

  // What has crossed is not thrown away for a host that came back without the original: one that was installed anew.
  const originalIsThere = async ({ host, migrationId }: OwedCall, source: string): Promise<boolean> => {
    const record = await journal.find(migrationOfPart(migrationId))
    const member = record?.members.find(({ lease }) => lease?.migrationId === migrationId)
    if (record == null || member === undefined) return false
    const { agent } = await hosts.known(source)
    try {
      await agent.describeWorkloads({ containers: [member.containerId], measureVolumes: false })
      return true
    } catch (thrown) {
      if (asAppError(thrown).code !== 'DRAYAGE_CONTAINER_NOT_FOUND') throw thrown
      await journal.addWarnings(record.id, [
        {
          code: 'kept-on-target',
          message: `${source} is back without ${member.containerName}, so what had crossed of it was kept on ${host}: not proven whole, and all that there is. Its volumes there are yours to look at, and to remove (docker rm, docker volume rm).`,
        },
      ])
      return false
    }
  }

  const tellNow = (host: string): Promise<void> => {
    const under = telling.get(host)
    if (under !== undefined) return under
    const told = (onHold() ? Promise.resolve() : tell(host))
      .catch((thrown) => log.error({ host, err: thrown }, 'What is owed to a host cannot be looked up'))
      .finally(() => telling.delete(host))
    telling.set(host, told)
    return told
  }

  return {
    fence: async (host, by) => {
      await requireSilence(host)
      returned.delete(host)
      const fence = await fences.fence(host, by)
      log.warn({ host, by }, 'The host was declared down by an operator')
      const migrations: FencedMigration[] = []
      for (const [record, consequence] of await concerned(host)) {
        const message = describeConsequence(consequence, record)
        await journal.addWarnings(record.id, [{ code: 'host-fenced', message }])
        // What it was told to expect is over; from there on its container there is the operator's to start.
        for (const { lease } of consequence === 'owner-down' ? record.members : []) {
          if (lease === null) continue
          const call = { host, afterHost: null, migrationId: lease.migrationId, method: 'forgetMigration' } as const
          await fences.owe([{ ...call, request: { lease } }])
        }
        migrations.push({ id: record.id, container: record.subject, consequence, message })
      }
      return { ...fence, migrations }
    },

    isBack: async (host) => {
      if ((await fences.current(host)) !== null) returned.add(host)
      await tellNow(host)
    },

    tell: async (host) => {
      if (returned.has(host) || (await fences.current(host)) === null) await tellNow(host)
    },

    run: async (signal) => {
      while (!signal.aborted) {
        await clock.sleep(tryAgainMs, signal)
        const waiting = new Set([...returned, ...(await fences.owed()).map(({ host }) => host)])
        for (const host of waiting) {
          if (signal.aborted) return
          const mayBeTold = returned.has(host) || (await fences.current(host)) === null
          if (mayBeTold && (await sighting(host)).state === 'online') await tellNow(host)
        }
      }
    },
  }
}
