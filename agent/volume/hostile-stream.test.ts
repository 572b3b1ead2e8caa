import type { BigIntStats } from 'node:fs'
import { access, lstat, symlink as makeSymlink, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createVolumeEngine, type WriteOptions } from './engine.ts'
import { directory, end, file, hardLink, pax, rawHeader, root, symlink } from './testing/hostile.ts'
import { archive, inPieces, rsyncDifferences, type TemporaryDirectory, temporaryDirectory } from './testing/streams.ts'

const engine = createVolumeEngine()
afterAll(() => engine.close())

// Beside the target lies a directory that must never change, and where every escape would lead.
let place: TemporaryDirectory
let outside: string
let precious: BigIntStats
beforeAll(async () => {
  place = await temporaryDirectory()
  outside = join(place.path, 'outside')
  await mkdir(outside)
  await writeFile(join(outside, 'precious'), 'untouched')
  precious = await lstat(join(outside, 'precious'), { bigint: true })
})
afterAll(() => place[Symbol.asyncDispose]())

let targets = 0
const write = async (parts: readonly Buffer[], options: WriteOptions = {}) => {
  const target = join(place.path, `target-${targets++}`)
  await mkdir(target)
  try {
    const summary = await engine.write(target, inPieces(Buffer.concat(parts), 1000), options)
    return { target, summary }
  } finally {
    expect(await readdir(outside)).toEqual(['precious'])
    expect(await readFile(join(outside, 'precious'), 'utf8')).toBe('untouched')
    expect((await lstat(join(outside, 'precious'), { bigint: true })).ctimeNs).toBe(precious.ctimeNs)
    expect((await readdir(place.path)).filter((name) => !/^(outside|target-\d+)$/.test(name))).toEqual([])
  }
}
const refused = { code: 'DRAYAGE_STREAM_DAMAGED' }

describe('a hostile stream writes nothing outside of the target', () => {
  test('by a path that leads up', async () => {
    for (const path of ['../outside/x', 'a/../../outside/x', './../outside/x', '..']) {
      await expect(write([root, directory('a'), rawHeader({ path }), end])).rejects.toMatchObject(refused)
      await expect(write([root, directory('a'), pax({ path }), rawHeader({}), end])).rejects.toMatchObject(refused)
    }
  })

  test('by an absolute path', async () => {
    const path = join(outside, 'x')
    await expect(write([root, rawHeader({ path }), end])).rejects.toMatchObject(refused)
    await expect(write([root, pax({ path }), rawHeader({}), end])).rejects.toMatchObject(refused)
    await expect(write([root, pax({ path: `.//${path}` }), rawHeader({}), end])).rejects.toMatchObject(refused)
  })

  test('by the name in a sparse record', async () => {
    const records = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '0' }
    const name = '../outside/x'
    const map = Buffer.alloc(512)
    map.write('0\n')
    const header = rawHeader({ size: 512 })
    await expect(write([root, pax({ ...records, 'GNU.sparse.name': name }), header, map, end])).rejects.toMatchObject(
      refused,
    )
  })

  test('by a file beneath a symlink', async () => {
    for (const target of [outside, '../outside']) {
      await expect(write([root, symlink('l', target), file('l/x'), end])).rejects.toMatchObject(refused)
      await expect(write([root, symlink('l', target), directory('l'), file('l/x'), end])).rejects.toMatchObject(refused)
      await expect(write([root, symlink('l', target), directory('l/x'), end])).rejects.toMatchObject(refused)
      await expect(write([root, directory('l'), symlink('l', target), file('l/x'), end])).rejects.toMatchObject(refused)
    }
  })

  test('by a file in the place of a symlink', async () => {
    const stream = [root, symlink('l', join(outside, 'precious')), file('l'), end]
    await expect(write(stream)).rejects.toMatchObject(refused)
  })

  test('by a hard link to a file outside', async () => {
    for (const target of ['../outside/precious', join(outside, 'precious')]) {
      const links = [rawHeader({ type: 'link', path: './h', target }), hardLink('h', target)]
      for (const link of links) await expect(write([root, link, end])).rejects.toMatchObject(refused)
    }
  })

  test('by a hard link through a symlink', async () => {
    const stream = [root, symlink('l', outside), hardLink('h', 'l/precious'), end]
    await expect(write(stream)).rejects.toMatchObject(refused)
  })

  test('by a hard link to a symlink, which is a second name of the symlink and not of where it leads', async () => {
    const secret = join(outside, 'precious')
    const { target } = await write([root, symlink('l', secret), hardLink('h', 'l'), end])
    expect((await readdir(target, { withFileTypes: true })).map((entry) => entry.isSymbolicLink())).toEqual([
      true,
      true,
    ])
    await expect(write([root, symlink('l', secret), hardLink('h', 'l'), file('h'), end])).rejects.toMatchObject(refused)
  })

  test('by symlinks that were in the target before', async () => {
    const target = join(place.path, `target-${targets++}`)
    await mkdir(target)
    await makeSymlink(outside, join(target, 'l'))
    await engine.write(target, inPieces(Buffer.concat([root, directory('l'), file('l/x'), end])))
    expect(await readFile(join(target, 'l', 'x'), 'utf8')).toBe('hostile')
    await expect(access(join(outside, 'x'))).rejects.toThrow()
  })
})

