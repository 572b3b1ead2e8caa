// What the agents remember is compared with the database whenever one of them, or the coordinator, has started; what differs
// is shown to an operator with a proposal, and written down as they settle it. `dray recover`.
import { ulid } from 'ulid'
import type { HostState } from '../../shared/api/hosts.ts'
import type { Recovery as RecoveryDocument, SettleRecovery } from '../../shared/api/recovery.ts'
import { AppError, asAppError, type Finding } from '../../shared/errors.ts'
import { migrationOfPart } from '../../shared/move-set/part.ts'
import type { FenceStore } from '../fencing/ports.ts'
import type { AgentPort, Clock, Hosts, Journal, Standing } from '../migration/ports.ts'
import { compare, type Difference, withSiblings } from './compare.ts'
import type { HoldsKeeper } from './holds.ts'
import type { RecoveryStore, Settlement } from './ports.ts'
import { type DisputedWorkload, dispute, keptTogether } from './propose.ts'
import { createStandings } from './standings.ts'

export type Recovery = {
  // Before anything is asked of a host. Throws where its agent cannot be asked, or nothing may be asked of any host.
  heard(host: string, agent: AgentPort): Promise<void>
  // Its agent has started, or has found us again: what it said before may not hold any more.
  forget(host: string): void
  ask(host: string): Promise<void>
  describe(): Promise<RecoveryDocument>
  // Throws DRAYAGE_RECOVERY_BLOCKED with every reason, and then nothing has changed.
  settle(wish: SettleRecovery, by: string): Promise<RecoveryDocument>
}

export type RecoveryOptions = {
  readonly store: RecoveryStore
  // Not guarded: straight to the agents.
  readonly hosts: Hosts
  readonly enrolled: () => Promise<readonly { readonly name: string; readonly state: HostState }[]>
  readonly fences: Pick<FenceStore, 'all' | 'owed'>
  readonly journal: Pick<Journal, 'requestCancel' | 'addWarnings'>
  readonly holds: HoldsKeeper
  // Makes the calls that a host is owed.
  readonly tell: (host: string) => Promise<void>
  readonly clock: Pick<Clock, 'now'>
  readonly log: {
    info(facts: object, message: string): void
    warn(facts: object, message: string): void
    error(facts: object, message: string): void
  }
}

