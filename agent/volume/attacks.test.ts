// The families of attacks by archives that have been published, one after the other; each shows that nothing outside of
// the target is touched. Single malformed members are in hostile-stream.test.ts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { BigIntStats } from 'node:fs'
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createVolumeEngine } from './engine.ts'
import { blockBytes, paddingAfter } from './tar/header.ts'
import { encodeMember, encodePart, encodeRemoval } from './tar/member.ts'
import { directory, end, file, hardLink, metadataOf, pax, rawHeader, root, symlink } from './testing/hostile.ts'
import { archive, inPieces, type TemporaryDirectory, temporaryDirectory } from './testing/streams.ts'

const engine = createVolumeEngine()
afterAll(() => engine.close())

let place: TemporaryDirectory
let target: string
let outside: string
let before: BigIntStats
beforeEach(async () => {
  place = await temporaryDirectory()
  target = join(place.path, 'target')
  outside = join(place.path, 'outside')
  await mkdir(target)
  await mkdir(outside)
  await writeFile(join(outside, 'precious'), 'untouched')
  before = await lstat(join(outside, 'precious'), { bigint: true })
})
// Whatever the test did.
afterEach(async () => {
  expect(await readdir(outside)).toEqual(['precious'])
  expect(await readFile(join(outside, 'precious'), 'utf8')).toBe('untouched')
  const after = await lstat(join(outside, 'precious'), { bigint: true })
  expect([after.ctimeNs, after.nlink, after.mode]).toEqual([before.ctimeNs, before.nlink, before.mode])
  await place[Symbol.asyncDispose]()
})

const write = (...parts: readonly Buffer[]) => engine.write(target, inPieces(Buffer.concat(parts), 1000))
const refused = { code: 'DRAYAGE_STREAM_DAMAGED' }

