// A model of two hosts and their agents: what each call of proto/agent.proto does to the world, and nothing else. Every
// call may be made to fail before its effect, after it, to have it late, or to kill the coordinator there. Copies that run
// write without pause, and what they have written was acknowledged. Where several move together, each has a volume of its own,
// and one that the first of them carries and all write to; the second takes its volumes from the first, and the third uses the
// network of the second.
import { AppError } from '../../../shared/errors.ts'
import { type HookName, hookNames } from '../../../shared/hooks/hook.ts'
import type { AgentPort, Hosts } from '../ports.ts'
import type { Lease, Workload } from '../record.ts'

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

export const volumeName = 'data'
const sharedName = 'shared' as const

// Of the containers that move together, from 1.
export type Member = 1 | 2 | 3
const nameOf = (member: Member): string => (member === 1 ? 'web' : `web-${member}`)
const ownVolume = (member: Member): string => (member === 1 ? volumeName : `${volumeName}-${member}`)
const kinds: Readonly<Record<Member, string>> = { 1: '', 2: 'volumes-from', 3: 'network-namespace' }

export type ComesUp = 'up' | 'never-starts' | 'unhealthy'

export type Copy = {
  readonly id: string
  readonly member: Member
  // null: it was there before.
  readonly madeBy: string | null
  running: boolean
  starts: number
  policy: string
  isolated: boolean
  holder: string | null
  retiredBy: string | null
  // Whose copy it is, once it was retired.
  workload: string | null
  // Numbers of the writes that are in its volume; of the first, in the one that all write to as well.
  writes: readonly number[]
  shared: readonly number[]
  // A copy into it is not whole.
  partial: boolean
  // The writes by which it is seen whether somebody has touched it since; null: that is not known.
  remembered: readonly number[] | null
}

type Note = {
  readonly role: 'source' | 'target'
  readonly workload: string
  policy: string | null
  wasRunning: boolean | null
  isolated: boolean
  adopted: string | null
  wantedPolicy: string
  confirmed: boolean
  startAsked: boolean
}

export type ModelHost = {
  readonly name: string
  image: boolean
  imageBroughtBy: string | null
  readonly epochs: Map<string, number>
  comesUp: ComesUp
  // So many rounds more its disk gives back other than was written to it.
  badRounds: number
  // What is on it after a last round is not what was read.
  wrongCopies: boolean
  readonly copies: Map<string, Copy>
  readonly notes: Map<string, Note>
  late: (() => void)[]
}

const newCopy = (id: string, member: Member, madeBy: string | null): Copy => ({
  ...{ id, member, madeBy, running: false, starts: 0, policy: 'always', isolated: false, holder: null },
  ...{ retiredBy: null, workload: null, writes: [], shared: [], partial: false, remembered: null },
})

const newHost = (name: string): ModelHost => ({
  ...{
    name,
    image: false,
    imageBroughtBy: null,
    epochs: new Map(),
    comesUp: 'up',
    badRounds: 0,
    wrongCopies: false,
    copies: new Map(),
    notes: new Map(),
    late: [],
  },
})

// Of a container's label: whether there is one, what it comes to, and what then.
export type HookFate = 'none' | 'succeeds' | 'fails' | 'fails-and-that-is-well'

export type HookFates = Readonly<Record<HookName, HookFate>>

export const noHooks: HookFates = { 'pre-stop': 'none', 'post-start': 'none' }

const labelled = (fates: HookFates): Workload['hooks'] =>
  hookNames
    .filter((name) => fates[name] !== 'none')
    .map((name) => ({
      ...{ name, command: ['hook'], timeoutMs: 1_000 },
      onError: fates[name] === 'fails-and-that-is-well' ? 'continue' : 'fail',
    }))

const volumeOf = (name: string, measured: boolean): Workload['volumes'][number] => ({
  ...{ name, driver: 'local', options: {}, labels: {}, mountpoint: '/v', createdAt: '' },
  ...{
    anonymous: false,
    destination: `/${name}`,
    readOnly: false,
    rootIdentity: '1:2',
    carriedByAnother: false,
    traits: [],
  },
  usage: measured ? { entries: 1, apparentBytes: 21, diskBytes: 4096, devices: 1, devicePaths: ['dev/null'] } : null,
})

