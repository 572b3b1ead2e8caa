// What a migration has left of a volume on one side, read whole from the disk for its digest: so that a copy that is kept
// can be compared with the receipt, as long afterwards as it is kept.
import { AppError } from '../../shared/errors.ts'
import type { CopyReport } from '../../shared/rpc/generated/drayage/v1/CopyReport.ts'
import type { ReadCopyRequest__Output } from '../../shared/rpc/generated/drayage/v1/ReadCopyRequest.ts'
import { reporting } from '../../shared/rpc/liveness.ts'
import { runningInside } from '../binds/source.ts'
import type { ContainerName, Engine } from '../docker/engine.ts'
import type { EnginePaths } from '../engine-paths.ts'
import { asideOf } from '../set-aside/set-aside.ts'
import type { State } from '../state/state.ts'
import { displayPath, fromBytes } from '../volume/byte-string.ts'
import { devicePolicyOf, type VolumeEngine } from '../volume/engine.ts'

type Context = {
  readonly engine: Pick<Engine, 'volume' | 'runningUsers' | 'hostMounts'>
  readonly volumes: Pick<VolumeEngine, 'digest'>
  readonly paths: EnginePaths
  readonly state: Pick<State, 'retired' | 'arrived' | 'roundMemory'>
}

const progressEveryMs = 1_000

type Copy = { readonly root: string; readonly workloadId: string | undefined }

export const readCopy = async function* (
  context: Context,
  { migrationId, volume, side, devices, expectedDigest }: ReadCopyRequest__Output,
  signal: AbortSignal,
): AsyncGenerator<CopyReport> {
  const { root, workloadId } = await copyOf(context, migrationId, volume, side)
  const memory = workloadId === undefined ? undefined : await context.state.roundMemory.of(workloadId, volume)
  const ended = new AbortController()
  let bytes = 0
  const reading = context.volumes.digest(root, {
    devices: devicePolicyOf(devices),
    ...(memory !== undefined && { against: { memory, digest: expectedDigest } }),
    signal: AbortSignal.any([signal, ended.signal]),
    onProgress: (progress) => {
      bytes = progress.bytes
    },
  })
  try {
    const read = yield* reporting(reading, progressEveryMs, () => ({ bytes }))
    const { digest, entries, volumeBytes } = read
    const differing = read.differing.map((path) => displayPath(fromBytes(path)))
    yield { bytes, read: { digest, entries, contentBytes: volumeBytes, differing } }
  } finally {
    ended.abort()
    await reading.catch(() => {})
  }
}

const copyOf = async (context: Context, migrationId: string, volume: string, side: string): Promise<Copy> => {
  if (side === 'source') return keptCopy(context, migrationId, volume)
  if (side === 'target') return targetCopy(context, migrationId, volume)
  throw new AppError('DRAYAGE_INVALID_REQUEST', `"${side}" is neither source nor target. Nothing was read.`)
}

// Where it was set aside nothing runs on it.
const keptCopy = ({ paths, state }: Context, migrationId: string, name: string): Copy => {
  const workload = state.retired.all().find((retired) => retired.migrationId === migrationId)
  const bind = workload?.binds?.find(({ path }) => path === name)
  if (bind !== undefined) return { root: paths.here(bind.path), workloadId: workload?.workloadId }
  const kept = workload?.volumes.find((volume) => volume.name === name)
  if (kept === undefined) throw notKept(`no data of the volume ${name}`, migrationId)
  return { root: asideOf(paths.here(kept.mountpoint), migrationId), workloadId: workload?.workloadId }
}

// The label is of the migration that made the volume; one that came back took it as it was.
const targetCopy = async (context: Context, migrationId: string, name: string): Promise<Copy> => {
  const { engine, paths, state } = context
  const arrival = state.arrived.all().find((arrived) => arrived.migrationId === migrationId)
  const bind = arrival?.binds?.find(({ path }) => path === name)
  if (bind !== undefined) {
    requireNotUsed(`The directory ${name}`, await runningInside(context, [bind]))
    return { root: paths.here(name), workloadId: arrival?.workloadId }
  }
  const volume = await engine.volume(name)
  const movedOn = state.retired.all().some(({ volumes }) => volumes.some((kept) => kept.name === name))
  if (movedOn || (volume.migrationId !== migrationId && arrival === undefined)) {
    throw notKept(`no volume ${name}`, migrationId)
  }
  requireNotUsed(`The volume ${name}`, await engine.runningUsers([volume]))
  return { root: paths.here(volume.mountpoint), workloadId: arrival?.workloadId }
}

const requireNotUsed = (what: string, running: readonly Pick<ContainerName, 'name'>[]): void => {
  if (running.length === 0) return
  const names = running.map((container) => container.name).toSorted()
  throw new AppError(
    'DRAYAGE_VOLUME_IN_USE',
    `${what} is used by ${names.join(', ')}, which ${names.length === 1 ? 'runs' : 'run'} and may write to it: it was not read.`,
    { details: { containers: names } },
  )
}

const notKept = (what: string, migrationId: string): AppError =>
  new AppError(
    'DRAYAGE_VOLUME_NOT_FOUND',
    `This host keeps ${what} of migration ${migrationId}: it was removed, brought back, or moved on since.`,
  )
