// Images between engines of both generations and both stores: whole, by their content, and without moving anybody's tags.
import { afterEach, describe, expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import { type ImageSpec, loadImage } from '../lab/images.ts'
import { cleanOut, type EngineHost, engineHosts, everything, plain } from './hosts.ts'

const all = ['current', 'legacy', 'containerd'] as const
const host = engineHosts(all)
const pairs = all.flatMap((from) => all.filter((to) => to !== from).map((to) => ({ from, to })))
// Each as a source once.
const ring = all.map((from, index) => ({ from, to: all[(index + 1) % all.length] ?? from }))

const removeImages = async (on: EngineHost) => {
  await cleanOut(on)
  const ids = new Set((await on.docker(['image', 'ls', '--all', '--quiet', '--no-trunc'])).split('\n').filter(Boolean))
  if (ids.size > 0) await on.docker(['image', 'rm', '--force', ...ids])
}

afterEach(async () => {
  await Promise.all(all.map((kind) => removeImages(host(kind))))
})

const imageFrom = async (source: EngineHost, ref: string) => {
  await source.docker(['create', '--name', 'of-image', ref, 'sh'])
  const { image } = await source.drayage.describe('of-image')
  await source.docker(['rm', '--volumes', 'of-image'])
  if (image === null) throw new Error('The workload names no image.')
  return image
}

const idOf = (on: EngineHost, ref: string) => on.docker(['image', 'inspect', '--format', '{{.Id}}', ref])

describe.each(pairs)('from $from to $to', ({ from, to }) => {
  test('an image arrives with its tags, is found again, and goes without a trace', async () => {
    const [source, target] = [host(from), host(to)]
    await loadImage(source, everything)
    await source.docker(['tag', everything.ref, 'drayage-lab/another-name:v2'])
    const image = await imageFrom(source, everything.ref)
    expect([...image.tags].sort()).toEqual(['drayage-lab/another-name:v2', everything.ref])
    expect(await target.drayage.findImage(image)).toBeNull()

    const id = await target.drayage.loadImage(source.drayage.exportImage(image.id, image.tags), image)
    expect(await target.drayage.findImage(image)).toBe(id)
    for (const tag of image.tags) expect(await idOf(target, tag)).toBe(id)
    // A second time is the same.
    expect(await target.drayage.loadImage(source.drayage.exportImage(image.id, image.tags), image)).toBe(id)
    // And back: it is the same image, whatever its id there.
    expect(await source.drayage.findImage(await imageFrom(target, everything.ref))).toBe(image.id)

    await target.drayage.removeImage(id, image.tags)
    await target.drayage.removeImage(id, image.tags)
    expect(await target.drayage.findImage(image)).toBeNull()
    expect(await target.docker(['image', 'ls', '--all', '--quiet'])).toBe('')
  })
})

describe.each(ring)('from $from to $to', ({ from, to }) => {
  test('an image made by `docker import` arrives', async () => {
    const [source, target] = [host(from), host(to)]
    await loadImage(source, plain)
    await source.docker(['run', '--name', 'tree', plain.ref, 'true'])
    await source.docker(['export', '--output', '/tmp/drayage-tree.tar', 'tree'])
    await source.docker(['import', '--change', 'CMD ["sh"]', '/tmp/drayage-tree.tar', 'drayage-lab/imported:1'])
    await source.nsexec(['rm', '/tmp/drayage-tree.tar'])
    await source.docker(['rm', '--volumes', 'tree'])
    const image = await imageFrom(source, 'drayage-lab/imported:1')
    const id = await target.drayage.loadImage(source.drayage.exportImage(image.id, image.tags), image)
    expect(await target.docker(['run', '--rm', id, 'echo', 'it runs'])).toBe('it runs')
  })

  test('an image without a name arrives', async () => {
    const [source, target] = [host(from), host(to)]
    await loadImage(source, plain)
    await source.docker(['create', '--name', 'of-image', plain.ref])
    const id = await idOf(source, plain.ref)
    await loadImage(source, { ...plain, config: { ...plain.config, Labels: { newer: 'yes' } } })
    const workload = await source.drayage.describe('of-image')
    expect(workload.image).toMatchObject({ id, tags: [] })
    expect(workload.obstacles).toEqual([])
    expect(workload.warnings.map(({ code }) => code)).toContain('image-name-moved')
    if (workload.image === null) throw new Error('The workload names no image.')
    const loaded = await target.drayage.loadImage(source.drayage.exportImage(id, [plain.ref]), workload.image)
    expect(await target.drayage.findImage(workload.image)).toBe(loaded)
    await expect(idOf(target, plain.ref)).rejects.toThrow()
  })
})

test.each([
  ['current', 'legacy'],
  ['containerd', 'current'],
  ['legacy', 'current'],
  ['current', 'containerd'],
] as const)(
  'from %s to %s only the layers cross that are lacking there, as far as both stores allow',
  async (from, to) => {
    const [source, target] = [host(from), host(to)]
    await loadImage(source, plain)
    await source.docker(['run', '--name', 'grown', plain.ref, 'sh', '-c', 'echo upon > /upon'])
    await source.docker(['commit', 'grown', 'drayage-lab/grown:1'])
    const image = await imageFrom(source, 'drayage-lab/grown:1')
    expect(await target.drayage.heldLayers(image.layers)).toBe(from === to ? image.layers.length : 0)
    await cleanOut(source)
    if (from === to) await target.docker(['image', 'rm', 'drayage-lab/grown:1'])
    else await loadImage(target, plain)
    const held = await target.drayage.heldLayers(image.layers)
    expect(held).toBe(to === 'containerd' ? 0 : image.layers.length - 1)
    let bytes = 0
    const counted = async function* () {
      for await (const piece of source.drayage.exportImage(image.id, image.tags, undefined, held)) {
        bytes += piece.length
        yield piece
      }
    }
    const id = await target.drayage.loadImage(counted(), image)
    // busybox alone is more than that.
    if (from === 'current' && to === 'legacy') expect(bytes).toBeLessThan(100_000)
    expect(await target.docker(['run', '--rm', id, 'cat', '/upon'])).toBe('upon')
  },
)

describe.each(all)('on %s', (kind) => {
  const other = kind === 'current' ? 'legacy' : 'current'
  const newer: ImageSpec = { ...plain, config: { ...plain.config, Env: ['VERSION=2'] } }

  test('a tag that stands for something else stays as it is, even when the archive carries it', async () => {
    const [source, target] = [host(other), host(kind)]
    await loadImage(source, newer)
    await loadImage(target, plain)
    const [image, theirs] = [await imageFrom(source, newer.ref), await idOf(target, plain.ref)]
    const id = await target.drayage.loadImage(source.drayage.exportImage(image.id, image.tags), image)
    expect(id).not.toBe(theirs)
    expect(await idOf(target, plain.ref)).toBe(theirs)
    // `docker save NAME` writes the name into the archive, and `docker load` moves it.
    const named = source.drayage.exportImage(plain.ref, [])
    expect(await target.drayage.loadImage(named, image)).toBe(id)
    expect(await idOf(target, plain.ref)).toBe(theirs)
  })

  test('the same layers with another configuration are another image', async () => {
    const [source, target] = [host(other), host(kind)]
    await loadImage(source, newer)
    await loadImage(target, plain)
    const image = await imageFrom(source, newer.ref)
    expect(await target.drayage.findImage(image)).toBeNull()
    await source.docker(['create', '--name', 'app', '--tmpfs', '/asked', newer.ref])
    const workload = await source.drayage.describe('app')
    expect((await target.drayage.check(workload, '')).imageId).toBe('')
    await expect(target.drayage.prepare(workload, await idOf(target, plain.ref), 'm-1')).rejects.toMatchObject({
      code: 'DRAYAGE_IMAGE_MISMATCH',
    })
    await target.drayage.discard('m-1')
  })

  test('an image that a container uses, or that has a name of somebody else’s, is not removed', async () => {
    const target = host(kind)
    await loadImage(target, plain)
    const id = await idOf(target, plain.ref)
    await target.docker(['create', '--name', 'user', '--tmpfs', '/asked', plain.ref])
    await target.drayage.removeImage(id, [plain.ref])
    expect(await idOf(target, plain.ref)).toBe(id)
    await target.docker(['rm', 'user'])
    await target.docker(['tag', plain.ref, 'somebody/else:1'])
    await target.drayage.removeImage(id, [plain.ref])
    expect(await idOf(target, 'somebody/else:1')).toBe(id)
  })

  test('an archive of another image, a cut one, and one that is no archive are refused', async () => {
    const [source, target] = [host(other), host(kind)]
    await loadImage(source, plain)
    await loadImage(source, everything)
    const image = await imageFrom(source, plain.ref)
    const wrong = await imageFrom(source, everything.ref)
    const load = (pieces: AsyncIterable<Buffer>) => target.drayage.loadImage(pieces, image)
    await expect(load(source.drayage.exportImage(wrong.id, []))).rejects.toMatchObject({
      code: 'DRAYAGE_IMAGE_MISMATCH',
    })
    await expect(load(firstBytes(source.drayage.exportImage(image.id, []), 100_000))).rejects.toBeInstanceOf(AppError)
    await expect(load(firstBytes(noise(), 100_000))).rejects.toBeInstanceOf(AppError)
    expect(await target.docker(['image', 'ls', '--all', '--quiet'])).toBe('')
  })

  test('why the pieces ended is what is said', async () => {
    const [source, target] = [host(other), host(kind)]
    await loadImage(source, plain)
    const image = await imageFrom(source, plain.ref)
    const lost = new AppError('DRAYAGE_PEER_UNREACHABLE', 'The source’s agent went away.')
    const broken = async function* () {
      yield* firstBytes(source.drayage.exportImage(image.id, []), 50_000)
      throw lost
    }
    await expect(target.drayage.loadImage(broken(), image)).rejects.toBe(lost)
  })

  test('an image that is not there cannot be exported', async () => {
    const pieces = host(kind).drayage.exportImage(`sha256:${'0'.repeat(64)}`, ['no/such:1'])
    await expect(pieces[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'DRAYAGE_IMAGE_EXPORT_FAILED' })
  })

  test('an export that nobody wants any more ends', async () => {
    const source = host(kind)
    await loadImage(source, plain)
    const stop = new AbortController()
    const pieces = source.drayage.exportImage(await idOf(source, plain.ref), [], stop.signal)
    const take = async () => {
      for await (const _ of pieces) stop.abort(new Error('enough'))
    }
    await expect(take()).rejects.toThrow('enough')
  })
})

async function* firstBytes(pieces: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count
  for await (const piece of pieces) {
    yield piece.subarray(0, left)
    left -= piece.length
    if (left <= 0) return
  }
}

async function* noise(): AsyncGenerator<Buffer> {
  for (let n = 0; ; n = (n + 1) % 251) yield Buffer.alloc(65_536, n)
}
