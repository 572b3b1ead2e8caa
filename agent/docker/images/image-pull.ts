// An image from the registry that it came from, by its digest there. As anybody may: no credentials are sent with it, and engines
// keep none.
import type { InspectedImage } from '../api/answers.ts'
import type { Client } from '../api/client.ts'
import { withSilenceLimit } from '../api/silence.ts'
import { sameImage } from './image-identity.ts'
import { findByName, giveFreeNames, imageIds, loadedFrom, type MovedImage, removeImage } from './images.ts'

// A registry that does not answer is given up soon: the image can be sent.
const silenceTimeoutMs = 30_000

export type PulledImage = { readonly imageId: string } | { readonly failure: string }

// What an engine says last tells how it ended.
const lastWordsBytes = 64 * 1024

const pullOne = async (client: Client, digest: string, signal: AbortSignal): Promise<string> => {
  const [repository = '', tag = ''] = digest.split('@')
  const answer = await client.stream('POST', '/images/create', {
    query: { fromImage: repository, tag },
    timeoutMs: silenceTimeoutMs,
    signal,
  })
  let last: Buffer = Buffer.alloc(0)
  for await (const chunk of withSilenceLimit(answer, silenceTimeoutMs, `the pull of ${digest}`)) {
    last = Buffer.concat([last, chunk]).subarray(-lastWordsBytes)
  }
  return loadedFrom(last.toString()).error
}

// '': it is the image. One that is not goes again.
const faultOf = async (
  client: Client,
  image: MovedImage,
  pulled: InspectedImage | null,
  known: ReadonlySet<string>,
): Promise<string> => {
  if (pulled === null) return 'the engine does not find what it pulled'
  if (sameImage(image, pulled)) return ''
  if (!known.has(pulled.Id)) await removeImage(client, pulled.Id, null)
  return 'what the registry has under that digest is for another platform, or has another configuration'
}

// The first of the image's digests that leads to it. Throws only when it is aborted; the id is that of this engine.
export const pullImage = async (
  client: Client,
  image: MovedImage,
  digests: readonly string[],
  signal: AbortSignal,
): Promise<PulledImage> => {
  const failures: string[] = []
  for (const digest of digests) {
    try {
      const known = await imageIds(client)
      const said = await pullOne(client, digest, signal)
      const pulled = said === '' ? await findByName(client, digest) : null
      const fault = said || (await faultOf(client, image, pulled, known))
      if (fault === '' && pulled !== null) {
        await giveFreeNames(client, pulled.Id, image.tags)
        return { imageId: pulled.Id }
      }
      failures.push(`${digest}: ${fault}`)
    } catch (thrown) {
      signal.throwIfAborted()
      failures.push(`${digest}: ${(thrown as Error).message}`)
    }
  }
  return { failure: failures.join('; ') || 'its engine knows no registry that has it' }
}