describe('a stream is refused', () => {
  test.each<[string, Buffer[]]>([
    ['that is empty', []],
    ['that is only an end', [end]],
    ['that does not begin with the root directory', [file('x'), end]],
    ['whose root is not a directory', [rawHeader({ path: './' }), end]],
    ['whose root comes twice', [root, root, end]],
    ['that links to the root directory', [root, hardLink('h', ''), end]],
    ['that links to a directory', [root, directory('d'), hardLink('h', 'd'), end]],
    ['that links to what comes later', [root, hardLink('h', 'f'), file('f'), end]],
    ['that has a file twice', [root, file('f'), file('f'), end]],
    ['that has a directory twice', [root, directory('d'), directory('d'), end]],
    ['that has a file in a directory which it does not have', [root, file('d/f'), end]],
    ['that has a file beneath a file', [root, file('f'), file('f/g'), end]],
    ['that goes on after its end', [root, end, file('f')]],
    ['that has garbage after its end', [root, end, Buffer.alloc(512, 1)]],
    ['that has a lone zero block', [root, Buffer.alloc(512), file('f'), end]],
    ['whose pax header claims a gigabyte', [root, rawHeader({ type: 'pax', size: 2 ** 30 }), end]],
    ['whose pax record is unknown', [root, pax({ 'GNU.volume.label': 'x' }), rawHeader({}), end]],
    ['whose size is no number', [root, pax({ size: '-1' }), rawHeader({}), end]],
    ['whose uid means "leave as it is"', [root, pax({ uid: '4294967295' }), rawHeader({}), end]],
    ['whose header is of another type', [root, Buffer.alloc(512, 'x'), end]],
    ['that ends in a pax header', [root, pax({ mtime: '1' })]],
    ['that has two pax headers in a row', [root, pax({ mtime: '1' }), pax({ mtime: '2' }), rawHeader({}), end]],
    ['whose fifo has data', [root, rawHeader({ type: 'fifo', size: 512 }), Buffer.alloc(512), end]],
    ['whose name has a NUL', [root, pax({ path: 'a\0b' }), rawHeader({}), end]],
    ['whose name is too long for any file system', [root, pax({ path: 'n'.repeat(256) }), rawHeader({}), end]],
  ])('%s', async (_, parts) => {
    await expect(write(parts)).rejects.toMatchObject(refused)
  })

  test('with more entries or more content than announced', async () => {
    const parts = [root, file('a', 'x'.repeat(1000)), file('b', 'x'.repeat(1000)), end]
    await expect(write(parts, { limits: { entries: 2, contentBytes: 5000 } })).rejects.toMatchObject(refused)
    await expect(write(parts, { limits: { entries: 3, contentBytes: 1999 } })).rejects.toMatchObject(refused)
    const { summary } = await write(parts, { limits: { entries: 3, contentBytes: 2000 } })
    expect(summary).toMatchObject({ entries: 3, contentBytes: 2000 })
  })

  test('with deeper or longer paths, or longer records, than announced', async () => {
    const parts = [root, directory('a'), directory('a/b'), file(`a/b/${'c'.repeat(150)}`), end]
    await expect(write(parts, { limits: { depth: 2 } })).rejects.toMatchObject(refused)
    await expect(write(parts, { limits: { pathBytes: 153 } })).rejects.toMatchObject(refused)
    await expect(write(parts, { limits: { recordBytes: 100 } })).rejects.toMatchObject(refused)
    const { summary } = await write(parts, { limits: { depth: 3, pathBytes: 154, recordBytes: 200 } })
    expect(summary.entries).toBe(4)
  })

  test('before its content is written, where a header announces more than was agreed', async () => {
    const parts = [root, pax({ size: String(2 ** 50) }), rawHeader({}), Buffer.alloc(100_000)]
    await expect(write(parts, { limits: { entries: 10, contentBytes: 1000 } })).rejects.toMatchObject(refused)
  })
})

