// One authority is changed for another while everything runs (docs/adr/0024-the-authority-is-changed-in-three-steps.md). This
// decides when: each step is taken when every host is ready for it, or for the operator's word for those that are not.
import type { Authority as AuthorityDocument } from '../../shared/api/authority.ts'
import { AppError } from '../../shared/errors.ts'
import type { HeldAuthorities__Output as HeldAuthorities } from '../../shared/rpc/generated/drayage/v1/HeldAuthorities.ts'
import type { Clock } from '../migration/ports.ts'
import type { HostRow } from '../store/hosts.ts'
import type { Authority } from './authority.ts'

export type Rotation = {
  describe(): Promise<AuthorityDocument>
  // Begins a change, or goes on with one: the next authority issues as soon as all hosts trust it. `without`: hosts that are
  // not waited for. Throws DRAYAGE_HOST_NOT_FOUND.
  rotate(without: readonly string[]): Promise<AuthorityDocument>
  // Ends it: the previous one is no longer trusted, and its key is removed. Throws DRAYAGE_ROTATION_WAITS with what for.
  finish(without: readonly string[]): Promise<AuthorityDocument>
  // What an agent says that it trusts, and by which its certificate is; null: it is of a version that says nothing of it.
  heard(host: string, held: HeldAuthorities | null): void
  // What was heard of it: it was removed, or another agent has enrolled as it.
  forget(host: string): void
}

type Options = {
  readonly authority: Authority
  readonly hosts: () => Promise<readonly Pick<HostRow, 'name' | 'enrolledAt' | 'lastSeen'>[]>
  // After each step, before anybody is told: certificates are issued anew, and whom to trust is said anew. May be asked for
  // again after it has failed anywhere.
  readonly changed: () => Promise<void>
  // A step that nobody asked for just now.
  readonly tookStep: (what: string) => Promise<void>
  readonly clock: Pick<Clock, 'now'>
  readonly log: { info(facts: object, message: string): void; error(facts: object, message: string): void }
}

// What a process heard is gone with it, and said again with the next heartbeat: unknown is not confirmed.
export const createRotation = ({ authority, hosts, changed, tookStep, clock, log }: Options): Rotation => {
  const said = new Map<string, HeldAuthorities | null>()

  const waitingFor = async (): Promise<AuthorityDocument['waitingFor']> => {
    const { stage, issuing, other } = authority
    if (stage === 'settled') return []
    const wanted = stage === 'spreading' ? (other?.fingerprint ?? '') : issuing.fingerprint
    return (await hosts()).flatMap(({ name, enrolledAt, lastSeen }) => {
      const message = enrolledAt === null ? null : lacking(stage, said.get(name), wanted, lastSeen)
      return message === null ? [] : [{ host: name, message }]
    })
  }

  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work)
    last = done.catch(() => {})
    return done
  }

  // A step may be on the disk, and what follows it not done yet: that comes before anything else.
  let due = false
  const followUp = async (): Promise<void> => {
    if (!due) return
    await changed()
    due = false
    const { stage, fingerprint, other } = authority
    log.info({ stage, fingerprint, other: other?.fingerprint }, 'The certificate authority is being changed')
  }
  const step = async (take: () => Promise<void>): Promise<void> => {
    due = true
    await take()
    await followUp()
  }
  const changeWhenReady = async (without: readonly string[]): Promise<boolean> => {
    if (authority.stage !== 'spreading') return false
    if ((await waitingFor()).some(({ host }) => !without.includes(host))) return false
    await step(authority.change)
    return true
  }
  const changeByItself = (): void => {
    if (authority.stage !== 'spreading' && !due) return
    inTurn(async () => {
      await followUp()
      if (await changeWhenReady([])) await tookStep('issueByNextAuthority')
    }).catch((thrown) => log.error({ err: thrown }, 'The next certificate authority could not be taken into use'))
  }

  const requireHosts = async (names: readonly string[]): Promise<void> => {
    const known = new Set((await hosts()).map(({ name }) => name))
    const unknown = names.filter((name) => !known.has(name))
    if (unknown.length === 0) return
    throw new AppError('DRAYAGE_HOST_NOT_FOUND', `There is no host ${unknown.join(', ')}. Nothing was changed.`)
  }

  const describe = async (): Promise<AuthorityDocument> => {
    const { stage, issuing, other } = authority
    const place = stage === 'spreading' ? ('next' as const) : ('previous' as const)
    const all = [{ place: 'issuing' as const, root: issuing }, ...(other === null ? [] : [{ place, root: other }])]
    const waiting = await waitingFor()
    return {
      stage,
      authorities: all.map(({ place, root: { fingerprint, name, validUntil, certificate } }) => ({
        ...{ place, fingerprint, name, certificate },
        validUntil: validUntil.toISOString(),
      })),
      waitingFor: waiting,
      next: nextOf(stage, waiting),
    }
  }

  return {
    describe,

    rotate: (without) =>
      inTurn(async () => {
        await requireHosts(without)
        await followUp()
        if (authority.stage === 'settled') await step(() => authority.prepare(clock.now()))
        await changeWhenReady(without)
        return describe()
      }),

    finish: (without) =>
      inTurn(async () => {
        await requireHosts(without)
        await followUp()
        if (authority.stage === 'settled') return describe()
        const waiting = (await waitingFor()).filter(({ host }) => !without.includes(host))
        if (authority.stage === 'spreading' || waiting.length > 0) throw notYet(authority.stage, waiting)
        await step(authority.retire)
        return describe()
      }),

    heard: (host, held) => {
      said.set(host, held)
      changeByItself()
    },

    forget: (host) => {
      said.delete(host)
      changeByItself()
    },
  }
}

