import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { createVolumeEngine } from '../volume/engine.ts'
import { end, file, root } from '../volume/testing/hostile.ts'
import { inPieces, mountTmpfs, temporaryDirectory } from '../volume/testing/streams.ts'
import { tarballFeed } from './feed.ts'

const engine = createVolumeEngine()
afterAll(() => engine.close())

const mebibyte = 1024 * 1024
const whole = Buffer.concat([root, file('large', 'x'.repeat(3 * mebibyte)), end])

// As an import does.
const imported = async (tarball: Buffer, freeBytes: number) => {
  await using place = await temporaryDirectory()
  const target = join(place.path, 'volume')
  await mkdir(target)
  const feed = tarballFeed(inPieces(tarball), freeBytes)
  const written = await engine
    .write(target, feed.pieces, { foreign: { stripComponents: 0 } })
    .catch((thrown: unknown) => Promise.reject(feed.told(thrown)))
  return feed.summary(written)
}

test('a tarball that fits is told of by its bytes and their digest', async () => {
  expect(await imported(whole, 10 * mebibyte)).toMatchObject({
    archiveBytes: whole.length,
    archiveSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    entries: 2,
  })
})

test('one that would fill the disk is refused before it has, and room is left for the engine', async () => {
  await expect(imported(whole, whole.length)).rejects.toMatchObject({
    code: 'DRAYAGE_TARGET_FULL',
    message: expect.stringContaining(`${whole.length} bytes that were free`),
  })
})

test('one that does not fit after all is told of as a full disk', async () => {
  await using place = await temporaryDirectory()
  await using _ = await mountTmpfs(place.path, 'size=2m')
  const feed = tarballFeed(inPieces(whole), 10 * mebibyte)
  const writing = engine.write(place.path, feed.pieces, { foreign: { stripComponents: 0 } })
  await expect(writing.catch((thrown: unknown) => Promise.reject(feed.told(thrown)))).rejects.toMatchObject({
    code: 'DRAYAGE_TARGET_FULL',
  })
})

test.each<[string, Buffer, string]>([
  ['is cut', whole.subarray(0, 2 * mebibyte), 'ends too early'],
  ['is compressed', gzipSync(whole), 'gzip -dc'],
  ['is empty', Buffer.alloc(0), 'ends too early'],
  ['holds nothing', end, 'nothing'],
  ['is none', Buffer.alloc(4096, 'text'), 'checksum'],
  ['leads out of the volume', Buffer.concat([file('../x'), end]), '..'],
])('one that %s is refused with what is wrong with it', async (_, tarball, reason) => {
  await expect(imported(tarball, 10 * mebibyte)).rejects.toMatchObject({
    code: 'DRAYAGE_TARBALL_REFUSED',
    message: expect.stringContaining(reason),
  })
})