export const createRecovery = async (options: RecoveryOptions): Promise<Recovery> => {
  const { store, hosts, enrolled, fences, journal, holds, tell, clock, log } = options
  const found = new Map<string, readonly Difference[]>()

  const takeIn = async (host: string, standing: Standing): Promise<void> => {
    await store.noteHandStarts(host, standing, clock.now())
    const known = await store.known()
    const differences = compare(host, standing, known)
    found.set(host, differences)
    const [behind] = differences.filter(({ kind }) => kind === 'behind')
    if (behind !== undefined) {
      log.error(
        { host, differences: differences.map(({ message }) => message) },
        'An agent knows more than the database',
      )
      await store.need({ since: clock.now(), why: behind.message })
    }
    for (const { kind, migrationId, message } of differences) {
      if (kind === 'by-hand') log.error({ host }, message)
      if (kind !== 'cancel') continue
      const migration = migrationOfPart(migrationId)
      await journal.requestCancel(migration)
      await journal.addWarnings(migration, [{ code: 'brought-back-by-hand', message }])
    }
    await updateHolds()
  }

  const updateHolds = async (): Promise<void> => {
    const known = await store.known()
    const byHand = [...found.values()].flat().filter(({ kind }) => kind === 'by-hand')
    holds.set(
      await store.needed(),
      byHand.map(({ workloadId, message }) => ({
        workloadId,
        message,
        places: known.workloads.get(workloadId)?.places ?? [],
      })),
    )
  }

  const standings = createStandings(takeIn)

  const ask = async (host: string): Promise<void> => {
    try {
      await standings.heard(host, (await hosts.known(host)).agent)
    } catch (thrown) {
      log.warn({ host, reason: asAppError(thrown).message }, 'An agent could not be asked what it remembers')
    }
  }

  type Look = { readonly document: RecoveryDocument; readonly workloads: readonly DisputedWorkload[] }

  const look = async (): Promise<Look> => {
    const all = await enrolled()
    for (const { name, state } of all) if (state === 'online' && standings.of(name) === null) await ask(name)
    const down = new Set((await fences.all()).map(({ host }) => host))
    const said = new Map(
      all.flatMap(({ name }) => {
        const standing = standings.of(name)
        return standing === null ? [] : [[name, standing] as const]
      }),
    )
    const needed = await store.needed()
    const [known, seen] = [await store.known(), await store.seen()]
    const told = [...found.values()].flat().filter(({ kind }) => kind !== 'cancel')
    const differences = withSiblings(told, known)
    const disputed = [...Map.groupBy(differences, ({ workloadId }) => workloadId)].map(([id, own]) =>
      dispute(id, own, known, said, seen, down),
    )
    const workloads = keptTogether(disputed, known)
    const owed = (await fences.owed()).filter(({ method }) => method === 'settleWorkload')
    return {
      workloads,
      document: {
        needed: needed === null ? null : { since: needed.since.toISOString(), why: needed.why },
        hosts: all.map(({ name, state }) => ({ name, state, heard: said.has(name), fenced: down.has(name) })),
        workloads: workloads.map(({ hosts: _, ...workload }) => ({
          ...workload,
          differences: workload.differences.map(({ workloadId: __, ...difference }) => difference),
          copies: workload.copies.map((copy) => ({ ...copy })),
          unknown: [...workload.unknown],
        })),
        blocked: blockedBy(needed === null ? [] : all.map(({ name }) => name), said, down, workloads, new Map()),
        owed: owed.map(({ host, request, error }) => ({
          host,
          workloadId: (request as { lease: { workloadId: string } }).lease.workloadId,
          error,
        })),
      },
    }
  }

  await updateHolds()

  return {
    heard: async (host, agent) => {
      await standings.heard(host, agent)
      const held = holds.everything()
      if (held !== null) throw held
    },

    forget: standings.forget,
    ask,

    describe: async () => (await look()).document,

    settle: async ({ owners }, by) => {
      const { document, workloads } = await look()
      const wanted = new Map(owners.map(({ workload, host }) => [workload, host]))
      const strangers = [...wanted.keys()].filter((id) => !workloads.some((workload) => workload.id === id))
      const blocked = [
        ...strangers.map((id) => blocking(`There is nothing to settle about a workload ${id}.`)),
        ...blockedBy(
          document.needed === null ? [] : document.hosts.map(({ name }) => name),
          new Set(document.hosts.filter(({ heard }) => heard).map(({ name }) => name)),
          new Set(document.hosts.filter(({ fenced }) => fenced).map(({ name }) => name)),
          workloads,
          wanted,
        ),
      ]
      if (blocked.length > 0) {
        throw new AppError(
          'DRAYAGE_RECOVERY_BLOCKED',
          `Nothing was settled: ${blocked.map(({ message }) => message).join(' ')}`,
          { details: { reasons: blocked } },
        )
      }
      const settlements = workloads.map(
        (workload): Settlement => ({
          id: ulid(clock.now().getTime()),
          workloadId: workload.id,
          epoch: workload.epoch + 1,
          owner: ownerOf(workload, wanted),
          copies: workload.copies.map(({ host, containerId }) => ({ host, containerId })),
          hosts: workload.hosts,
        }),
      )
      await store.settle(settlements, by, clock.now())
      log.warn({ by, settlements }, 'An operator has settled what the database had lost, or what was done by hand')
      for (const [host] of found) {
        const standing = standings.of(host)
        found.set(host, standing === null ? [] : compare(host, standing, await store.known()))
      }
      await updateHolds()
      const told = new Set(settlements.flatMap((settlement) => settlement.hosts))
      const winners = new Set(settlements.flatMap(({ owner }) => (owner === null ? [] : [owner.host])))
      // Those that may run something again come last.
      for (const host of [...told].toSorted((a, b) => Number(winners.has(a)) - Number(winners.has(b)))) await tell(host)
      for (const host of winners) await tell(host)
      // They remember other things now.
      for (const host of told) {
        standings.forget(host)
        await ask(host)
      }
      return (await look()).document
    },
  }
}

const blocking = (message: string): Finding => ({ code: 'DRAYAGE_RECOVERY_BLOCKED', message })

type Names = { has(name: string): boolean }

const blockedBy = (
  mustAllBeHeard: readonly string[],
  heard: Names,
  down: Names,
  workloads: readonly DisputedWorkload[],
  wanted: ReadonlyMap<string, string | null>,
): Finding[] => {
  const silent = new Set(
    [...mustAllBeHeard, ...workloads.flatMap(({ unknown }) => unknown)].filter(
      (host) => !heard.has(host) && !down.has(host),
    ),
  )
  return [
    ...[...silent].map((host) =>
      blocking(
        `The agent of ${host} has not said what it remembers, and may know of copies that nobody else knows of. Start it; or, ` +
          `if that machine is off or gone for good, say so: dray fence ${host} --i-know-it-is-down.`,
      ),
    ),
    ...workloads.flatMap((workload) => {
      const { id, name, copies, proposal, unknown } = workload
      const called = name === '' ? id : `${name} (${id})`
      const host = wanted.get(id)
      if (host !== undefined && host !== null && copies.filter((copy) => copy.host === host).length !== 1) {
        return [blocking(`${host} has not exactly one copy of ${called}.`)]
      }
      if (host !== undefined || proposal !== null || copies.length === 0 || unknown.length > 0) return []
      return [
        blocking(
          `Of ${called} it cannot be told which copy is to run. Look at them, and say which: --owner ${id}=HOST, or ` +
            `--owner ${id}=none if none shall.`,
        ),
      ]
    }),
  ]
}

const ownerOf = (workload: DisputedWorkload, wanted: ReadonlyMap<string, string | null>): Settlement['owner'] => {
  const host = wanted.get(workload.id)
  const chosen =
    host === undefined ? workload.proposal : host === null ? null : workload.copies.find((copy) => copy.host === host)
  return chosen == null ? null : { host: chosen.host, containerId: chosen.containerId }
}
