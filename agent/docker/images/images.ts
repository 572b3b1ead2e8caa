// Images: found, sent, loaded and removed.
//
// They cross tagless, by id: `docker load` would move a tag that an archive carries away from what it stands for on the
// target. The tags are given afterwards, where they are free. (Export and load by id between 20.10, 28.5 and the containerd
// store in every direction: works, and load says `Loaded image ID: sha256:…` each time.)
import { Readable } from 'node:stream'
import { AppError } from '../../../shared/errors.ts'
import type { InspectedImage } from '../api/answers.ts'
import { type Client, path } from '../api/client.ts'
import { listContainers, mapLimited } from '../api/containers.ts'
import { hasStatus, orNull, refusedAs } from '../api/errors.ts'
import { meteredBy, silenceLimit, withSilenceLimit } from '../api/silence.ts'
import { type ImageIdentity, sameImage, sameLayers } from './image-identity.ts'
import { filesOfHeld, withoutFiles } from './image-layers.ts'
import { splitTag, withTag } from './image-name.ts'

// The engine may read a whole large layer before its first byte.
const firstByteTimeoutMs = 10 * 60_000
const silenceTimeoutMs = 10 * 60_000
const longestUploadMs = 24 * 60 * 60_000

export type MovedImage = ImageIdentity & { readonly reference: string; readonly tags: readonly string[] }

export const findByName = (client: Client, idOrName: string): Promise<InspectedImage | null> =>
  idOrName === '' ? Promise.resolve(null) : orNull(client.get<InspectedImage>(path`/images/${idOrName}/json`))

export const findImage = async (client: Client, image: MovedImage): Promise<string | null> => {
  for (const idOrName of [image.id, image.reference, ...image.tags]) {
    const here = await findByName(client, idOrName)
    if (here !== null && sameImage(image, here)) return here.Id
  }
  const all = await client.get<{ Id: string }[]>('/images/json', { query: { all: false } })
  const inspected = await mapLimited(all, 8, ({ Id }) => findByName(client, Id))
  return inspected.find((here) => here !== null && sameImage(image, here))?.Id ?? null
}

// Of the names that the image has where it comes from, those that stand for another image here.
export const namesTaken = async (client: Client, image: MovedImage): Promise<string[]> => {
  const names = [...new Set([withTag(image.reference), ...image.tags])]
  const here = await Promise.all(names.map((name) => findByName(client, name)))
  return names.filter((_, index) => {
    const found = here[index] ?? null
    return found !== null && !sameImage(image, found)
  })
}

const exportFailed = (imageId: string, cause: unknown): AppError =>
  refusedAs(
    'DRAYAGE_IMAGE_EXPORT_FAILED',
    `The engine could not export the image ${imageId}: ${cause instanceof Error ? cause.message : String(cause)} ` +
      '`docker save` should fail alike; pulling the image again mends a store that lacks parts of it.',
    cause,
  )

// By id; by a name that still stands for it where the engine does not take the id.
const openExport = async (client: Client, imageId: string, references: readonly string[], signal?: AbortSignal) => {
  const open = (name: string) =>
    client.stream('GET', path`/images/${name}/get`, { signal, timeoutMs: firstByteTimeoutMs })
  const failures: unknown[] = []
  for (const name of [imageId, ...references]) {
    if (name !== imageId && (await findByName(client, name))?.Id !== imageId) continue
    try {
      return await open(name)
    } catch (error) {
      if (!hasStatus(error, 400, 404, 500)) throw error
      failures.push(error)
    }
  }
  // What it says of the id is about this image, whatever its names stand for.
  throw exportFailed(imageId, failures[0])
}

// A tarball ends with two blocks of zeros. An engine that fails half-way appends its error, as JSON, to what it has sent,
// and ends the answer as if it were whole (seen on 28.5).
const endOfArchive = 1024
const requireEndOfArchive = (imageId: string, tail: Buffer): void => {
  if (tail.length === endOfArchive && tail.every((byte) => byte === 0)) return
  const said = /"message":"((?:[^"\\]|\\.)*)"/.exec(tail.toString('utf8'))?.[1] ?? 'its archive has no end'
  throw exportFailed(imageId, new Error(said))
}

// held: so many of its layers, from the bottom, the receiver has. It says so for itself, and verifies what came of it.
export async function* exportImage(
  client: Client,
  imageId: string,
  references: readonly string[],
  signal?: AbortSignal,
  held = 0,
): AsyncGenerator<Buffer> {
  const layers = held === 0 ? [] : ((await findByName(client, imageId))?.RootFS.Layers ?? [])
  yield* withoutFiles(exportWhole(client, imageId, references, signal), filesOfHeld(layers, held))
}

async function* exportWhole(
  client: Client,
  imageId: string,
  references: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  const archive = await openExport(client, imageId, references, signal)
  try {
    let tail: Buffer = Buffer.alloc(0)
    // The last piece is given when it is known to be good: an engine that were given those words to load would refuse them
    // before anybody had heard why.
    let last: Buffer = Buffer.alloc(0)
    for await (const chunk of withSilenceLimit(archive, silenceTimeoutMs, `the export of the image ${imageId}`)) {
      if (last.length > 0) yield last
      last = chunk
      tail = Buffer.concat([tail, chunk]).subarray(-endOfArchive)
    }
    requireEndOfArchive(imageId, tail)
    yield last
  } catch (error) {
    signal?.throwIfAborted()
    // A connection that breaks in the middle is how the engine reports a layer that it cannot read.
    throw error instanceof AppError ? error : exportFailed(imageId, error)
  }
}

