// What an agent remembers, against what the database knows. Pure. The journal has every step before its effect, and every
// epoch before an agent holds it: an agent that knows more than the database says that the database is an older one.

import { arePartsOfOne } from '../../shared/move-set/part.ts'
import { isCommitted, lastPhases } from '../migration/decide.ts'
import type { Standing } from '../migration/ports.ts'
import type { Known, KnownMigration } from './ports.ts'

export type Difference = {
  // behind: the database has lost something. by-hand: somebody has acted without the coordinator. cancel: the same, before
  // the commit, where putting everything back is all that is to be done.
  readonly kind: 'behind' | 'by-hand' | 'cancel'
  readonly host: string
  readonly workloadId: string
  readonly migrationId: string
  readonly message: string
}

export const compare = (host: string, standing: Standing, known: Known): Difference[] => {
  const found: Difference[] = []
  const add = (kind: Difference['kind'], of: { workloadId: string; migrationId: string }, message: string) =>
    found.push({ kind, host, workloadId: of.workloadId, migrationId: of.migrationId, message: `${host} ${message}` })

  for (const held of standing.epochs) {
    const workload = known.workloads.get(held.workloadId)
    if (workload === undefined) {
      add('behind', held, `holds epoch ${held.epoch} (${held.migrationId}) of a workload that is not known here`)
    } else if (held.epoch > workload.epoch) {
      add('behind', held, `holds epoch ${held.epoch} (${held.migrationId}); here it is ${workload.epoch}`)
    } else if (held.epoch === workload.epoch && held.migrationId !== workload.issuedTo) {
      add(
        'behind',
        held,
        `holds epoch ${held.epoch} by ${held.migrationId}; here it was issued to ${workload.issuedTo}`,
      )
    }
  }

  for (const note of standing.migrations) {
    const migration = current(known, note)
    if (migration === null || migration.ended) continue
    const early = note.effects.filter((effect) => !hasBegun(migration, effect))
    if (early.length > 0) {
      add(
        'behind',
        note,
        `has gone further with migration ${note.migrationId} (${early.join(', ')}) than is known here`,
      )
    }
  }

  for (const gone of standing.retired) {
    const migration = current(known, gone)
    if (migration !== null && !isCommitted(migration.entries)) {
      add(
        'behind',
        gone,
        `has given ${gone.containerName} up to ${gone.movedTo}; here migration ${gone.migrationId} never came so far`,
      )
    }
  }

  for (const migration of known.migrations.values()) {
    if (migration.ended || ![migration.from, migration.to].includes(host) || !endedThere(migration, standing)) continue
    const { workloadId, id: migrationId } = migration
    add(
      'behind',
      { workloadId: workloadId ?? '', migrationId },
      `has ended migration ${migrationId}, which has not ended here`,
    )
  }

  for (const entry of standing.broughtBack) {
    const workload = known.workloads.get(entry.workloadId)
    if (workload === undefined || isAnswered(host, entry, known)) continue
    const what = `had ${entry.containerName} brought back by hand at ${entry.startedAt}`
    const migration = known.migrations.get(entry.migrationId)
    if (migration !== undefined && !migration.ended && !isCommitted(migration.entries)) add('cancel', entry, what)
    else if (workload.owner.host !== host || workload.owner.containerId !== entry.containerId) {
      add('by-hand', entry, `${what}; here it is owned by ${workload.owner.host}`)
    } else if (migration !== undefined && !migration.ended) add('by-hand', entry, what)
  }
  return found
}

// Where a migration of several has not ended, what is settled about one ends it for all: none is left half-way. Those of
// which nothing differs are settled with it.
export const withSiblings = (differences: readonly Difference[], known: Known): Difference[] => {
  const disputed = new Set(differences.map(({ workloadId }) => workloadId))
  const unfinished = [...known.migrations.values()].filter(({ ended }) => !ended)
  const siblings = differences.flatMap((difference) => {
    const own = unfinished.filter(({ workloadId }) => workloadId === difference.workloadId)
    return unfinished.flatMap(({ id, workloadId, containerName }): Difference[] => {
      if (workloadId === null || disputed.has(workloadId) || !own.some((one) => arePartsOfOne(one.id, id))) return []
      disputed.add(workloadId)
      const message = `${containerName} is being moved together with what ${difference.message}`
      return [{ ...difference, workloadId, migrationId: id, message }]
    })
  })
  return [...differences, ...siblings]
}

type HandStart = Standing['broughtBack'][number]

// Settled since; or moved away since from where it was brought back to, which takes an owner there. An epoch that has merely
// risen says nothing: the other copy may have been moved on before anybody heard of this one.
const isAnswered = (host: string, { workloadId, containerId, epoch }: HandStart, known: Known): boolean =>
  (known.settled.get(workloadId) ?? 0) > epoch ||
  [...known.migrations.values()].some(
    (later) =>
      later.workloadId === workloadId &&
      later.kind !== 'finalize' &&
      (later.epoch ?? 0) > epoch &&
      later.from === host &&
      later.containerId === containerId,
  )

// Of a workload whose epoch has risen since, nothing of an older migration counts any more.
const current = (
  known: Known,
  { workloadId, migrationId, epoch }: { workloadId: string; migrationId: string; epoch: number },
): KnownMigration | null => {
  const workload = known.workloads.get(workloadId)
  return workload === undefined || epoch < workload.epoch ? null : (known.migrations.get(migrationId) ?? null)
}

// fence, stop and isolate are the steps; the target's are asked for by commit and start.
const stepOf: Readonly<Record<string, string>> = {
  fenced: 'fence',
  stopped: 'stop',
  isolated: 'isolate',
  confirmed: 'commit',
  'start-asked': 'start',
}
const hasBegun = ({ entries }: KnownMigration, effect: string): boolean =>
  entries.some(({ step }) => step === stepOf[effect])

// It was granted, and there is no note of it any more. Forgetting is the end of `retain`, and the undo of `lock`. Of a
// finalize nothing is noted.
const endedThere = ({ id, kind, workloadId, epoch, entries }: KnownMigration, standing: Standing): boolean => {
  if (kind === 'finalize') return false
  const last = lastPhases(entries)
  if (last.get('lock') !== 'done' || last.has('retain')) return false
  const granted = standing.epochs.some(
    (held) => held.workloadId === workloadId && held.epoch === epoch && held.migrationId === id,
  )
  const noted = standing.migrations.some(({ migrationId }) => migrationId === id)
  return granted && !noted && !standing.broughtBack.some(({ migrationId }) => migrationId === id)
}