// others: those that it belongs together with.
const workloadOf = (
  { id, member, running }: Copy,
  others: readonly Copy[],
  measured: boolean,
  hooks: Workload['hooks'],
): Workload => ({
  containerId: id,
  name: nameOf(member),
  state: running ? 'running' : 'exited',
  specJson: '{}',
  image: {
    ...{ id: 'sha256:i', reference: 'app:1', tags: [], layers: [], os: 'linux', architecture: 'amd64', sizeBytes: 10 },
    configuration: '',
  },
  volumes: [ownVolume(member), ...(others.length > 0 ? [sharedName] : [])].map((name) => volumeOf(name, measured)),
  ...{
    networks: [],
    ports: [],
    obstacles: [],
    warnings: [],
    engine: null,
    hasHealthcheck: false,
    stopTimeoutSeconds: 10,
    hooks,
    moveSet: others.map((other) => ({
      ...{ containerId: other.id, name: nameOf(other.member), state: 'running', separable: false },
      ties: [{ kind: 'shared-volume', words: `uses the volume ${sharedName}` }],
    })),
    uses: others
      .filter((other) => other.member === member - 1)
      .map((other) => ({ containerId: other.id, kind: kinds[member] })),
    writableLayer: null,
    binds: [],
    tmpfs: [],
  },
})

const unused = () => {
  throw new Error('no migration asks for this')
}

