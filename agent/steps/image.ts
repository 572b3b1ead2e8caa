// image: the target fetches what it lacks, from a registry where that was asked for and can be, from the source otherwise.
import { AppError } from '../../shared/errors.ts'
import { failpoint, failpointWithin } from '../../shared/failpoints/failpoints.ts'
import type { Image__Output as Image } from '../../shared/rpc/generated/drayage/v1/Image.ts'
import type { ImageProgress } from '../../shared/rpc/generated/drayage/v1/ImageProgress.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import type { ReceiveImageRequest__Output } from '../../shared/rpc/generated/drayage/v1/ReceiveImageRequest.ts'
import { reporting } from '../../shared/rpc/liveness.ts'
import type { PulledImage } from '../docker/engine.ts'
import { type AgentContext, type Done, done } from './context.ts'
import { findNote, targetNote } from './notes.ts'

export const progressEveryMs = 1_000

export const receiveImage = async function* (
  { engine, state, puller, log }: AgentContext,
  { image, source, bytesPerSecond, ticket, isLayer, pull: isToBePulled }: Omit<ReceiveImageRequest__Output, 'lease'>,
  lease: Lease,
  signal: AbortSignal,
): AsyncGenerator<ImageProgress> {
  if (!image || !source) throw new AppError('DRAYAGE_INVALID_REQUEST', 'ReceiveImage lacks the image or the source.')
  const note = targetNote(state, lease)
  const imageJson = JSON.stringify(image)
  const kind = isLayer ? 'layerBrought' : 'imageBrought'
  const here = await engine.findImage(image)
  if (here !== null) {
    // Found after this migration had gone to fetch it: then it came by us, even if the answer was lost.
    const loaded = Boolean(note[kind])
    if (loaded) await state.migrations.put({ ...note, [kind]: { imageId: here, imageJson } })
    yield { bytes: 0, done: { imageId: here, loaded, notPulled: '' } }
    return
  }
  await state.migrations.put({ ...note, [kind]: { imageId: null, imageJson } })
  let notPulled = ''
  if (isToBePulled) {
    const pulled = yield* pullFromRegistry(engine, image, signal)
    if ('imageId' in pulled) {
      await state.migrations.put({ ...note, [kind]: { imageId: pulled.imageId, imageJson } })
      yield { bytes: 0, done: { imageId: pulled.imageId, loaded: true, notPulled: '' } }
      return
    }
    notPulled = pulled.failure
  }
  const heldLayers = await engine.heldLayers(image.layers)
  const references = image.tags
  const asked = { migrationId: lease.migrationId, imageId: image.id, references, bytesPerSecond, ticket }
  // Somebody may remove here what was counted on, and an engine may want it all: then all of it is sent.
  for (const held of heldLayers > 0 ? [heldLayers, 0] : [0]) {
    const ended = new AbortController()
    const pull = puller.image(source, { ...asked, heldLayers: held }, AbortSignal.any([signal, ended.signal]))
    const loading = engine.loadImage(failpointWithin('ReceiveImage.middle', pull.pieces), image).catch((thrown) => {
      throw pull.failure() ?? thrown
    })
    try {
      const imageId = yield* reporting(loading, progressEveryMs, () => ({ bytes: pull.bytes() }))
      await state.migrations.put({ ...note, [kind]: { imageId, imageJson } })
      yield { bytes: pull.bytes(), done: { imageId, loaded: true, notPulled } }
      return
    } catch (thrown) {
      if (held === 0 || pull.failure() !== null || signal.aborted) throw thrown
      log.warn(
        { image: image.id, held, err: thrown },
        'An image without the layers that are here was not taken; all is sent',
      )
    } finally {
      ended.abort()
      pull.close()
      // The engine may have it all and be unpacking: until it has said what came of it, nobody else has the turn, least of
      // all the RemoveImage that follows.
      await loading.catch(() => {})
    }
  }
}

const pullFromRegistry = async function* (
  engine: AgentContext['engine'],
  image: Image,
  signal: AbortSignal,
): AsyncGenerator<ImageProgress, PulledImage> {
  const ended = new AbortController()
  const pulling = engine.pullImage(image, image.digests, AbortSignal.any([signal, ended.signal]))
  try {
    return yield* reporting(pulling, progressEveryMs, () => ({ bytes: 0 }))
  } finally {
    ended.abort()
    // As of loading: nobody else has the turn before it is known what came of it.
    await pulling.catch(() => {})
  }
}

// Only what this migration brought, and only while no container uses it.
export const removeImage = async ({ engine, state }: AgentContext, lease: Lease): Promise<Done> => {
  const note = findNote(state, 'target', lease)
  for (const brought of [note?.layerBrought, note?.imageBrought]) {
    if (!brought) continue
    const image: Image = JSON.parse(brought.imageJson)
    const here = brought.imageId ?? (await engine.findImage(image))
    // It was not here before: every one of its own names that leads to it came with it.
    if (here !== null) await engine.removeImage(here, [image.reference, ...image.tags])
    await failpoint('RemoveImage.middle')
  }
  if (!note?.imageBrought && !note?.layerBrought) return done
  const { layerBrought: _, ...rest } = note
  await state.migrations.put({ ...rest, imageBrought: null })
  return done
}