// With a checksum that is right; `change` works on the block before.
const forged = (change: (block: Buffer) => void): Buffer => {
  const block = rawHeader({ path: 'x' })
  change(block)
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

describe('symlinks in two hops', () => {
  test.each<[string, () => Buffer[]]>([
    ['a link to a link that leads out', () => [symlink('b', outside), symlink('a', 'b'), file('a/x')]],
    ['a link made through a link', () => [symlink('a', '.'), symlink('a/b', '..'), file('b/outside/x')]],
    [
      'up by a link, and up again by another',
      () => [directory('d'), symlink('d/up', '..'), symlink('x', 'd/up/..'), file('x/outside/x')],
    ],
    ['a link, a directory by its name, and a file in it', () => [symlink('a', outside), directory('a'), file('a/x')]],
    [
      'a hard link to a link, written through',
      () => [symlink('a', join(outside, 'precious')), hardLink('b', 'a'), file('b')],
    ],
    ['a hard link to a link, entered', () => [symlink('a', outside), hardLink('b', 'a'), file('b/x')]],
    ['a hard link through two links', () => [symlink('b', outside), symlink('a', 'b'), hardLink('h', 'a/precious')]],
  ])('%s', async (_, parts) => {
    await expect(write(root, ...parts(), end)).rejects.toMatchObject(refused)
  })

  test('as they are, they are data and stay what they are', async () => {
    await write(root, symlink('a', 'b'), symlink('b', outside), symlink('c', '../outside/precious'), end)
    const entries = await readdir(target, { withFileTypes: true })
    expect(entries.map((entry) => [entry.name, entry.isSymbolicLink()])).toEqual([
      ['a', true],
      ['b', true],
      ['c', true],
    ])
  })
})

describe('names that only look as if they led inside', () => {
  test('by the prefix field of the header', async () => {
    for (const [prefix, name] of [
      ['..', 'outside/x'],
      ['/', 'x'],
      ['.', '../outside/x'],
      ['a/..', '../outside/x'],
    ] as const) {
      const block = forged((header) => {
        header.fill(0, 0, 100)
        header.write(name, 0, 'latin1')
        header.write(prefix, 345, 'latin1')
      })
      await expect(write(root, block, end)).rejects.toMatchObject(refused)
    }
  })

  test('by a directory beside whose name begins as the target’s does', async () => {
    const evil = `${basename(target)}-evil`
    await mkdir(join(place.path, evil))
    for (const path of [`../${evil}/x`, `./../${evil}/x`, join(place.path, evil, 'x')]) {
      await expect(write(root, pax({ path }), rawHeader({}), end)).rejects.toMatchObject(refused)
    }
    expect(await readdir(join(place.path, evil))).toEqual([])
  })

  test('by a pax path over a harmless header, and a harmless pax path over a hostile header', async () => {
    await expect(write(root, pax({ path: '../outside/x' }), rawHeader({ path: 'fine' }), end)).rejects.toMatchObject(
      refused,
    )
    await write(root, pax({ path: 'fine' }), rawHeader({ path: '../outside/x' }), end)
    expect(await readdir(target)).toEqual(['fine'])
  })

  test('by ways of writing one name that are not the same text', async () => {
    await expect(write(root, rawHeader({ path: './x' }), rawHeader({ path: 'x' }), end)).rejects.toMatchObject(refused)
    for (const path of ['./././x', 'a//x', 'a/./x', './a/']) {
      await expect(write(root, directory('a'), rawHeader({ path }), end)).rejects.toMatchObject(refused)
    }
  })
})

describe('sizes that are not', () => {
  const base256 = (at: number, length: number, bytes: readonly number[]) =>
    forged((header) => {
      header.fill(0, at, at + length)
      Buffer.from(bytes).copy(header, at)
    })
  const minusOne = (length: number) => Array.from({ length }, () => 0xff)

  test('negative, in every way of writing a number', async () => {
    for (const part of [
      [base256(124, 12, minusOne(12))],
      [base256(108, 8, minusOne(8))],
      [base256(116, 8, minusOne(8))],
      [forged((header) => void header.write('-0000000001\0', 124, 'latin1'))],
      [pax({ size: '-512' }), rawHeader({})],
      [pax({ size: '' }), rawHeader({})],
      [pax({ uid: '-1' }), rawHeader({})],
      [pax({ 'SCHILY.devmajor': '-1' }), rawHeader({ type: 'character' })],
    ]) {
      await expect(write(root, ...part, end)).rejects.toMatchObject(refused)
    }
  })

  test('larger than any number that is exact', async () => {
    await expect(write(root, base256(124, 12, [0x80, ...minusOne(11)]), end)).rejects.toMatchObject(refused)
    for (const size of [String(2n ** 63n), '9'.repeat(40), '0x10', '1e3', ' 1', '1 ']) {
      await expect(write(root, pax({ size }), rawHeader({}), end)).rejects.toMatchObject(refused)
    }
  })

  test('in a sparse map', async () => {
    const sparse = (map: string, realsize: string) => {
      const data = Buffer.alloc(blockBytes)
      data.write(map, 'latin1')
      const records = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'f' }
      return [pax({ ...records, 'GNU.sparse.realsize': realsize }), rawHeader({ size: blockBytes }), data]
    }
    for (const [map, realsize] of [
      ['1\n-1\n0\n', '10'],
      ['1\n0\n-1\n', '10'],
      ['-1\n', '10'],
      ['1\n0\n0\n', '-10'],
      ['2\n5\n5\n0\n1\n', '10'],
      ['1\n9\n9\n', '10'],
      ['99999999\n', '10'],
    ] as const) {
      await expect(write(root, ...sparse(map, realsize), end)).rejects.toMatchObject(refused)
    }
  })
})

