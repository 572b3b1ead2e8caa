import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { VolumeArchive } from '../../shared/api/archives.ts'
import type { Problem } from '../../shared/api/common.ts'
import { type Orphan, standsFor } from '../../shared/api/orphans.ts'
import { AppError, asAppError } from '../../shared/errors.ts'
import type { ArchiveClient } from '../api/archives.ts'
import { connect, connectArchives } from '../api/connection.ts'
import { problemOf } from '../api/problem.ts'
import { toFile, verified } from '../api/tarball-file.ts'
import { removalText } from '../display/removal.ts'
import { createTransferReporter, type TransferReporter } from '../display/transfer-reporter.ts'
import { type Answer, answering, type ClientFlags, clientCommand, examples, viewFor } from './client-command.ts'
import { interruptible } from './interruptible.ts'
import { addOrphanFilters, type OrphanFilters, orphansQuery } from './orphan-filters.ts'

type Flags = ClientFlags & OrphanFilters & { readonly yes?: true; readonly exportTo?: string }

export type Removal = {
  readonly dryRun: boolean
  // With --yes, what was; otherwise what would be.
  readonly removed: readonly (Orphan & { readonly archive: (VolumeArchive & { readonly file: string }) | null })[]
  readonly failed: readonly (Orphan & { readonly problem: Problem })[]
  readonly leftAlone: readonly Orphan[]
}

const invalid = (message: string): AppError =>
  new AppError('DRAYAGE_INVALID_REQUEST', `${message} Nothing was removed.`)

// A name stands for one volume, or for none: never for several.
const requireOneEach = (orphans: readonly Orphan[], names: readonly string[]): void => {
  for (const wanted of names) {
    const meant = orphans.filter(({ name }) => standsFor(wanted, name))
    if (meant.length === 0) {
      throw new AppError(
        'DRAYAGE_VOLUME_NOT_FOUND',
        `There is no ${wanted} among the volumes that nothing uses: it is used, or its host is not known now, or it is not there. Nothing was removed.`,
      )
    }
    if (meant.length === 1) continue
    const places = meant.map(({ host, name }) => `${host}/${name}`).join(', ')
    throw invalid(`"${wanted}" stands for several volumes: ${places}. Give the whole name, and --host.`)
  }
}

// What a filter alone does not reach is removed where it is named.
const isMeant = ({ verdict }: Orphan, isNamed: boolean): boolean =>
  verdict === 'orphan' || (verdict === 'debris' && isNamed)

const exported = async (
  client: ArchiveClient,
  orphan: Orphan,
  folder: string,
  reporter: TransferReporter,
  signal: AbortSignal,
) => {
  const file = join(folder, `${orphan.host}.${orphan.name}.tar`)
  const answer = await client.exportVolume({ host: orphan.host, volume: orphan.name, live: false }, signal)
  await toFile(file, verified(answer, reporter), 'new')
  return { ...answer.summary(), file }
}

// Our own export lets go of the volume a moment after its last byte.
const letGoWithinMs = 10_000

const remove = async (
  client: ArchiveClient,
  orphan: Orphan,
  digest: string | undefined,
  reporter: TransferReporter,
  signal: AbortSignal,
) => {
  const { host, name, driver, mountpoint, createdAt, sizeBytes } = orphan
  const listed = { driver, mountpoint, createdAt, ...(digest === undefined ? {} : { digest }) }
  const giveUpAt = performance.now() + letGoWithinMs
  for (;;) {
    try {
      return await client.removeVolume(
        { host, volume: name },
        listed,
        (bytes) => reporter.progress(bytes, sizeBytes),
        signal,
      )
    } catch (thrown) {
      const isBusy = thrown instanceof AppError && thrown.code === 'DRAYAGE_VOLUME_BUSY'
      if (!isBusy || digest === undefined || performance.now() > giveUpAt) throw thrown
      await pause(50, undefined, { signal })
    }
  }
}

