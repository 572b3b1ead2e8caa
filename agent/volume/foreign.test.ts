// Archives that others have written: what real programs make is in test/filesystems/interop.test.ts; here is what they
// may make, and what somebody may make of it.
import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createVolumeEngine } from './engine.ts'
import { blockBytes, paddingAfter } from './tar/header.ts'
import { encodeRemoval } from './tar/member.ts'
import { directory, end, file, hardLink, pax, rawHeader, root, symlink } from './testing/hostile.ts'
import { inPieces, temporaryDirectory } from './testing/streams.ts'

const engine = createVolumeEngine()
afterAll(() => engine.close())

const writing = async (parts: readonly Buffer[], stripComponents = 0, pieceBytes = 65_537) => {
  const place = await temporaryDirectory()
  const target = join(place.path, 'volume')
  await mkdir(target)
  const pieces = inPieces(Buffer.concat(parts), pieceBytes)
  return {
    place: place.path,
    target,
    write: () => engine.write(target, pieces, { foreign: { stripComponents } }),
    [Symbol.asyncDispose]: place[Symbol.asyncDispose],
  }
}

// The header with other bytes in it, and its checksum made good.
const changed = (header: Buffer, change: (block: Buffer) => void): Buffer => {
  const block = Buffer.from(header)
  change(block)
  block.fill(32, 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}
const ofGnu = (block: Buffer): void => void block.write('ustar  \0', 257, 'latin1')
const ofType =
  (type: string) =>
  (block: Buffer): void =>
    void block.write(type, 156, 'latin1')
const gnu = (type: string, name: string, content = Buffer.alloc(0), change: (block: Buffer) => void = () => {}) =>
  Buffer.concat([
    changed(rawHeader({ path: name, size: content.length }), (block) => {
      ofGnu(block)
      ofType(type)(block)
      change(block)
    }),
    content,
    Buffer.alloc(paddingAfter(content.length)),
  ])
const globalPax = (records: Readonly<Record<string, string>>): Buffer => {
  const bytes = pax(records)
  return Buffer.concat([changed(bytes.subarray(0, blockBytes), ofType('g')), bytes.subarray(blockBytes)])
}
const octal = (value: number): string => `${value.toString(8).padStart(11, '0')}\0`

test('directories that an archive does not have are made on the way, and once', async () => {
  await using one = await writing([
    file('a/b/c', 'deep'),
    file('a/b/d', 'too'),
    directory('a'),
    symlink('e/link', '/'),
    end,
  ])
  expect(await one.write()).toMatchObject({ entries: 7, skipped: [] })
  expect(await readFile(join(one.target, 'a/b/c'), 'utf8')).toBe('deep')
  // What the archive says of a directory after all is what it is.
  expect((await stat(join(one.target, 'a'))).mtimeMs).toBe(1_000_000_000)
  expect((await stat(join(one.target, 'a/b'))).mtimeMs).toBeGreaterThan(1_600_000_000_000)
})

test('the root may come late, and again', async () => {
  await using one = await writing([file('a'), root, root, end])
  expect(await one.write()).toMatchObject({ entries: 2 })
  expect((await stat(one.target)).mtimeMs).toBe(1_000_000_000)
})

test('what lies below so many directories becomes the volume, and what does not is named', async () => {
  const parts = [directory('data'), file('data/file', 'kept'), hardLink('data/again', 'data/file'), file('beside'), end]
  await using one = await writing(parts, 1)
  const { entries, skipped } = await one.write()
  expect(entries).toBe(3)
  expect(skipped).toEqual([{ path: Buffer.from('./beside'), reason: expect.stringContaining('taken off') }])
  expect((await readdir(one.target)).toSorted()).toEqual(['again', 'file'])
  expect((await stat(join(one.target, 'file'))).nlink).toBe(2)
})

test('members in the form before POSIX are read, where a slash makes a directory', async () => {
  const old = (header: Buffer) => changed(header, (block) => void block.fill(0, 257, 345))
  const content = Buffer.from('content')
  await using one = await writing([
    old(rawHeader({ path: 'folder/' })),
    old(rawHeader({ path: 'folder/file', size: content.length })),
    content,
    Buffer.alloc(paddingAfter(content.length)),
    end,
  ])
  expect(await one.write()).toMatchObject({ entries: 3 })
  expect(await readFile(join(one.target, 'folder/file'), 'utf8')).toBe('content')
})

test('GNU tar’s long names and its sparse files of before pax are read, in pieces of any size', async () => {
  const long = `${'n'.repeat(200)}/${'m'.repeat(200)}`
  const segments = Array.from({ length: 30 }, (_, index) => ({ offset: index * 8192, length: 512 }))
  const write = (block: Buffer, from: number, listed: typeof segments): void => {
    for (const [index, { offset, length }] of listed.entries())
      block.write(octal(offset) + octal(length), from + index * 24)
  }
  const [first, second] = [Buffer.alloc(blockBytes), Buffer.alloc(blockBytes)]
  write(first, 0, segments.slice(4, 25))
  first[504] = 1
  write(second, 0, segments.slice(25))
  const data = Buffer.alloc(30 * 512, 'x')
  const header = gnu('S', 'ignored', data, (block) => {
    write(block, 386, segments.slice(0, 4))
    block[482] = 1
    block.write(octal(1_000_000), 483)
  })
  for (const pieceBytes of [77, 1_000_000]) {
    const parts = [gnu('V', 'a label'), gnu('L', '././@LongLink', Buffer.from(`${long}\0`))]
    parts.push(header.subarray(0, blockBytes), first, second, header.subarray(blockBytes))
    parts.push(gnu('L', '././@LongLink', Buffer.from(`link\0`)), gnu('K', '././@LongLink', Buffer.from(`${long}\0`)))
    parts.push(gnu('2', 'cut'), end)
    await using one = await writing(parts, 0, pieceBytes)
    expect(await one.write()).toMatchObject({ entries: 4 })
    const content = await readFile(join(one.target, long))
    const wanted = Buffer.alloc(1_000_000)
    for (const { offset, length } of segments) wanted.fill('x', offset, offset + length)
    expect(content.equals(wanted)).toBe(true)
    expect((await stat(join(one.target, long))).blocks * 512).toBeLessThan(400_000)
  }
})

test('what is said of all members holds for those that follow, unless it is said of one', async () => {
  await using one = await writing([globalPax({ uid: '7' }), file('seven'), pax({ uid: '8' }), file('eight'), end])
  await one.write()
  expect([(await stat(join(one.target, 'seven'))).uid, (await stat(join(one.target, 'eight'))).uid]).toEqual([7, 8])
})

test('records that are not known are named once, and never without end', async () => {
  const numbered = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`VENDOR.${index}`, 'x']))
  await using one = await writing([pax({ 'SCHILY.fflags': 'nodump' }), file('a'), pax(numbered), file('b'), end])
  const { skipped } = await one.write()
  expect(skipped).toHaveLength(21)
  expect(skipped[0]).toEqual({ path: Buffer.from('./a'), reason: expect.stringContaining('SCHILY.fflags') })
  expect(skipped.at(-1)?.reason).toContain('further records')
})