describe('pax headers that are huge', () => {
  test('by what they claim, by their number of records, and by one record', async () => {
    const many = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`comment.${index}`, 'x'.repeat(30)]))
    await expect(write(root, rawHeader({ type: 'pax', size: 2 ** 33 - 1 }), end)).rejects.toMatchObject(refused)
    await expect(write(root, pax(many), rawHeader({}), end)).rejects.toMatchObject(refused)
    await expect(write(root, pax({ path: 'a/'.repeat(600_000) }), rawHeader({}), end)).rejects.toMatchObject(refused)
    await expect(write(root, pax({ linkpath: 'l'.repeat(9_000_000) }), rawHeader({}), end)).rejects.toMatchObject(
      refused,
    )
  })

  test('by records whose lengths lie', async () => {
    for (const body of [
      '9 path=x\n',
      '99 path=x\n',
      '0 path=x\n',
      '10 path=x',
      '-9 path=x\n',
      '9999999999 path=x\n',
      '8 path=x',
    ]) {
      const head = rawHeader({ type: 'pax', size: body.length })
      const padding = Buffer.alloc(paddingAfter(body.length))
      // The last of these is the only one that is as long as it says, and has no newline at its end.
      const parts = [head, Buffer.from(body, 'latin1'), padding, rawHeader({})]
      if (body === '9 path=x\n') await write(root, ...parts, end)
      else await expect(write(root, ...parts, end)).rejects.toMatchObject(refused)
    }
  })
})

describe('a member of another type than the one before it', () => {
  test.each<[string, Buffer[]]>([
    ['a directory that becomes a link', [directory('d'), symlink('d', '../outside'), file('d/x')]],
    ['a file that becomes a link', [file('f'), symlink('f', '../outside/precious'), file('f')]],
    ['a file that becomes a directory', [file('f'), directory('f'), file('f/x')]],
    ['a link that becomes a file', [symlink('f', '../outside/precious'), file('f')]],
    ['a hard link that becomes a directory', [file('f'), hardLink('h', 'f'), directory('h'), file('h/x')]],
    ['a FIFO with content', [rawHeader({ type: 'fifo', path: 'p', size: 10 }), Buffer.alloc(512)]],
    [
      'a link with content',
      [rawHeader({ type: 'symlink', path: 'l', target: '../outside/precious', size: 7 }), Buffer.alloc(512)],
    ],
    ['a directory with content', [rawHeader({ type: 'directory', path: 'd/', size: 7 }), Buffer.alloc(512)]],
  ])('%s', async (_, parts) => {
    await expect(write(root, ...parts, end)).rejects.toMatchObject(refused)
  })
})

describe('a later round', () => {
  // What the first one made: a file, a directory, links that lead out, a FIFO.
  const held = [
    root,
    file('file', 'content'),
    directory('d'),
    symlink('link', '../outside/precious'),
    symlink('out', '../outside'),
    encodeMember({ path: 'fifo', metadata: metadataOf('fifo'), storedBytes: 0, sparse: false }),
    end,
  ]
  const content = (path: string): Buffer =>
    Buffer.concat([
      encodeMember({
        path,
        metadata: metadataOf('file', { size: 4 }),
        storedBytes: 4,
        sparse: false,
        change: { kind: 'content' },
      }),
      Buffer.from('evil'),
      Buffer.alloc(508),
    ])
  const metadata = (path: string, type: 'file' | 'directory' | 'symlink' | 'fifo'): Buffer =>
    encodeMember({
      path,
      metadata: metadataOf(type, { permissions: 0o4777 }),
      storedBytes: 0,
      sparse: false,
      change: { kind: 'metadata', size: 0 },
    })
  const part = (path: string): Buffer =>
    Buffer.concat([encodePart({ path, offset: 0, length: 4 }, 4, false), Buffer.from('evil'), Buffer.alloc(508)])

  test.each<[string, Buffer[]]>([
    ['content for a link that leads out', [content('link')]],
    ['content for a directory', [content('d')]],
    ['content for a FIFO', [content('fifo')]],
    ['content through a link', [content('out/precious')]],
    ['a part of a link', [part('link')]],
    ['a part through a link', [part('out/precious')]],
    ['metadata for a link as for a file', [metadata('link', 'file')]],
    ['metadata through a link', [metadata('out/precious', 'file')]],
    ['metadata for a directory as for a file', [metadata('d', 'file')]],
    ['the removal of what lies behind a link', [encodeRemoval('out/precious')]],
    ['the removal of what lies above', [encodeRemoval('../outside/precious')]],
    ['the removal of the root', [encodeRemoval('')]],
    ['a new file through a link', [file('out/x')]],
    [
      'a directory removed, a link in its place, and a file through it',
      [encodeRemoval('d'), symlink('d', '../outside'), file('d/x')],
    ],
    ['a change of what is not there', [content('nothing')]],
  ])('cannot bring %s', async (_, changes) => {
    const memory = join(place.path, 'memory')
    await mkdir(memory)
    const limits = () => undefined
    const receive = (stream: (digest: string) => Buffer[]) =>
      engine.receive(target, ({ digest }) => ({ pieces: inPieces(Buffer.concat(stream(digest)), 1000), limits }), {
        memory,
      })
    await receive(() => held)
    const based = (base: string) =>
      encodeMember({ path: '', metadata: metadataOf('directory'), storedBytes: 0, sparse: false, base })
    await expect(receive((digest) => [based(digest), ...changes, end])).rejects.toMatchObject(refused)
    // Upon a tree that is not held here, nothing at all.
    await expect(receive(() => [based('0'.repeat(64)), file('new'), end])).rejects.toMatchObject(refused)
  })
})

