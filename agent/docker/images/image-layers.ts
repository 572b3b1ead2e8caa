// Which layers of an image need not cross, since the target has them. Docker's load looks for each layer in its own store before it
// opens the archive's file for it (image/tarexport/load.go), on the graph-driver stores; the containerd store wants them all.
import { decodeFields, headerAt, isZeroBlock, paddingAfter } from '../../volume/tar/header.ts'
import { decodeRecords, type PaxRecords } from '../../volume/tar/pax.ts'
import type { InspectedImage } from '../api/answers.ts'
import { type Client, path } from '../api/client.ts'
import { mapLimited } from '../api/containers.ts'
import { orNull } from '../api/errors.ts'
import { engineFacts } from '../api/facts.ts'

// How many of the layers, from the bottom. A store knows a layer by all that is below it too.
export const commonLayers = (layers: readonly string[], others: readonly string[]): number => {
  const differing = layers.findIndex((layer, index) => layer !== others[index])
  return differing < 0 ? layers.length : differing
}

export const heldLayers = async (client: Client, layers: readonly string[]): Promise<number> => {
  if ((await engineFacts(client)).containerdImageStore) return 0
  const all = await client.get<{ Id: string }[]>('/images/json', { query: { all: true } })
  const held = await mapLimited(all, 8, async ({ Id }) => {
    const image = await orNull(client.get<InspectedImage>(path`/images/${Id}/json`))
    return commonLayers(layers, image?.RootFS.Layers ?? [])
  })
  return Math.max(0, ...held)
}

// Names of files in an archive of the image. Engines from 25 on name a layer's file by its digest, the same as the layer's where it
// is kept unpacked; older ones by an id that does not say which layer it is, and then all of it crosses. One that is needed again
// further up stays.
export const filesOfHeld = (layers: readonly string[], held: number): ReadonlySet<string> => {
  const above = new Set(layers.slice(held))
  const below = layers.slice(0, held).filter((layer) => !above.has(layer))
  return new Set(below.map((layer) => `blobs/${layer.replace(':', '/')}`))
}

const blockBytes = 512
const mostRecordBytes = 1024 * 1024

// The same tarball without these files. What is not understood is passed on as it is: the engine that is given it says so.
export async function* withoutFiles(
  pieces: AsyncIterable<Buffer>,
  leftOut: ReadonlySet<string>,
): AsyncGenerator<Buffer> {
  let at: Buffer = Buffer.alloc(0)
  // Of the member that is passed, or left out, just now.
  let data = { left: 0, passes: true }
  // What precedes a member's header and goes where it goes.
  let before: { readonly blocks: Buffer; readonly records: PaxRecords } | null = null
  let isEnd = false
  for await (const piece of pieces) {
    at = at.length === 0 ? piece : Buffer.concat([at, piece])
    while (at.length > 0) {
      const taken = isEnd ? at.length : Math.min(data.left, at.length)
      if (taken > 0) {
        if (isEnd || data.passes) yield at.subarray(0, taken)
        at = at.subarray(taken)
        data = { ...data, left: Math.max(0, data.left - taken) }
        continue
      }
      if (at.length < blockBytes) break
      const header = at.subarray(0, blockBytes)
      if (isZeroBlock(header)) {
        isEnd = true
        continue
      }
      const member = decodeFields(header, true)
      const type = header.toString('latin1', headerAt.type, headerAt.type + 1)
      const isFile = type === '0' || type === '\0'
      if (type === 'x' && member.size <= mostRecordBytes) {
        const whole = blockBytes + member.size + paddingAfter(member.size)
        if (at.length < whole) break
        const records = decodeRecords(at.subarray(blockBytes, blockBytes + member.size))
        before = { blocks: Buffer.from(at.subarray(0, whole)), records }
        at = at.subarray(whole)
        continue
      }
      const size = Number(before?.records.get('size') ?? member.size)
      const passes = !isFile || !leftOut.has(before?.records.get('path') ?? member.path)
      if (passes && before !== null) yield before.blocks
      if (passes) yield Buffer.from(header)
      before = null
      at = at.subarray(blockBytes)
      data = { left: size + paddingAfter(size), passes }
    }
  }
  if (before !== null) yield before.blocks
  if (at.length > 0) yield at
}