const sparse = (change: (block: Buffer) => void, data = Buffer.alloc(512, 'x')): Buffer =>
  gnu('S', 'sparse', data, change)

test.each<[string, readonly Buffer[], string]>([
  ['that leads out of the volume', [file('../x')], '..'],
  ['that is absolute', [file('x').fill('/', 0, 1)], ''],
  ['below a symlink', [symlink('a', '/tmp'), file('a/x')], 'stands in it twice'],
  ['below a file', [file('a'), file('a/x')], 'stands in it twice'],
  ['that is there already', [file('a'), file('a')], 'stands in it twice'],
  ['that is linked to what is not in it', [hardLink('a', 'etc/passwd')], 'hard link'],
  ['that was described and does not come', [pax({ uid: '1' })], 'described'],
  ['of another archive', [pax({ 'GNU.volume.offset': '1' }), file('a')], 'several archives'],
  ['with holes told in another way', [pax({ 'GNU.sparse.map': '0,1' }), file('a')], 'sparse'],
  ['of an unknown type', [gnu('M', 'a')], 'type'],
  ['of a round of a migration', [root, file('a'), encodeRemoval('a')], 'no archive'],
  ['with a long name without end', [gnu('L', 'x', Buffer.alloc(2 * 1024 ** 2, 'n')), file('a')], 'bytes long'],
  [
    'with descriptions without end',
    Array.from({ length: 9 }, () => pax({ comment: 'x'.repeat(1024 ** 2) })),
    'bytes long',
  ],
  ['with much said of all', Array.from({ length: 9 }, () => globalPax({ comment: 'x'.repeat(10_000) })), 'too much'],
  [
    'whose holes overlap',
    [sparse((block) => void block.write(`${octal(512)}${octal(0)}${octal(0)}${octal(512)}`, 386))],
    'disorder',
  ],
  ['whose holes and data disagree', [sparse((block) => void block.write(octal(512), 483))], 'disagrees'],
])('an entry %s is refused', async (_, parts, reason) => {
  await using one = await writing([...parts, end])
  await expect(one.write()).rejects.toMatchObject({
    code: 'DRAYAGE_STREAM_DAMAGED',
    message: expect.stringContaining(reason),
  })
  // Nothing but the volume and what was made in it.
  expect(await readdir(one.place)).toEqual(['volume'])
})

test('an archive that is cut is refused wherever it is', async () => {
  const whole = Buffer.concat([directory('a'), gnu('L', 'x', Buffer.from('a/long\0')), file('cut'), file('b'), end])
  for (let length = 0; length < whole.length - blockBytes; length += 256) {
    await using one = await writing([whole.subarray(0, length)])
    await expect(one.write()).rejects.toMatchObject({ code: 'DRAYAGE_STREAM_DAMAGED' })
  }
})

test('a path of very many directories that are not in the archive is made', async () => {
  const deep = Array.from({ length: 3_000 }, () => 'd').join('/')
  await using one = await writing([pax({ path: `${deep}/file` }), file('x'), end])
  expect(await one.write()).toMatchObject({ entries: 3_002 })
})
