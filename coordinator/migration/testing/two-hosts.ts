// A model of two hosts and their agents. Every call may be made to fail before its effect, after it, to have it late, or to kill
// the coordinator there. Copies that run write without pause, and what they have written was acknowledged. Where several move
// together, each has a volume of its own, and one that the first of them carries and all write to; the second takes its volumes
// from the first, and the third uses the network of the second.
import { AppError } from '../../../shared/errors.ts'
import type { HookName } from '../../../shared/hooks/hook.ts'
import type { Hosts } from '../ports.ts'
import { agentOf, type HostName } from './model-agent.ts'
import { type Copy, type Member, type ModelHost, newCopy, newHost, sharedName } from './model-host.ts'
import { type HookFates, noHooks } from './model-workload.ts'

export type Fault =
  | 'none'
  | 'lost-request'
  | 'lost-reply'
  // No answer; the effect comes just before the next call to this host is served.
  | 'late'
  | 'refused'
  | 'coordinator-dies-before'
  | 'coordinator-dies-after'

// Thrown to whoever drives: the process is gone, nothing after it runs.
export class CoordinatorDied extends Error {}

export const createTwoHosts = (nextFault: (call: string) => Fault, fates: HookFates = noHooks, size: Member = 1) => {
  const hosts: Record<HostName, ModelHost> = { 'host-1': newHost('host-1'), 'host-2': newHost('host-2') }
  const members = ([1, 2, 3] as const).slice(0, size)
  const firsts = members.map((member) =>
    Object.assign(newCopy(`c${member}`, member, null), { running: true, writes: [0] }),
  )
  for (const copy of firsts) hosts['host-1'].copies.set(copy.id, copy)
  const [first] = firsts
  if (first === undefined) throw new Error('there is nothing to move')

  let everBothRunning = false
  let nextWrite = 1
  const acknowledged = new Map<Member | 'shared', number[]>([[sharedName, []]])
  for (const member of members) acknowledged.set(member, [0])
  const hooksRun: { readonly migration: string; readonly name: HookName }[] = []
  const all = () => Object.values(hosts).flatMap(({ copies }) => [...copies.values()])
  const carrierOn = ({ copies }: ModelHost) => [...copies.values()].find(({ member }) => member === 1)
  const lacksNetwork = (host: ModelHost, { member }: Copy): boolean =>
    member === 3 && ranAtFirst && ![...host.copies.values()].some((copy) => copy.member === 2 && copy.running)
  const sharesWhatIsAside = (host: ModelHost): boolean => size > 1 && carrierOn(host)?.isolated === true
  let ranAtFirst = true
  const timePasses = () => {
    for (const host of Object.values(hosts)) {
      for (const copy of host.copies.values()) {
        if (!copy.running) continue
        copy.writes = [...copy.writes, nextWrite]
        acknowledged.get(copy.member)?.push(nextWrite)
        nextWrite += 1
        const carrier = carrierOn(host)
        if (size === 1 || carrier === undefined) continue
        carrier.shared = [...carrier.shared, nextWrite]
        acknowledged.get(sharedName)?.push(nextWrite)
        nextWrite += 1
      }
    }
    const running = all().filter((copy) => copy.running)
    everBothRunning ||= new Set(running.map(({ member }) => member)).size < running.length
  }

  // What no agent must ever be asked for, whatever has failed.
  const violations: string[] = []
  const watched = <T>(call: string, work: () => T): T => {
    try {
      return work()
    } catch (thrown) {
      if (!(thrown instanceof AppError)) violations.push(`${call}: ${thrown}`)
      throw thrown
    }
  }

  const effect = async <T>(host: ModelHost, call: string, work: () => T): Promise<T> => {
    const happen = () => watched(call, work)
    for (const late of host.late.splice(0)) {
      late()
      timePasses()
    }
    const fault = nextFault(call)
    if (fault === 'coordinator-dies-before') throw new CoordinatorDied(call)
    if (fault === 'lost-request') throw new AppError('DRAYAGE_AGENT_UNREACHABLE', `${call}: no answer`)
    if (fault === 'refused') throw new AppError('DRAYAGE_ENGINE_REFUSED', `${call}: refused`)
    if (fault === 'late') {
      host.late.push(() => {
        try {
          happen()
        } catch (thrown) {
          if (!(thrown instanceof AppError)) throw thrown
        }
      })
      throw new AppError('DRAYAGE_TIMEOUT', `${call}: no answer yet`)
    }
    const result = happen()
    timePasses()
    if (fault === 'coordinator-dies-after') throw new CoordinatorDied(call)
    if (fault === 'lost-reply') throw new AppError('DRAYAGE_AGENT_UNREACHABLE', `${call}: the reply was lost`)
    return result
  }

  const world = { hosts, members, fates, hooksRun, effect, sharesWhatIsAside, lacksNetwork }
  const agents = { 'host-1': agentOf(hosts['host-1'], world), 'host-2': agentOf(hosts['host-2'], world) }
  const known: Hosts['known'] = async (host) => ({
    agent: agents[host as HostName],
    address: `${host}:8442`,
  })

  return {
    one: hosts['host-1'],
    two: hosts['host-2'],
    first,
    firsts,
    // As they all are, before anything is asked for.
    setRunning: (running: boolean): void => {
      ranAtFirst = running
      for (const copy of firsts) copy.running = running
    },
    hosts: { online: known, known } satisfies Hosts,
    copyAt: (host: string, id: string): Copy | undefined => hosts[host as HostName].copies.get(id),
    running: () => all().filter((copy) => copy.running),
    acknowledged: (of: Member | 'shared' = 1): readonly number[] => acknowledged.get(of) ?? [],
    everBothRunning: () => everBothRunning,
    // Each time that one was run.
    hooksRun: (): readonly { readonly migration: string; readonly name: HookName }[] => hooksRun,
    violations: (): readonly string[] => violations,
  }
}
