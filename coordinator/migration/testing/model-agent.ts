// What each call of proto/agent.proto does to a host of the model, and nothing else.
import { AppError } from '../../../shared/errors.ts'
import type { HookName } from '../../../shared/hooks/hook.ts'
import type { AgentPort, TargetCheck } from '../ports.ts'
import type { Lease } from '../record.ts'
import {
  type Copy,
  type Member,
  type ModelHost,
  type Note,
  nameOf,
  newCopy,
  ownVolume,
  sharedName,
  volumeName,
} from './model-host.ts'
import { type HookFates, labelled, memberOf, workloadOf } from './model-workload.ts'

export type HostName = 'host-1' | 'host-2'

export type ModelWorld = {
  readonly hosts: Readonly<Record<HostName, ModelHost>>
  readonly members: readonly Member[]
  readonly fates: HookFates
  // Each time that one was run.
  readonly hooksRun: { readonly migration: string; readonly name: HookName }[]
  // Serves a call, or lets happen to it what is to.
  readonly effect: <T>(host: ModelHost, call: string, work: () => T) => Promise<T>
  readonly sharesWhatIsAside: (host: ModelHost) => boolean
  // The network that it uses is that of one which does not run: an engine refuses to start it.
  readonly lacksNetwork: (host: ModelHost, copy: Copy) => boolean
}

const unused = () => {
  throw new Error('no migration asks for this')
}

export const agentOf = (host: ModelHost, world: ModelWorld): AgentPort => {
  const { hosts, members, fates, hooksRun, effect, sharesWhatIsAside, lacksNetwork } = world
  const isAlone = members.length === 1
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
  const checkOne: (target: Parameters<AgentPort['checkTargets']>[0]['targets'][number]) => TargetCheck = ({
    workload,
    migrationId,
    workloadId,
  }) => {
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
        volumes: [],
      })),
    describeWorkloads: ({ containers, measureVolumes }) =>
      effect(host, 'describe', () => {
        const here = [...host.copies.values()].filter(({ retiredBy }) => retiredBy === null)
        const set = new Map<string, Copy>()
        const workloads = containers.map((container) => {
          const found = here.find(({ member }) => container === nameOf(member)) ?? copy(container)
          const others = here.filter(({ madeBy, id }) => !isAlone && id !== found.id && madeBy === found.madeBy)
          for (const other of others) set.set(other.id, other)
          return workloadOf(found, others, measureVolumes, labelled(fates))
        })
        return { workloads, moveSet: [...set.values()].map(memberOf) }
      }),
    lookAtLayer: ({ containerId }) =>
      effect(host, 'look at layer', () => {
        copy(containerId)
        return { changes: 0, paths: [], bytes: 0 }
      }),
    checkTargets: ({ targets }) => effect(host, 'check', () => ({ checks: targets.map(checkOne) })),
    measureReading: () => effect(host, 'measure', () => ({ bytesPerSecond: 4_000_000, filesPerSecond: 4_000 })),
    measureWriting: () => effect(host, 'measure', () => ({ bytesPerSecond: 2_000_000, filesPerSecond: 1_000 })),
    measureLine: () => effect(host, 'measure', () => ({ bytesPerSecond: 1_000_000 })),
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
        return { imageId: 'sha256:i', loaded: host.imageBroughtBy === lease.migrationId, notPulled: '' }
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
        const peer = hosts[source.host as HostName]
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
        const users = [...host.copies.values()].filter(({ member }) => !isAlone && left.member === 1 && member !== 1)
        if (users.length > 0) throw new Error('a volume is removed that others refer to')
        host.copies.delete(containerId)
        return { removed: [`container ${containerId}`] }
      }),
    describeStanding: unused,
    settleWorkload: unused,
    forgetCopy: () => effect(host, 'forget copy', () => {}),
  }
}