const tagTargets = async (client: Client, tags: readonly string[]): Promise<ReadonlyMap<string, string | null>> =>
  new Map(await Promise.all(tags.map(async (tag) => [tag, (await findByName(client, tag))?.Id ?? null] as const)))

const giveTag = (client: Client, imageId: string, tag: string) =>
  client.post(path`/images/${imageId}/tag`, { query: splitTag(tag) })

// Those that stand for nothing here.
export const giveFreeNames = async (client: Client, imageId: string, tags: readonly string[]): Promise<void> => {
  for (const [tag, target] of await tagTargets(client, tags)) {
    if (target === null) await giveTag(client, imageId, tag)
  }
}

// Lines of JSON: {"stream":"Loaded image ID: sha256:…\n"}, or {"error":"…"} at the end of an answer with status 200.
export const loadedFrom = (answer: string): { readonly names: readonly string[]; readonly error: string } => {
  const names: string[] = []
  let error = ''
  for (const line of answer.split('\n').filter((text) => text.trim() !== '')) {
    let said: { stream?: unknown; error?: unknown; errorDetail?: { message?: unknown } } | null
    try {
      said = JSON.parse(line)
    } catch {
      continue
    }
    const name = /^Loaded image(?: ID)?: (\S+)/.exec(String(said?.stream ?? ''))?.[1]
    if (name !== undefined) names.push(name)
    const reason = said?.error ?? said?.errorDetail?.message
    if (reason !== undefined) error = String(reason)
  }
  return { names, error }
}

const upload = async (client: Client, pieces: AsyncIterable<Buffer>): Promise<string> => {
  const silence = silenceLimit(silenceTimeoutMs, 'loading an image')
  const archive = Readable.from(meteredBy(silence, pieces), { objectMode: false })
  const failure: { error?: unknown } = {}
  archive.on('error', (error) => {
    failure.error = error
  })
  try {
    const answer = await client.stream('POST', '/images/load', {
      query: { quiet: true },
      upload: archive,
      signal: silence.signal,
      // The engine answers when it has read everything; how long that takes is the sender's affair.
      timeoutMs: longestUploadMs,
    })
    silence.notEnginesTurn()
    const chunks: Buffer[] = []
    for await (const chunk of withSilenceLimit(answer, silenceTimeoutMs, 'loading an image')) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  } catch (error) {
    // Why the pieces ended is worth more than how the engine then saw it.
    throw failure.error ?? error
  } finally {
    silence.notEnginesTurn()
    archive.destroy()
  }
}

const mismatch = (why: string, cause?: unknown): AppError =>
  new AppError(
    'DRAYAGE_IMAGE_MISMATCH',
    `The image that arrived is not the one that was sent: ${why}. It was not used; try again.`,
    cause === undefined ? {} : { cause },
  )

export const imageIds = async (client: Client): Promise<ReadonlySet<string>> => {
  const all = await client.get<{ Id: string }[]>('/images/json', { query: { all: true } })
  return new Set(all.map(({ Id }) => Id))
}

const mismatchOf = (image: MovedImage, loaded: InspectedImage): AppError | null => {
  if (!sameLayers(image, loaded)) return mismatch(`its layers are others than those of ${image.id}`)
  if (!sameImage(image, loaded)) return mismatch(`its platform or configuration is not that of ${image.id}`)
  return null
}

export const loadImage = async (client: Client, pieces: AsyncIterable<Buffer>, image: MovedImage): Promise<string> => {
  const [known, before] = await Promise.all([imageIds(client), tagTargets(client, image.tags)])
  const { names, error } = loadedFrom(await upload(client, pieces))
  if (error !== '') throw mismatch(`the engine says "${error}"`)
  const [name] = names
  const loaded = name === undefined ? null : await findByName(client, name)
  if (loaded === null) throw mismatch('the engine names no image that it loaded')
  const refusal = mismatchOf(image, loaded)
  // An archive with names has moved them: each goes back to what it stood for, and is given only where it is free.
  for (const [tag, target] of before) {
    if (target !== null && target !== loaded.Id) await giveTag(client, target, tag)
    if (target === null && refusal === null) await giveTag(client, loaded.Id, tag)
  }
  if (refusal === null) return loaded.Id
  if (!known.has(loaded.Id)) await removeImage(client, loaded.Id, loaded.RepoTags ?? [])
  throw refusal
}

// `tags`: those that this migration brought, or null for all. A name that it did not bring keeps the image, and so does a
// container. Answers whether the image has gone.
export const removeImage = async (
  client: Client,
  imageId: string,
  tags: readonly string[] | null,
): Promise<boolean> => {
  const image = await findByName(client, imageId)
  if (image === null) return false
  const users = await listContainers(client)
  if (users.some((container) => container.ImageID === image.Id)) return false
  const isOurs = (tag: string) => tags === null || tags.includes(tag)
  const others = (image.RepoTags ?? []).filter((tag) => !isOurs(tag))
  try {
    for (const tag of image.RepoTags ?? []) {
      if (isOurs(tag)) await client.delete(path`/images/${tag}`)
    }
    if (others.length === 0) await client.delete(path`/images/${image.Id}`)
    return others.length === 0
  } catch (error) {
    // 404: the last tag took it along. 409: a container or another image has come to use it.
    if (!hasStatus(error, 404, 409)) throw error
    return hasStatus(error, 404)
  }
}