describe('a damaged stream', () => {
  const sample = async () => {
    await using directory = await temporaryDirectory()
    const source = directory.path
    await mkdir(join(source, 'directory'))
    await writeFile(join(source, 'directory', 'file'), 'x'.repeat(700))
    await writeFile(join(source, 'empty'), '')
    return await archive(engine, source)
  }

  test('that is cut anywhere is refused', async () => {
    const { bytes } = await sample()
    for (let length = 0; length < bytes.length; length += 512) {
      await expect(write([bytes.subarray(0, length)])).rejects.toMatchObject(refused)
    }
    for (const length of [1, 511, 700, bytes.length - 1]) {
      await expect(write([bytes.subarray(0, length)])).rejects.toMatchObject(refused)
    }
  })

  test('with any bit turned is refused, or its digest is another', async () => {
    const { bytes, summary } = await sample()
    const codes = ['DRAYAGE_STREAM_DAMAGED', 'DRAYAGE_UNREPRESENTABLE', 'DRAYAGE_TARGET_FULL']
    // What no reader of archives uses: these bits may turn without harm.
    const harmless = { entries: summary.entries, digest: summary.digest }
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
        const turned = Buffer.from(bytes)
        turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const result = await write([turned], { limits: { entries: 10, contentBytes: 10_000 } }).catch((error) => error)
        if (result instanceof Error) expect(codes).toContain((result as Error & { code?: string }).code)
        else if (result.summary.digest === harmless.digest) {
          expect(await rsyncDifferences(result.target, join(place.path, await restored(bytes)))).toEqual([])
        }
      }),
      { numRuns: 200 },
    )
  })

  let restoredName: string | undefined
  const restored = async (bytes: Buffer): Promise<string> => {
    if (restoredName !== undefined) return restoredName
    restoredName = `target-${targets++}`
    await mkdir(join(place.path, restoredName))
    await engine.write(join(place.path, restoredName), inPieces(bytes))
    return restoredName
  }

  test('of random bytes is refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        await expect(write([Buffer.from(bytes)])).rejects.toMatchObject(refused)
        await expect(write([root, Buffer.from(bytes)])).rejects.toMatchObject(refused)
      }),
      { numRuns: 50 },
    )
  })

  test('whose source fails gives the reason of the source', async () => {
    const target = join(place.path, `target-${targets++}`)
    await mkdir(target)
    async function* broken() {
      yield root
      throw new Error('the line was cut')
    }
    await expect(engine.write(target, broken())).rejects.toThrow('the line was cut')
  })
})
