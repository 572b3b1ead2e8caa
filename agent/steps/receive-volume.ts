// precopy, finalcopy: the target pulls a round of one volume, and answers when it is on its disk.
import { AppError } from '../../shared/errors.ts'
import { failpointWithin } from '../../shared/failpoints/failpoints.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import type { ReceiveVolumeRequest__Output } from '../../shared/rpc/generated/drayage/v1/ReceiveVolumeRequest.ts'
import type { SkippedEntry__Output } from '../../shared/rpc/generated/drayage/v1/SkippedEntry.ts'
import type { VolumeProgress } from '../../shared/rpc/generated/drayage/v1/VolumeProgress.ts'
import { reporting } from '../../shared/rpc/liveness.ts'
import { bindToWrite } from '../binds/places.ts'
import type { VolumePull } from '../transfer/pull.ts'
import { checkCopy, verificationOf } from './check-copy.ts'
import { requireUnused } from './confirm.ts'
import type { AgentContext } from './context.ts'
import { progressEveryMs } from './image.ts'
import { targetNote } from './notes.ts'
import { noteOverwriting, placeToWrite } from './retained.ts'

export const receiveVolume = async function* (
  context: AgentContext,
  request: Omit<ReceiveVolumeRequest__Output, 'lease'>,
  lease: Lease,
  signal: AbortSignal,
): AsyncGenerator<VolumeProgress> {
  const { state, puller, volumes, paths } = context
  const { volume, source, round, final, rootIdentity, devices, bytesPerSecond, compression, ticket } = request
  const verification = verificationOf(request.verification)
  if (!source) throw new AppError('DRAYAGE_INVALID_REQUEST', 'ReceiveVolume lacks the source.')
  const note = targetNote(state, lease)
  await requireUnused(context, note, lease)
  const bind = await bindToWrite(context, note, volume)
  if (bind?.how === 'kept') await noteOverwriting(context, note)
  const root =
    bind === null
      ? ((await placeToWrite(context, note, volume)) ?? paths.here(await ownMountpoint(context, volume, lease)))
      : paths.here(bind.path)
  const memory = await state.roundMemory.of(lease.workloadId, volume)

  const everything = final && verification === 'full'

  const ended = new AbortController()
  const both = AbortSignal.any([signal, ended.signal])
  let pull = null as VolumePull | null
  // Of pulls that were asked for in vain: more was lacking here than had been expected.
  let bytesInVain = 0
  let inVain = new AbortController()
  let entries = 0
  const copy = async () => {
    const written = await volumes
      .receive(
        root,
        ({ digest, lacking }) => {
          const held = {
            heldDigest: digest,
            lacking: lacking.map(({ path, blocks }) => ({ path, blocks: [...blocks] })),
          }
          const asked = {
            migrationId: lease.migrationId,
            volume,
            round,
            final,
            rootIdentity,
            devices,
            everything,
            bytesPerSecond,
            compression,
            ticket,
            ...held,
          }
          inVain.abort()
          inVain = new AbortController()
          bytesInVain += pull?.bytes() ?? 0
          pull?.close()
          pull = puller.volume(source, asked, AbortSignal.any([both, inVain.signal]))
          return { ...pull, pieces: failpointWithin('ReceiveVolume.middle', pull.pieces) }
        },
        {
          memory,
          ...(bind === null ? {} : { expectIdentity: bind.identity }),
          noteWritten: !final && verification !== 'written',
          signal: both,
          onProgress: (progress) => {
            entries = progress.entries
          },
        },
      )
      .catch((thrown) => {
        throw pull?.failure() ?? thrown
      })
    if (pull === null) throw new Error('a round was received without being asked for')
    const read = await pull.summary()
    const bytesSent = bytesInVain + pull.bytes()
    requireSame(volume, source.host, read, written)
    const copied = { volume, root, memory, final, verification, written }
    return { written, read, bytesSent, check: await checkCopy(volumes, copied, both) }
  }
  const copying = copy()
  try {
    const { written, read, bytesSent, check } = yield* reporting(copying, progressEveryMs, () => ({
      bytes: pull?.unpackedBytes() ?? 0,
      entries,
    }))
    yield {
      bytes: bytesSent,
      entries: written.entries,
      result: {
        entries: written.entries,
        bytesSent,
        contentBytes: read.volumeBytes,
        changedEntries: read.changedEntries,
        changedBytes: read.contentBytes,
        sourceDigest: read.digest,
        targetDigest: written.digest,
        rereadBytes: check.bytes,
        rereadMs: check.durationMs,
        rereadDiffering: [...check.differing],
        skipped: read.skipped.map((entry) => ({ code: 'entry-skipped', message: describeSkipped(volume, entry) })),
      },
    }
  } finally {
    ended.abort()
    pull?.close()
    // Until the engine has let go of the volume nobody else has the turn: two rounds at once would be a third thing.
    await copying.catch(() => {})
  }
}

type Side = { readonly digest: string; readonly entries: number }

const requireSame = (volume: string, host: string, read: Side, written: Side): void => {
  if (written.digest === read.digest) return
  throw new AppError(
    'DRAYAGE_DIGEST_MISMATCH',
    `The copy of ${volume} is not the original: ${host} read ${read.entries} entries with the digest ` +
      `${read.digest}, and what is on this host's disk is ${written.entries} with ${written.digest}. The copy is not used.`,
    { details: { source: read.digest, target: written.digest } },
  )
}

// The engine's answer, not the note's: only a volume that carries this migration's label is ever written over.
const ownMountpoint = async ({ engine }: AgentContext, name: string, lease: Lease): Promise<string> => {
  const { migrationId, mountpoint } = await engine.volume(name)
  if (migrationId === lease.migrationId) return mountpoint
  throw new AppError(
    'DRAYAGE_VOLUME_EXISTS',
    `The volume ${name} on this host was not made by migration ${lease.migrationId}: it holds somebody's data, and was not touched.`,
  )
}

const describeSkipped = (volume: string, { path, reason }: SkippedEntry__Output): string =>
  `${volume}: ${JSON.stringify(path.toString('utf8'))} was left out: ${reason}`
