import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { createVolumeEngine } from './engine.ts'
import { archive, inPieces, mountTmpfs, temporaryDirectory } from './testing/streams.ts'

const run = promisify(execFile)
const engine = createVolumeEngine()
afterAll(() => engine.close())

const mebibyte = 1024 * 1024

// Files of this process that are open below `path`, by any thread.
const openBelow = async (path: string): Promise<string[]> => {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  )
  return links.filter((link) => link.startsWith(path))
}

const volumeOf = async (parent: string, sizes: readonly number[]): Promise<string> => {
  const root = join(parent, 'source')
  await mkdir(root)
  for (const [index, size] of sizes.entries()) await writeFile(join(root, `file-${index}`), Buffer.alloc(size, 'x'))
  return root
}

const smallTarget = async (parent: string, options: string) => {
  const path = join(parent, 'target')
  await mkdir(path)
  const mount = await mountTmpfs(path, options)
  return { path, [Symbol.asyncDispose]: mount[Symbol.asyncDispose] }
}

describe('a full target', () => {
  test('of bytes ends the round as such', async () => {
    await using directory = await temporaryDirectory()
    const source = await volumeOf(directory.path, [mebibyte, 8 * mebibyte, mebibyte])
    await using target = await smallTarget(directory.path, 'size=4m')
    const { pieces } = engine.read(source, { final: true })
    await expect(engine.write(target.path, pieces)).rejects.toMatchObject({ code: 'DRAYAGE_TARGET_FULL' })
    // The reader hears of it through its iterator, a moment later.
    await expect.poll(() => openBelow(directory.path), { timeout: 20_000 }).toEqual([])
  })

  test('of inodes ends the round as such', async () => {
    await using directory = await temporaryDirectory()
    const source = await volumeOf(
      directory.path,
      Array.from({ length: 100 }, () => 1),
    )
    await using target = await smallTarget(directory.path, 'nr_inodes=20')
    expect((await engine.freeSpace(target.path)).inodes).toBeLessThan(20)
    const { bytes } = await archive(engine, source)
    await expect(engine.write(target.path, inPieces(bytes))).rejects.toMatchObject({ code: 'DRAYAGE_TARGET_FULL' })
  })

  test('is known beforehand by its free space', async () => {
    await using directory = await temporaryDirectory()
    await using target = await smallTarget(directory.path, 'size=4m')
    expect((await engine.freeSpace(target.path)).bytes).toBe(4 * mebibyte)
  })
})

test('a reader whose pieces are given back reads on into the same memory, and reads the same', async () => {
  await using directory = await temporaryDirectory()
  const source = await volumeOf(directory.path, [24 * mebibyte])
  const whole = await archive(engine, source)
  const { pieces, giveBack, summary } = engine.read(source, { final: true })
  const parts: Buffer[] = []
  const addresses: Buffer[] = []
  for await (const piece of pieces) {
    parts.push(Buffer.from(piece))
    addresses.push(piece)
    giveBack(piece)
  }
  expect(Buffer.concat(parts).equals(whole.bytes)).toBe(true)
  expect((await summary).digest).toBe(whole.summary.digest)
  // What was given away is gone from here: nobody can write into a piece that the reader is filling.
  expect(addresses.slice(0, -8).every(({ length }) => length === 0)).toBe(true)
})