// What a host lacks for the stage to end; null: nothing. held: null where its agent says nothing of authorities, undefined
// where it was not heard of since the coordinator started.
export const lacking = (
  stage: 'spreading' | 'renewing',
  held: HeldAuthorities | null | undefined,
  wanted: string,
  lastSeen: Date | null,
): string | null => {
  if (held === undefined) {
    return `its agent has not been heard since the coordinator started (last at ${lastSeen?.toISOString() ?? 'no time known'})`
  }
  if (held === null) return 'its agent is of a version that takes no other authority; update it'
  if (!held.trusted.includes(wanted)) return 'its agent has not said yet that it trusts the new authority'
  if (stage === 'renewing' && held.certifiedBy !== wanted)
    return 'its agent has no certificate of the new authority yet'
  return null
}

const nextOf = (stage: AuthorityDocument['stage'], waiting: AuthorityDocument['waitingFor']): string => {
  if (stage === 'settled') return 'Nothing is under way. dray ca rotate begins a change.'
  const names = waiting.map(({ host }) => host).join(' ')
  if (stage === 'spreading') {
    return (
      'The new authority issues by itself as soon as all hosts trust it.' +
      (waiting.length === 0 ? '' : ` For a host that is gone: dray ca rotate --without ${names}`)
    )
  }
  return waiting.length === 0
    ? 'Every agent has a certificate of the new authority. When dray has been used once wherever it is logged in: dray ca finish'
    : `Agents get new certificates. When all have: dray ca finish. For a host that is gone: dray ca finish --without ${names}`
}

const notYet = (stage: AuthorityDocument['stage'], waiting: AuthorityDocument['waitingFor']): AppError => {
  const why = waiting.map(({ host, message }) => `${host}: ${message}`)
  const what =
    stage === 'spreading'
      ? 'the new authority does not issue yet, so there is nothing to finish'
      : 'some hosts would be cut off'
  return new AppError(
    'DRAYAGE_ROTATION_WAITS',
    `The previous authority stays trusted: ${[what, ...why].join('; ')}. dray ca show tells when it is time; a host that is gone for good ` +
      'is left out with --without, and its agent must enrol again.',
    {
      details: {
        reasons: waiting.map(({ host, message }) => ({ code: 'host-not-ready', message: `${host}: ${message}` })),
      },
    },
  )
}
