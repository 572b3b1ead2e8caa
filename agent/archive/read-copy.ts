// What a migration has left of a volume on one side, read whole from the disk for its digest: so that a copy that is kept
// can be compared with the receipt, as long afterwards as it is kept.
import { AppError } from '../../shared/errors.ts'
import type { CopyReport } from '../../shared/rpc/generated/drayage/v1/CopyReport.ts'
import type { ReadCopyRequest__Output } from '../../shared/rpc/generated/drayage/v1/ReadCopyRequest.ts'
import { reporting } from '../../shared/rpc/liveness.ts'
import type { Engine } from '../docker/engine.ts'
import type { EnginePaths } from '../engine-paths.ts'
import { asideOf } from '../set-aside/set-aside.ts'
import type { State } from '../state/state.ts'
import { devicePolicyOf, type VolumeEngine } from '../volume/engine.ts'

type Context = {
  readonly engine: Pick<Engine, 'volume' | 'runningUsers'>
  readonly volumes: Pick<VolumeEngine, 'digest'>
  readonly paths: EnginePaths
  readonly state: Pick<State, 'retired'>
}

const progressEveryMs = 1_000

export const readCopy = async function* (
  context: Context,
  { migrationId, volume, side, devices }: ReadCopyRequest__Output,
  signal: AbortSignal,
): AsyncGenerator<CopyReport> {
  const root = await rootOf(context, migrationId, volume, side)
  const ended = new AbortController()
  let bytes = 0
  const reading = context.volumes.digest(root, {
    devices: devicePolicyOf(devices),
    signal: AbortSignal.any([signal, ended.signal]),
    onProgress: (progress) => {
      bytes = progress.bytes
    },
  })
  try {
    const { digest, entries, volumeBytes } = yield* reporting(reading, progressEveryMs, () => ({ bytes }))
    yield { bytes, read: { digest, entries, contentBytes: volumeBytes } }
  } finally {
    ended.abort()
    await reading.catch(() => {})
  }
}

const rootOf = async (context: Context, migrationId: string, volume: string, side: string): Promise<string> => {
  if (side === 'source') return keptRoot(context, migrationId, volume)
  if (side === 'target') return targetRoot(context, migrationId, volume)
  throw new AppError('DRAYAGE_INVALID_REQUEST', `"${side}" is neither source nor target. Nothing was read.`)
}

// Where it was set aside nothing runs on it.
const keptRoot = ({ paths, state }: Context, migrationId: string, name: string): string => {
  const kept = state.retired
    .all()
    .find((workload) => workload.migrationId === migrationId)
    ?.volumes.find((volume) => volume.name === name)
  if (kept === undefined) throw notKept(`no data of the volume ${name}`, migrationId)
  return asideOf(paths.here(kept.mountpoint), migrationId)
}

const targetRoot = async ({ engine, paths }: Context, migrationId: string, name: string): Promise<string> => {
  const volume = await engine.volume(name)
  if (volume.migrationId !== migrationId) throw notKept(`no volume ${name} that it made`, migrationId)
  const running = await engine.runningUsers([volume])
  if (running.length === 0) return paths.here(volume.mountpoint)
  const names = running.map((container) => container.name).toSorted()
  throw new AppError(
    'DRAYAGE_VOLUME_IN_USE',
    `The volume ${name} is used by ${names.join(', ')}, which ${names.length === 1 ? 'runs' : 'run'} and may write to it: it was not read.`,
    { details: { containers: names } },
  )
}

const notKept = (what: string, migrationId: string): AppError =>
  new AppError(
    'DRAYAGE_VOLUME_NOT_FOUND',
    `This host keeps ${what} of migration ${migrationId}: it was removed, brought back, or moved on since.`,
  )