const interrupted = (cause: unknown): AppError =>
  new AppError(
    'DRAYAGE_CANCELLED',
    'Interrupted. What the engine had begun to remove goes all the same; of the others nothing was removed.',
    { cause },
  )

// Goes on after one that stays; the exit code is the first failure's.
const removeAll = (
  orphans: readonly Orphan[],
  { exportTo, ...flags }: Flags,
): Promise<Pick<Removal, 'removed' | 'failed'>> =>
  interruptible(async (signal) => {
    const client = connectArchives(flags)
    const removed: Removal['removed'][number][] = []
    const failed: Removal['failed'][number][] = []
    for (const orphan of orphans) {
      const reporter = createTransferReporter(process.stderr, `${orphan.host}/${orphan.name}`)
      try {
        const archive = exportTo === undefined ? null : await exported(client, orphan, exportTo, reporter, signal)
        await remove(client, orphan, archive?.digest, reporter, signal)
        removed.push({ ...orphan, archive })
      } catch (thrown) {
        const error = signal.aborted ? interrupted(thrown) : asAppError(thrown)
        process.exitCode ??= error.meaning.exit
        failed.push({ ...orphan, problem: problemOf(error) })
        if (signal.aborted) break
      } finally {
        reporter.close()
      }
    }
    return { removed, failed }
  })

const run = (names: readonly string[], flags: Flags): Promise<void> =>
  answering(flags, async (): Promise<Answer> => {
    const query = orphansQuery(flags, names)
    if (flags.yes && Object.keys(query).length === 0) {
      throw invalid('Say which: by name, or by a filter such as --anonymous, --older-than 30d or --host.')
    }
    if (flags.exportTo !== undefined && !(await stat(flags.exportTo).catch(() => null))?.isDirectory()) {
      throw invalid(`--export-to "${flags.exportTo}" is no folder that is there.`)
    }
    const { orphans } = await connect(flags).orphans(query)
    requireOneEach(orphans, names)
    const meant = orphans.filter((orphan) => isMeant(orphan, names.length > 0))
    const leftAlone = orphans.filter((orphan) => !meant.includes(orphan))
    if (names.length > 0 && leftAlone.length > 0) process.exitCode = 4
    const json: Removal = flags.yes
      ? { dryRun: false, ...(await removeAll(meant, flags)), leftAlone }
      : { dryRun: true, removed: meant.map((orphan) => ({ ...orphan, archive: null })), failed: [], leftAlone }
    return { json, text: removalText(json, viewFor({ full: true })) }
  })

export const removeOrphansCommand = (): Command =>
  addOrphanFilters(
    clientCommand('rm', 'remove volumes that nothing uses').argument(
      '[names...]',
      'these; of a name of 64 hexadecimal digits, twelve or more do',
    ),
  )
    .option('--yes', 'do it: without, it shows what would be removed')
    .option('--export-to <folder>', 'first write each there as HOST.VOLUME.tar, and remove only what is exactly that')
    .description(
      'Remove volumes that no container refers to, for good. Without --yes it only shows which. All filters apply at once.\n\n' +
        'Just before each is removed, its host asks its engine again: a volume that a container was made for in between, or that ' +
        'is another one than was listed, stays. What a migration has or keeps stays, and what others may use; dray orphans says ' +
        'why. What an undone migration left (debris) goes only where it is named.\n\n' +
        'With --export-to, a tarball of each is written first, verified and on the disk, and an earlier one is never written ' +
        'over. Then the volume is read once more, and removed only if it still holds exactly what the tarball does. dray volume ' +
        'import brings one back.',
    )
    .addHelpText(
      'after',
      examples(
        [
          'dray orphans rm --anonymous --older-than 30d                          (shows what would go)',
          'dray orphans rm --anonymous --older-than 30d --export-to /backup --yes',
          'dray orphans rm --host host-1 blog_data --yes',
          'dray volume import host-1/blog_data -i /backup/host-1.blog_data.tar   (brings it back)',
        ],
        0,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        130,
      ),
    )
    .action(run)