test('symlinks that another process races into the place of the target’s directories lead nowhere', async () => {
  const names = Array.from({ length: 10 }, (_, index) => `directory-${index}`)
  const files = names.flatMap((name) =>
    Array.from({ length: 60 }, (_, index) => file(`${name}/file-${index}`, 'x'.repeat(2000))),
  )
  const top = Array.from({ length: 100 }, (_, index) => file(`file-${index}`, 'x'.repeat(100)))
  const stream = Buffer.concat([root, ...names.map(directory), ...files, ...top, end])
  const swapper = spawn(
    process.execPath,
    [new URL('./testing/target-swapper.ts', import.meta.url).pathname, target, outside],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const ended = once(swapper, 'exit')
  let failed = 0
  try {
    await Promise.race([once(swapper.stdout, 'data'), ended])
    for (let turn = 0; turn < 40; turn++) {
      await engine.write(target, inPieces(stream)).catch(() => failed++)
      expect(await readdir(outside)).toEqual(['precious'])
    }
    expect(swapper.exitCode).toBeNull()
  } finally {
    swapper.kill('SIGKILL')
    await ended
  }
  // Otherwise nobody was in anybody's way.
  expect(failed).toBeGreaterThan(0)
}, 120_000)

test('a stream whose pieces are repeated, dropped or out of order is refused, or is not what the source read', async () => {
  await using source = await temporaryDirectory()
  await mkdir(join(source.path, 'directory'))
  for (let index = 0; index < 12; index++) {
    await writeFile(
      join(source.path, index % 2 === 0 ? 'directory' : '.', `file-${index}`),
      Buffer.alloc(700, `${index} `),
    )
  }
  const { bytes, summary } = await archive(engine, source.path)
  const blocks = Array.from({ length: bytes.length / blockBytes }, (_, index) =>
    bytes.subarray(index * blockBytes, (index + 1) * blockBytes),
  )
  const all = (): Buffer[] => [...blocks]
  const at = (index: number): Buffer => blocks[index] ?? Buffer.alloc(blockBytes)
  const damages: Record<string, (one: number, other: number) => Buffer[]> = {
    swapped: (one, other) => all().with(one, at(other)).with(other, at(one)),
    'put in once more': (one, other) => all().toSpliced(one, 0, at(other)),
    'several put in once more': (one, other) => all().toSpliced(one, 0, ...blocks.slice(one, one + (other % 6) + 1)),
    dropped: (one) => all().toSpliced(one, 1),
    'several dropped': (one, other) => all().toSpliced(one, (other % 6) + 1),
    'all of it twice': () => [...blocks, ...blocks],
  }
  const index = fc.nat(blocks.length - 1)
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(damages)), index, index, async (kind, one, other) => {
      const damaged = damages[kind]?.(one, other) ?? []
      const result = await write(...damaged).catch((error: { code?: string }) => error)
      if ('code' in result) expect(result).toMatchObject(refused)
      // Blocks that are equal to one another, or a member that may stand in either place: then nothing was lost.
      else if ((result as { digest: string }).digest === summary.digest) {
        expect((await archive(engine, target)).summary.digest).toBe(summary.digest)
      }
    }),
    { numRuns: 150 },
  )
})
