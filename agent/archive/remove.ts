// A volume that nothing uses, removed by its engine. The coordinator has found that nobody has a part in it; here the
// engine is asked again, and this agent's own notes, since containers are made without asking anybody.
import { readdir } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { AppError } from '../../shared/errors.ts'
import type { RemovalReport } from '../../shared/rpc/generated/drayage/v1/RemovalReport.ts'
import type { RemoveVolumeRequest__Output } from '../../shared/rpc/generated/drayage/v1/RemoveVolumeRequest.ts'
import { reporting } from '../../shared/rpc/liveness.ts'
import type { Engine, VolumeState } from '../docker/engine.ts'
import type { EnginePaths } from '../engine-paths.ts'
import type { Log } from '../log.ts'
import { asideOf } from '../set-aside/set-aside.ts'
import type { Note } from '../state/migrations.ts'
import type { State } from '../state/state.ts'
import type { VolumeEngine } from '../volume/engine.ts'
import { requirePlain } from './at-hand.ts'

type Context = {
  readonly engine: Pick<Engine, 'volume' | 'usersOf' | 'removeVolume'>
  readonly volumes: Pick<VolumeEngine, 'identify' | 'digest'>
  readonly paths: EnginePaths
  readonly state: {
    readonly migrations: Pick<State['migrations'], 'all'>
    readonly retired: Pick<State['retired'], 'all'>
    readonly imports: Pick<State['imports'], 'all'>
  }
  readonly log: Pick<Log, 'info'>
}

const reportEveryMs = 1_000

export const removeVolume = async function* (
  context: Context,
  listed: RemoveVolumeRequest__Output,
  signal: AbortSignal,
): AsyncGenerator<RemovalReport> {
  const { engine, volumes, log } = context
  const name = listed.volume
  const root = await requireRemovable(context, listed)
  let bytes = 0
  if (listed.digest !== '') {
    const identity = await volumes.identify(root)
    const ended = new AbortController()
    const reading = volumes.digest(root, {
      signal: AbortSignal.any([signal, ended.signal]),
      onProgress: (progress) => {
        bytes = progress.bytes
      },
    })
    try {
      const { digest } = yield* reporting(reading, reportEveryMs, () => ({ bytes, removed: false }))
      if (digest !== listed.digest) throw changed(name, 'it does not hold any more what was exported')
    } finally {
      ended.abort()
      await reading.catch(() => {})
    }
    await requireRemovable(context, listed)
    if ((await volumes.identify(root)) !== identity) throw changed(name, 'its directory is another one than was read')
  }
  // What is asked of the engine cannot be taken back.
  if (signal.aborted) throw new AppError('DRAYAGE_CANCELLED', `${name} was not removed: whoever asked has gone.`)
  const removing = engine.removeVolume(name)
  // Whoever waits for it may leave first.
  removing.catch(() => {})
  yield* reporting(removing, reportEveryMs, () => ({ bytes, removed: false }))
  log.info(
    { volume: name, createdAt: listed.createdAt, digest: listed.digest },
    'A volume that nothing used was removed',
  )
  yield { bytes, removed: true }
}

// Answers where it is, as this agent sees it.
const requireRemovable = async (
  { engine, paths, state }: Context,
  listed: RemoveVolumeRequest__Output,
): Promise<string> => {
  const volume = await engine.volume(listed.volume)
  requireListed(volume, listed)
  requirePlain(volume)
  requireNoPart(state, volume)
  const root = paths.here(volume.mountpoint)
  await requireNothingBeside(volume.name, root)
  const users = (await engine.usersOf(volume)).map((container) => container.name).toSorted()
  if (users.length === 0) return root
  throw new AppError(
    'DRAYAGE_VOLUME_IN_USE',
    `The volume ${volume.name} was not removed: ${users.join(', ')} ${users.length === 1 ? 'refers' : 'refer'} to it.`,
    { details: { containers: users } },
  )
}

// Docker gives times to the second, and some as local offsets.
const isSameTime = (a: string, b: string): boolean => a === b || Date.parse(a) === Date.parse(b)

const requireListed = (volume: VolumeState, listed: RemoveVolumeRequest__Output): void => {
  const { name, driver, mountpoint, createdAt } = volume
  if (driver === listed.driver && mountpoint === listed.mountpoint && isSameTime(createdAt, listed.createdAt)) return
  throw changed(name, `it is another one than was listed, made at ${createdAt} and not at ${listed.createdAt}`)
}

const changed = (name: string, why: string): AppError =>
  new AppError('DRAYAGE_VOLUME_CHANGED', `The volume ${name} was not removed: ${why}. List the orphans again.`)

const requireNoPart = (
  { migrations, retired, imports }: Context['state'],
  { name, migrationId }: VolumeState,
): void => {
  const note = migrations.all().find((one) => one.migrationId === migrationId || volumesOf(one).includes(name))
  if (note !== undefined) throw notOrphaned(name, `the migration ${note.migrationId} has a part in it`)
  const kept = retired.all().find(({ volumes }) => volumes.some((volume) => volume.name === name))
  if (kept !== undefined) {
    throw notOrphaned(name, `the migration ${kept.migrationId} keeps what ${kept.containerName} left behind in it`)
  }
  const coming = imports.all().find(({ volume }) => volume === name)
  if (coming !== undefined) throw notOrphaned(name, `an import into it is under way (transfer ${coming.transferId})`)
}

const volumesOf = (note: Note): string[] => {
  const noted =
    note.role === 'source' ? [...note.volumes, ...(note.isolated?.volumes ?? [])] : (note.adopted?.volumes ?? [])
  return noted.map(({ name }) => name)
}

// The engine removes the folder around the volume's directory, and everything in it.
const requireNothingBeside = async (name: string, root: string): Promise<void> => {
  const beside = await readdir(dirname(root)).catch((thrown: NodeJS.ErrnoException) => {
    throw new AppError(
      'DRAYAGE_VOLUME_UNREADABLE',
      `${dirname(root)} cannot be read by the agent of this host (${thrown.code}), so that nobody knows what would go with the volume ${name}. It was not removed.`,
      { cause: thrown },
    )
  })
  const aside = beside.filter((entry) => entry.startsWith(basename(asideOf(root, ''))))
  if (aside.length > 0)
    throw notOrphaned(name, `data was set aside beside it (${aside.join(', ')}), and would go with it`)
  if (!beside.includes(basename(root)))
    throw notOrphaned(name, `its directory ${root} is not there: find out who moved it`)
}

const notOrphaned = (name: string, why: string): AppError =>
  new AppError('DRAYAGE_VOLUME_NOT_ORPHANED', `The volume ${name} was not removed: ${why}.`)