export const createTwoHosts = (nextFault: (call: string) => Fault, fates: HookFates = noHooks, size: Member = 1) => {
  const hosts = { 'host-1': newHost('host-1'), 'host-2': newHost('host-2') }
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
  // The network that it uses is that of one which does not run: an engine refuses to start it.
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

  const agentOf = (host: ModelHost): AgentPort => {
    const copy = (id: string): Copy => {
      const found = host.copies.get(id)
      if (found === undefined) throw new AppError('DRAYAGE_CONTAINER_NOT_FOUND', `no ${id} on ${host.name}`)
      return found
    }
    const checkEpoch = ({ workloadId, epoch }: Lease) => {
      if (epoch < (host.epochs.get(workloadId) ?? 0)) throw new AppError('DRAYAGE_EPOCH_STALE', 'stale')
    }
    const note = ({ migrationId }: Lease, role: Note['role']): Note => {
      const found = host.notes.get(migrationId)
      if (found?.role === role) return found
      throw new AppError('DRAYAGE_EPOCH_STALE', `no grant for ${migrationId}`)
    }
    const noteToUndo = ({ migrationId }: Lease): Note | undefined => host.notes.get(migrationId)
    const retained = (workloadId: string) =>
      [...host.copies.values()].find(({ retiredBy, workload }) => retiredBy !== null && workload === workloadId) ?? null
    const contentOf = ({ writes, shared }: Copy) => [...writes, ...shared]
    const looksChanged = (copy: Copy) =>
      copy.remembered !== null && !copy.partial && copy.remembered.join() !== contentOf(copy).join()
    const toldOf = (found: Copy | null) =>
      found === null ? null : { migrationId: found.retiredBy ?? '', containerId: found.id, partial: found.partial }
    const made = ({ migrationId }: Pick<Lease, 'migrationId'>): Copy | null => {
      const adopted = host.notes.get(migrationId)?.adopted
      if (adopted) return copy(adopted)
      return [...host.copies.values()].find(({ madeBy }) => madeBy === migrationId) ?? null
    }
    // A call with a lease: under its epoch.
    const step = <T>(call: string, lease: Lease, happen: () => T): Promise<T> =>
      effect(host, call, () => {
        checkEpoch(lease)
        return happen()
      })

    return {
      describeProject: () =>
        effect(host, 'describe', () => ({
          containers: [...host.copies.values()]
            .filter(({ retiredBy }) => retiredBy === null)
            .map(({ id, member }) => ({ containerId: id, name: nameOf(member) })),
        })),
      describeWorkload: ({ container, measureVolumes }) =>
        effect(host, 'describe', () => {
          const here = [...host.copies.values()].filter(({ retiredBy }) => retiredBy === null)
          const found = here.find(({ member }) => container === nameOf(member)) ?? copy(container)
          const others = here.filter(({ madeBy, id }) => id !== found.id && madeBy === found.madeBy)
          return workloadOf(found, size === 1 ? [] : others, measureVolumes, labelled(fates))
        }),
      checkTarget: ({ workload, migrationId, workloadId }) =>
        effect(host, 'check', () => {
          const others = [...host.copies.values()].filter(
            (one) => one.retiredBy === null && one.madeBy !== migrationId && nameOf(one.member) === workload.name,
          )
          const adopted = host.notes.get(migrationId)?.adopted
          return {
            ...{ engine: null, imageId: host.image ? 'sha256:i' : '', warnings: [], freeBytes: 1e9, freeInodes: 1e6 },
            // There is room for the volume once.
            obstacles: [
              ...(made({ migrationId })?.writes.length && workload.volumes.some(({ usage }) => usage !== null)
                ? [{ code: 'DRAYAGE_TARGET_TOO_SMALL', message: 'no room for a second copy' }]
                : []),
              ...others
                .filter(({ id }) => id !== adopted)
                .map(({ id }) => ({ code: 'DRAYAGE_CONTAINER_EXISTS', message: `${id} is here` })),
            ],
            existingNetworks: [],
            retained: toldOf(retained(workloadId)),
          }
        }),
      grantEpoch: ({ lease, role }) =>
        step('grant', lease, () => {
          const previousEpoch = host.epochs.get(lease.workloadId) ?? 0
          host.epochs.set(lease.workloadId, lease.epoch)
          if (role === 'retired') return { previousEpoch }
          const known = host.notes.get(lease.migrationId)
          // What an older migration never came to forget.
          for (const [id, { workload }] of [...host.notes]) {
            if (id !== lease.migrationId && workload === lease.workloadId) host.notes.delete(id)
          }
          const fresh: Note = {
            ...{
              role,
              workload: lease.workloadId,
              policy: null,
              wasRunning: null,
              isolated: false,
              adopted: null,
              wantedPolicy: '',
            },
            ...{ confirmed: false, startAsked: false },
          }
          host.notes.set(lease.migrationId, known ?? fresh)
          return { previousEpoch }
        }),
      forgetMigration: ({ lease }) =>
        effect(host, 'forget', () => {
          host.notes.delete(lease.migrationId)
        }),
      receiveImage: async function* ({ lease }) {
        yield { bytes: 5, done: null }
        const done = await step('image', lease, () => {
          note(lease, 'target')
          if (!host.image) host.imageBroughtBy = lease.migrationId
          host.image = true
          return { imageId: 'sha256:i', loaded: host.imageBroughtBy === lease.migrationId }
        })
        yield { bytes: 10, done }
      },
      removeImage: ({ lease }) =>
        step('remove image', lease, () => {
          if (host.imageBroughtBy === lease.migrationId) host.image = false
          if (host.imageBroughtBy === lease.migrationId) host.imageBroughtBy = null
        }),
      holdSource: ({ lease, containerId }) =>
        step('hold', lease, () => {
          note(lease, 'source')
          copy(containerId).holder = lease.migrationId
        }),
      releaseSource: ({ lease }) =>
        step('release', lease, () => {
          for (const one of host.copies.values()) if (one.holder === lease.migrationId) one.holder = null
        }),
      keepLayer: unused,
      prepareTarget: ({ lease, workload, prepared }) =>
        step('prepare', lease, () => {
          const mine = note(lease, 'target')
          const kept = retained(lease.workloadId)
          for (const { containerId } of workload.uses) {
            const used = prepared.find(({ sourceContainerId }) => sourceContainerId === containerId)
            if (used === undefined || !host.copies.has(used.containerId ?? ''))
              throw new Error('made before what it uses')
          }
          if (mine.adopted === null && kept !== null) {
            if (looksChanged(kept)) throw new Error('a kept copy that nobody has touched looks changed')
            mine.adopted = kept.id
          }
          if (mine.adopted === null && made(lease) === null) {
            const member = members.find((one) => nameOf(one) === workload.name) ?? 1
            host.copies.set(`of ${lease.migrationId}`, newCopy(`of ${lease.migrationId}`, member, lease.migrationId))
          }
          const containerId = made(lease)?.id ?? ''
          const told = mine.adopted === null ? null : toldOf(copy(mine.adopted))
          return { containerId, createdNetworks: [], createdVolumes: [volumeName], warnings: [], retained: told }
        }),
      discardTarget: ({ lease }) =>
        step('discard', lease, () => {
          for (const one of [...host.copies.values()].filter(({ madeBy }) => madeBy === lease.migrationId)) {
            const mine = host.notes.get(lease.migrationId)
            if (one.running || mine === undefined || mine.startAsked) {
              throw new AppError('DRAYAGE_TARGET_CHANGED', 'it may be the only one')
            }
            host.copies.delete(one.id)
          }
        }),
      receiveVolume: async function* ({ lease, volume, final, source }) {
        yield { bytes: 1, entries: 0, result: null }
        await step(final ? 'copy' : 'live round', lease, () => {
          note(lease, 'target')
          const peer = hosts[source.host as keyof typeof hosts]
          const from = [...peer.copies.values()].find(({ holder }) => holder === lease.migrationId)
          const to = made(lease)
          if (from === undefined || to === null) throw new AppError('DRAYAGE_TRANSFER_FORBIDDEN', 'nothing to copy')
          const isShared = volume === sharedName
          const writers = isShared ? [...peer.copies.values()] : [from]
          if (final && (writers.some(({ running }) => running) || !from.isolated)) {
            throw new Error('copied for good from a source that may still write')
          }
          if (isShared && from.member !== 1) throw new Error('carried by another than the first')
          if (to.running) throw new Error('written under a container that runs')
          if (to.retiredBy !== null && !to.isolated) throw new Error('written to a retired copy that is not set aside')
          // A live round may tear: what was written last is missing, though what came after it may be there.
          const torn = (writes: readonly number[]) => (final ? [...writes] : writes.slice(0, -1))
          if (isShared) to.shared = torn(from.shared)
          else to.writes = torn(from.writes)
          to.partial = to.retiredBy !== null
          if (final) {
            from.remembered = contentOf(from)
            to.remembered = contentOf(to)
          }
        })
        const counts = { entries: 1, bytesSent: 21, contentBytes: 21, changedEntries: 1, changedBytes: 21 }
        const differing = final || host.badRounds === 0 ? [] : ['some/file']
        if (differing.length > 0) host.badRounds--
        const reread = { rereadBytes: final ? 0 : 21, rereadMs: 0, rereadDiffering: differing }
        const targetDigest = final && host.wrongCopies ? 'other' : 'd'
        const digests = { sourceDigest: 'd', targetDigest, skipped: [] }
        yield { bytes: 21, entries: 1, result: { ...counts, ...reread, ...digests } }
      },
      fenceSource: ({ lease, containerId }) =>
        step('fence', lease, () => {
          const mine = note(lease, 'source')
          mine.policy ??= copy(containerId).policy
          copy(containerId).policy = 'no'
          return { restartPolicyJson: JSON.stringify({ Name: mine.policy }) }
        }),
      unfenceSource: ({ lease, containerId }) =>
        step('unfence', lease, () => {
          const mine = noteToUndo(lease)
          if (mine?.policy) copy(containerId).policy = mine.policy
          if (mine) mine.policy = null
        }),
      stopSource: ({ lease, containerId }) =>
        step('stop', lease, () => {
          const mine = note(lease, 'source')
          mine.wasRunning ??= copy(containerId).running
          copy(containerId).running = false
          return { wasRunning: mine.wasRunning, exitCode: 0, killed: false, finishedAt: '' }
        }),
      restartSource: ({ lease, containerId }) =>
        step('restart', lease, () => {
          const mine = noteToUndo(lease)
          if (!mine) return
          if (copy(containerId).isolated) throw new Error('started while isolated')
          if (mine.wasRunning && sharesWhatIsAside(host)) throw new Error('started while what it shares is set aside')
          if (mine.wasRunning && lacksNetwork(host, copy(containerId))) {
            throw new AppError('DRAYAGE_ENGINE_REFUSED', 'it joins the network of a container that does not run')
          }
          if (mine.wasRunning) copy(containerId).running = true
          mine.wasRunning = null
        }),
      isolateSource: ({ lease, containerId }) =>
        step('isolate', lease, () => {
          const mine = note(lease, 'source')
          if (copy(containerId).running) throw new AppError('DRAYAGE_CONTAINER_NOT_STOPPED', 'it runs')
          mine.isolated = true
          copy(containerId).isolated = true
          return { volumes: [ownVolume(copy(containerId).member)], renamedTo: '' }
        }),
      restoreSource: ({ lease, containerId }) =>
        step('restore', lease, () => {
          const mine = noteToUndo(lease)
          if (mine?.isolated) copy(containerId).isolated = false
          if (mine) mine.isolated = false
        }),
      confirmTarget: ({ lease, containerId }) =>
        step('confirm', lease, () => {
          const target = made(lease)
          if (target?.id !== containerId || target.running) {
            throw new AppError('DRAYAGE_TARGET_CHANGED', 'what was prepared is gone, or runs')
          }
          note(lease, 'target').confirmed = true
        }),
      reinstateTarget: ({ lease, containerId }) =>
        step('reinstate', lease, () => {
          const mine = note(lease, 'target')
          if (mine.adopted !== containerId) return
          if (!mine.confirmed) throw new Error('reinstated before it was confirmed')
          const kept = copy(containerId)
          Object.assign(kept, { isolated: false, retiredBy: null, policy: 'always', partial: false })
        }),
      startTarget: ({ lease, containerId }) =>
        step('start', lease, () => {
          const mine = note(lease, 'target')
          const target = copy(containerId)
          if (target.isolated || target.retiredBy !== null) throw new Error('started while it is set aside or retired')
          if (sharesWhatIsAside(host)) throw new Error('started while what it shares is set aside')
          if (lacksNetwork(host, target)) throw new Error('started before what it uses')
          mine.startAsked = true
          if (host.comesUp === 'never-starts') throw new AppError('DRAYAGE_TARGET_NOT_STARTED', 'a port is taken')
          if (!target.running) target.starts += 1
          target.running = true
          target.partial = false
          if (host.comesUp === 'unhealthy') throw new AppError('DRAYAGE_TARGET_UNHEALTHY', 'its health check fails')
          return { verdict: 'settled', startedAt: '' }
        }),
      stopTarget: ({ lease, containerId }) =>
        step('stop target', lease, () => {
          if (host.notes.has(lease.migrationId)) copy(containerId).running = false
        }),
      runHook: ({ lease, containerId, hook }) =>
        step('hook', lease, () => {
          const name = hook.name as HookName
          const { startAsked } = note(lease, name === 'pre-stop' ? 'source' : 'target')
          if (name === 'post-start' && !startAsked) throw new Error('run before it was started')
          const ran = copy(containerId).running
          if (ran) hooksRun.push({ migration: lease.migrationId, name })
          const exitCode = ran && fates[name].startsWith('fails') ? 1 : 0
          return { ran, exitCode, timedOut: false, leftRunning: false, output: '', truncated: false }
        }),
      retireSource: ({ lease, containerId, notCopied }) =>
        step('retire', lease, () => {
          const left = copy(containerId)
          if (notCopied) left.remembered = null
          left.retiredBy = lease.migrationId
          left.workload = lease.workloadId
          left.running = false
        }),
      finalizeSource: ({ lease, containerId, retiredMigrationId }) =>
        step('finalize', lease, () => {
          const left = host.copies.get(containerId)
          if (left === undefined) return { removed: [] }
          if (left.retiredBy !== retiredMigrationId || left.running) {
            throw new AppError('DRAYAGE_RETAINED_CHANGED', 'it is not what was retired')
          }
          const users = [...host.copies.values()].filter(({ member }) => size > 1 && left.member === 1 && member !== 1)
          if (users.length > 0) throw new Error('a volume is removed that others refer to')
          host.copies.delete(containerId)
          return { removed: [`container ${containerId}`] }
        }),
      describeStanding: unused,
      settleWorkload: unused,
      forgetCopy: () => effect(host, 'forget copy', () => {}),
    }
  }

  const agents = { 'host-1': agentOf(hosts['host-1']), 'host-2': agentOf(hosts['host-2']) }
  const known: Hosts['known'] = async (host) => ({
    agent: agents[host as keyof typeof agents],
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
    copyAt: (host: string, id: string): Copy | undefined => hosts[host as keyof typeof hosts].copies.get(id),
    running: () => all().filter((copy) => copy.running),
    acknowledged: (of: Member | 'shared' = 1): readonly number[] => acknowledged.get(of) ?? [],
    everBothRunning: () => everBothRunning,
    // Each time that one was run.
    hooksRun: (): readonly { readonly migration: string; readonly name: HookName }[] => hooksRun,
    violations: (): readonly string[] => violations,
  }
}