test('a writer takes over the memory of pieces that have one to themselves, and copies those that share it', async () => {
  await using directory = await temporaryDirectory()
  const source = await volumeOf(directory.path, [3 * mebibyte])
  const { bytes, summary } = await archive(engine, source)
  const shared: Buffer[] = [...Array(Math.ceil(bytes.length / 99_999)).keys()].map((index) =>
    bytes.subarray(index * 99_999, (index + 1) * 99_999),
  )
  const own = shared.map((piece) => {
    const alone = Buffer.allocUnsafeSlow(piece.length)
    piece.copy(alone)
    return alone
  })
  for (const [name, pieces] of Object.entries({ shared, own })) {
    const target = join(directory.path, name)
    await mkdir(target)
    expect((await engine.write(target, Readable.from(pieces))).digest).toBe(summary.digest)
  }
  // Larger than what is handed over at a time, by less than the head of a message.
  const odd = Buffer.allocUnsafeSlow(mebibyte + 10)
  bytes.copy(odd, 0, 0, odd.length)
  const target = join(directory.path, 'odd')
  await mkdir(target)
  const rest = inPieces(bytes.subarray(odd.length))
  const written = engine.write(
    target,
    (async function* () {
      yield odd
      yield* rest
    })(),
  )
  expect((await written).digest).toBe(summary.digest)
  expect(shared.every(({ length }) => length > 0)).toBe(true)
  expect(own.every(({ length }) => length === 0)).toBe(true)
})

describe('a cancelled round', () => {
  test('of reading ends at once and leaves nothing open', async () => {
    await using directory = await temporaryDirectory()
    const source = await volumeOf(directory.path, [64 * mebibyte])
    const abort = new AbortController()
    const { pieces, summary } = engine.read(source, { final: true, signal: abort.signal })
    const collect = async () => {
      for await (const _ of pieces) abort.abort()
    }
    await expect(collect()).rejects.toMatchObject({ code: 'DRAYAGE_CANCELLED' })
    await expect(summary).rejects.toMatchObject({ code: 'DRAYAGE_CANCELLED' })
    expect(await openBelow(directory.path)).toEqual([])
  })

  test('of reading ends when its consumer leaves', async () => {
    await using directory = await temporaryDirectory()
    const source = await volumeOf(directory.path, [64 * mebibyte])
    const { pieces, summary } = engine.read(source, { final: true })
    for await (const _ of pieces) break
    await expect(summary).rejects.toMatchObject({ code: 'DRAYAGE_CANCELLED' })
    expect(await openBelow(directory.path)).toEqual([])
  })

  test('of reading runs only a few pieces ahead of its consumer', async () => {
    await using directory = await temporaryDirectory()
    const source = await volumeOf(directory.path, [64 * mebibyte])
    const abort = new AbortController()
    const { pieces, summary } = engine.read(source, { final: true, signal: abort.signal })
    const iterator = pieces[Symbol.asyncIterator]()
    await iterator.next()
    // The file position of the worker tells how far it has come; it has stopped when it no longer moves.
    const position = async (): Promise<number> => {
      const offsets = (await readdir('/proc/self/fd')).map(async (fd) => {
        if ((await readlink(`/proc/self/fd/${fd}`).catch(() => '')) !== join(source, 'file-0')) return 0
        const info = await readFile(`/proc/self/fdinfo/${fd}`, 'utf8').catch(() => '')
        return Number(/^pos:\s*(\d+)/.exec(info)?.[1] ?? 0)
      })
      return Math.max(...(await Promise.all(offsets)))
    }
    let last = -1
    await vi.waitFor(
      async () => {
        const now = await position()
        const stopped = now > 0 && now === last
        last = now
        expect(stopped).toBe(true)
      },
      { interval: 200, timeout: 10_000 },
    )
    expect(last).toBeLessThan(8 * mebibyte)
    abort.abort()
    await expect(summary).rejects.toMatchObject({ code: 'DRAYAGE_CANCELLED' })
  })

  test('of writing ends while its source stalls, and leaves nothing open', async () => {
    await using directory = await temporaryDirectory()
    const source = await volumeOf(directory.path, [8 * mebibyte])
    const target = join(directory.path, 'target')
    await mkdir(target)
    const { bytes } = await archive(engine, source)
    const abort = new AbortController()
    async function* stalling() {
      yield* inPieces(bytes.subarray(0, 3 * mebibyte), mebibyte)
      await new Promise(() => {})
    }
    const onProgress = ({ bytes: written }: { bytes: number }) => {
      if (written >= 2 * mebibyte) abort.abort()
    }
    const written = engine.write(target, stalling(), { signal: abort.signal, onProgress })
    await expect(written).rejects.toMatchObject({ code: 'DRAYAGE_CANCELLED' })
    expect(await openBelow(directory.path)).toEqual([])
  })

  test('that was cancelled before it began does nothing', async () => {
    await using directory = await temporaryDirectory()
    const source = await volumeOf(directory.path, [10])
    const signal = AbortSignal.abort()
    await expect(engine.read(source, { final: true, signal }).summary).rejects.toMatchObject({
      code: 'DRAYAGE_CANCELLED',
    })
    await expect(engine.measure(source, { signal })).rejects.toMatchObject({ code: 'DRAYAGE_CANCELLED' })
    const written = engine.write(source, inPieces(Buffer.alloc(10)), { signal })
    await expect(written).rejects.toMatchObject({ code: 'DRAYAGE_CANCELLED' })
    expect(await readdir(source)).toEqual(['file-0'])
  })

  test('is what every round becomes when the engine is closed', async () => {
    await using directory = await temporaryDirectory()
    const source = await volumeOf(directory.path, [64 * mebibyte])
    const other = createVolumeEngine()
    const { summary } = other.read(source, { final: true })
    await other.close()
    await expect(summary).rejects.toMatchObject({ code: 'DRAYAGE_CANCELLED' })
    expect(() => other.read(source, { final: true })).toThrow(/closed/)
  })
})

