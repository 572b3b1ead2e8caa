// A host is taken out: its agent's key is worth nothing from then on, at the coordinator and at every other agent.
import type { GivenUp, RemovedHost } from '../../shared/api/hosts.ts'
import { AppError, type Finding } from '../../shared/errors.ts'
import type { Clock } from '../migration/ports.ts'
import type { HostStore } from '../store/hosts.ts'
import type { RemainingOnHost } from '../store/remaining.ts'
import { hostNotFound } from './host-not-found.ts'

export type HostRemoval = {
  // Throws DRAYAGE_HOST_NOT_FOUND, and DRAYAGE_HOST_IN_USE with every reason that was not given up in words.
  remove(name: string, givenUp: readonly GivenUp[]): Promise<RemovedHost>
}

type Options = {
  readonly hosts: Pick<HostStore, 'find' | 'remove'>
  readonly clock: Pick<Clock, 'now'>
  // It is no longer one of ours: connections to and from it are closed, and what was remembered of it is forgotten.
  readonly removed: (name: string) => Promise<void>
}

// givenUp: with which word that may be given up; absent: it may not.
type Reason = Finding & { readonly givenUp?: GivenUp }

export const createHostRemoval = ({ hosts, clock, removed }: Options): HostRemoval => ({
  remove: async (name, givenUp) => {
    if ((await hosts.find(name)) === null) throw hostNotFound(name)
    const at = clock.now()
    let reasons: readonly Reason[] = []
    await hosts.remove(name, at, (remaining) => {
      reasons = reasonsAgainst(name, remaining)
      const standing = reasons.filter((reason) => reason.givenUp === undefined || !givenUp.includes(reason.givenUp))
      if (standing.length > 0) throw inUse(name, standing)
    })
    await removed(name)
    return { name, removedAt: at.toISOString(), gaveUp: reasons.map(({ code, message }) => ({ code, message })) }
  },
})

const reasonsAgainst = (host: string, remaining: RemainingOnHost): Reason[] => [
  ...remaining.underWay.map((id) => ({
    code: 'migration-under-way',
    message: `Migration ${id} is under way with ${host}: let it end or cancel it; if the host is gone for good, dray fence ${host}`,
  })),
  ...remaining.owned.map((container) => ({
    code: 'workload-here',
    message: `${container} was moved to ${host} and lives there: move it away; --give-up workloads leaves it where it is, and nothing moves it any more`,
    givenUp: 'workloads' as const,
  })),
  ...remaining.copies.map(({ container, movedTo }) => ({
    code: 'retained-copy',
    message: `${host} keeps what ${container} left behind when it moved to ${movedTo}: dray finalize removes it; --give-up copies leaves it there, and there is no way back for ${container}`,
    givenUp: 'copies' as const,
  })),
]

const inUse = (host: string, reasons: readonly Reason[]): AppError =>
  new AppError('DRAYAGE_HOST_IN_USE', `${host} was not removed: ${reasons.map(({ message }) => message).join('; ')}.`, {
    details: { reasons: reasons.map(({ code, message }) => ({ code, message })) },
  })
