// A model of two hosts and their agents: what each call of proto/agent.proto does to the world, and nothing else. Every
// call may be made to fail before its effect, after it, or to kill the coordinator there.
import { AppError } from '../../../shared/errors.ts'
import type { AgentPort, Hosts } from '../ports.ts'
import type { Workload } from '../record.ts'

export type Fault =
  | 'none'
  | 'lost-request'
  | 'lost-reply'
  | 'refused'
  | 'coordinator-dies-before'
  | 'coordinator-dies-after'

// Thrown to whoever drives: the process is gone, nothing after it runs.
export class CoordinatorDied extends Error {}

export const volumeName = 'data'

export const createTwoHosts = (nextFault: (call: string) => Fault) => {
  const source = {
    exists: true,
    running: true,
    restartPolicy: 'always',
    isolated: false,
    retired: false,
    held: false,
    epoch: 0,
    notes: { policy: null as string | null, wasRunning: null as boolean | null },
    content: 'written by the source',
  }
  const target = {
    image: false,
    imageLoadedByUs: false,
    container: false,
    volume: null as string | null,
    running: false,
    starts: 0,
    epoch: 0,
    // So many rounds more its disk gives back other than was written to it.
    badRounds: 0,
  }
  let everBothRunning = false
  const look = () => {
    everBothRunning ||= source.running && target.running
  }

  const effect = async <T>(call: string, happen: () => T): Promise<T> => {
    const fault = nextFault(call)
    if (fault === 'coordinator-dies-before') throw new CoordinatorDied(call)
    if (fault === 'lost-request') throw new AppError('DRAYAGE_AGENT_UNREACHABLE', `${call}: no answer`)
    if (fault === 'refused') throw new AppError('DRAYAGE_ENGINE_REFUSED', `${call}: refused`)
    const result = happen()
    look()
    if (fault === 'coordinator-dies-after') throw new CoordinatorDied(call)
    if (fault === 'lost-reply') throw new AppError('DRAYAGE_AGENT_UNREACHABLE', `${call}: the reply was lost`)
    return result
  }

  const workload = (measured: boolean): Workload =>
    ({
      containerId: 'c1',
      name: 'web',
      state: source.running ? 'running' : 'exited',
      specJson: '{}',
      image: {
        id: 'sha256:i',
        reference: 'app:1',
        tags: [],
        layers: [],
        os: 'linux',
        architecture: 'amd64',
        sizeBytes: 10,
        configuration: '',
      },
      volumes: [
        {
          name: volumeName,
          driver: 'local',
          options: {},
          labels: {},
          mountpoint: '/v',
          createdAt: '',
          anonymous: false,
          destination: '/data',
          readOnly: false,
          rootIdentity: '1:2',
          usage: measured
            ? { entries: 1, apparentBytes: 21, diskBytes: 4096, devices: 1, devicePaths: ['dev/null'] }
            : null,
        },
      ],
      networks: [],
      ports: [],
      obstacles: [],
      warnings: [],
      engine: null,
      hasHealthcheck: false,
      stopTimeoutSeconds: 10,
    }) satisfies Workload

  const unused = () => {
    throw new Error('the other side has this')
  }

  const requireEpoch = (held: number, epoch: number) => {
    if (epoch < held) throw new AppError('DRAYAGE_EPOCH_STALE', 'stale')
  }

  const common = {
    describeStanding: unused,
    settleWorkload: unused,
    describeWorkload: unused,
    checkTarget: unused,
    receiveImage: unused,
    removeImage: unused,
    holdSource: unused,
    releaseSource: unused,
    prepareTarget: unused,
    discardTarget: unused,
    receiveVolume: unused,
    fenceSource: unused,
    unfenceSource: unused,
    stopSource: unused,
    restartSource: unused,
    isolateSource: unused,
    restoreSource: unused,
    confirmTarget: unused,
    startTarget: unused,
    retireSource: unused,
  }

  const sourceAgent: AgentPort = {
    ...common,
    describeWorkload: ({ measureVolumes }) => effect('describe', () => workload(measureVolumes)),
    grantEpoch: ({ lease }) =>
      effect('grant source', () => {
        requireEpoch(source.epoch, lease.epoch)
        const previousEpoch = source.epoch
        source.epoch = lease.epoch
        return { previousEpoch }
      }),
    forgetMigration: () =>
      effect('forget source', () => {
        source.notes = { policy: null, wasRunning: null }
      }),
    holdSource: () =>
      effect('hold', () => {
        source.held = true
      }),
    releaseSource: () =>
      effect('release', () => {
        source.held = false
      }),
    fenceSource: () =>
      effect('fence', () => {
        source.notes.policy ??= source.restartPolicy
        source.restartPolicy = 'no'
        return { restartPolicyJson: JSON.stringify({ Name: source.notes.policy }) }
      }),
    unfenceSource: () =>
      effect('unfence', () => {
        source.restartPolicy = source.notes.policy ?? source.restartPolicy
      }),
    stopSource: () =>
      effect('stop', () => {
        source.notes.wasRunning ??= source.running
        source.running = false
        return { wasRunning: source.notes.wasRunning, exitCode: 0, killed: false, finishedAt: '' }
      }),
    restartSource: () =>
      effect('restart', () => {
        if (source.isolated) throw new Error('started while isolated')
        if (source.notes.wasRunning) source.running = true
      }),
    isolateSource: () =>
      effect('isolate', () => {
        source.isolated = true
        return { volumes: [volumeName], renamedTo: '' }
      }),
    restoreSource: () =>
      effect('restore', () => {
        source.isolated = false
      }),
    retireSource: () =>
      effect('retire', () => {
        source.retired = true
      }),
  }

  const targetAgent: AgentPort = {
    ...common,
    checkTarget: ({ workload }) =>
      effect('check', () => ({
        engine: null,
        imageId: target.image ? 'sha256:i' : '',
        // There is room for the volume once.
        obstacles:
          target.volume !== null && workload.volumes.some(({ usage }) => usage !== null)
            ? [{ code: 'DRAYAGE_TARGET_TOO_SMALL', message: 'no room for a second copy' }]
            : [],
        warnings: [],
        freeBytes: 1e9,
        freeInodes: 1e6,
        existingNetworks: [],
      })),
    grantEpoch: ({ lease }) =>
      effect('grant target', () => {
        requireEpoch(target.epoch, lease.epoch)
        const previousEpoch = target.epoch
        target.epoch = lease.epoch
        return { previousEpoch }
      }),
    forgetMigration: () => effect('forget target', () => {}),
    receiveImage: async function* () {
      yield { bytes: 5, done: null }
      const imageId = await effect('image', () => {
        target.imageLoadedByUs ||= !target.image
        target.image = true
        return 'sha256:i'
      })
      yield { bytes: 10, done: { imageId, loaded: target.imageLoadedByUs } }
    },
    removeImage: () =>
      effect('remove image', () => {
        if (target.imageLoadedByUs) target.image = false
        target.imageLoadedByUs = false
      }),
    prepareTarget: () =>
      effect('prepare', () => {
        target.container = true
        target.volume ??= 'copied up from the image'
        return { containerId: 'c2', createdNetworks: [], createdVolumes: [volumeName], warnings: [] }
      }),
    discardTarget: () =>
      effect('discard', () => {
        target.container = false
        target.volume = null
      }),
    receiveVolume: async function* ({ final }) {
      yield { bytes: 1, entries: 0, result: null }
      await effect(final ? 'copy' : 'live round', () => {
        if (final && (source.running || !source.isolated)) {
          throw new Error('copied for good from a source that may still write')
        }
        target.volume = final ? source.content : `${source.content}, as it was some time ago`
      })
      const counts = { entries: 1, bytesSent: 21, contentBytes: 21, changedEntries: 1, changedBytes: 21 }
      const differing = final || target.badRounds === 0 ? [] : ['some/file']
      if (differing.length > 0) target.badRounds--
      const reread = { rereadBytes: final ? 0 : 21, rereadMs: 0, rereadDiffering: differing }
      const result = { ...counts, ...reread, sourceDigest: 'd', targetDigest: 'd', skipped: [] }
      yield { bytes: 21, entries: 1, result }
    },
    confirmTarget: () =>
      effect('confirm', () => {
        if (target.container && target.volume !== null && !target.running) return
        throw new AppError('DRAYAGE_TARGET_CHANGED', 'what was prepared is gone, or runs')
      }),
    startTarget: ({ lease }) =>
      effect('start', () => {
        requireEpoch(target.epoch, lease.epoch)
        if (!target.running) target.starts += 1
        target.running = true
        return { verdict: 'settled', startedAt: '' }
      }),
  }

  const hosts: Hosts = {
    online: async (host) => hosts.known(host),
    known: async (host) => ({ agent: host === 'host-1' ? sourceAgent : targetAgent, address: `${host}:8442` }),
  }

  return { source, target, hosts, everBothRunning: () => everBothRunning }
}