describe('a target that cannot hold everything', () => {
  test('is refused with the list of what it cannot hold', async () => {
    await using directory = await temporaryDirectory()
    const source = await volumeOf(directory.path, [1, 1])
    // ramfs has no extended attributes at all.
    await run('setfattr', ['-n', 'user.a', '-v', 'b', join(source, 'file-1')])
    const target = join(directory.path, 'target')
    await mkdir(target)
    await run('mount', ['-t', 'ramfs', 'drayage-test', target])
    try {
      const { bytes } = await archive(engine, source)
      await expect(engine.write(target, inPieces(bytes))).rejects.toMatchObject({
        code: 'DRAYAGE_UNREPRESENTABLE',
        details: { count: 1, paths: [{ path: 'file-1', what: expect.stringMatching(/user\.a/) }] },
      })
    } finally {
      await run('umount', [target])
    }
  })

  test('is told from a full one where an attribute has no room', async () => {
    await using directory = await temporaryDirectory()
    const source = join(directory.path, 'source')
    const target = join(directory.path, 'target')
    await mkdir(source)
    await mkdir(target)
    // tmpfs holds attributes of 64 KiB; ext4 without large inodes for them, 4 KiB, and says ENOSPC beyond.
    await using _ = await mountTmpfs(source, 'size=1m')
    await writeFile(join(source, 'file'), 'x')
    await run('setfattr', ['-n', 'user.large', '-v', 'x'.repeat(20_000), join(source, 'file')])
    const { bytes } = await archive(engine, source)
    await expect(engine.write(target, inPieces(bytes))).rejects.toMatchObject({
      code: 'DRAYAGE_UNREPRESENTABLE',
      details: { paths: [{ path: 'file', what: expect.stringMatching(/user\.large/) }] },
    })
  })

  test('through which something is mounted is not emptied', async () => {
    await using directory = await temporaryDirectory()
    const source = await volumeOf(directory.path, [1])
    const target = join(directory.path, 'target')
    await mkdir(join(target, 'inner'), { recursive: true })
    await using _ = await mountTmpfs(join(target, 'inner'), 'size=1m')
    await writeFile(join(target, 'inner', 'precious'), 'stays')
    const { bytes } = await archive(engine, source)
    await expect(engine.write(target, inPieces(bytes))).rejects.toMatchObject({ code: 'DRAYAGE_MOUNT_UNSUPPORTED' })
    expect(await readdir(join(target, 'inner'))).toEqual(['precious'])
  })
})
