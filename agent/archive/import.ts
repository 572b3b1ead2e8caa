// A volume from a tarball, or from a volume of another host. It comes into being whole, or not at all.
import { AppError } from '../../shared/errors.ts'
import type { ImportReport } from '../../shared/rpc/generated/drayage/v1/ImportReport.ts'
import type { ImportVolumeRequest__Output } from '../../shared/rpc/generated/drayage/v1/ImportVolumeRequest.ts'
import { reporting } from '../../shared/rpc/liveness.ts'
import type { AgentContext } from '../steps/context.ts'
import type { ArchiveContext } from './at-hand.ts'
import type { ArchiveSource } from './coordinator-source.ts'
import { type Feed, peerFeed, tarballFeed } from './feed.ts'
import { makePlace, takeBack } from './place.ts'

const progressEveryMs = 1_000

export const importVolume = async function* (
  context: ArchiveContext & Pick<AgentContext, 'puller'>,
  coordinator: ArchiveSource,
  request: ImportVolumeRequest__Output,
  signal: AbortSignal,
): AsyncGenerator<ImportReport> {
  const { transferId, volume, source, stripComponents } = request
  const { volumes, puller } = context
  const end = await context.state.turns.take(`volume ${volume}`, signal)
  const ended = new AbortController()
  const both = AbortSignal.any([signal, ended.signal])
  let working: Promise<unknown> = Promise.resolve()
  let feed: Feed | undefined
  try {
    const { made, incoming, keep } = await makePlace(context, request)
    yield { ready: {} }
    const from = source
      ? peerFeed(puller, request, source, both)
      : tarballFeed(coordinator.pull(transferId, both), (await volumes.freeSpace(incoming)).bytes)
    feed = from
    let entries = 0
    const onProgress = (progress: { readonly entries: number }) => {
      entries = progress.entries
    }
    // A volume that another agent reads is in our own form.
    const form = source ? {} : { foreign: { stripComponents } }
    const writing = volumes
      .write(incoming, from.pieces, { ...form, signal: both, onProgress })
      .catch((thrown) => {
        throw from.told(thrown)
      })
      .then(from.summary)
    working = writing
    const summary = yield* reporting(writing, progressEveryMs, () => ({ progress: { bytes: from.bytes(), entries } }))
    if (both.aborted) throw new AppError('DRAYAGE_CANCELLED', 'Whoever asked for the volume has gone.')
    await keep()
    yield { imported: { created: made, summary } }
  } finally {
    ended.abort()
    feed?.close()
    // Nothing is removed under the engine's hands.
    await working.catch(() => {})
    await takeBack(context, transferId)
    end()
  }
}
