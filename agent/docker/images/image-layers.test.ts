import fc from 'fast-check'
import { pack } from 'tar-stream'
import { expect, test } from 'vitest'
import { commonLayers, filesOfHeld, withoutFiles } from './image-layers.ts'

const tarball = async (files: readonly (readonly [string, string])[], pax: Record<string, string> | null = null) => {
  const packed = pack()
  for (const [name, content] of files)
    packed.entry({ name, ...(pax === null ? {} : { pax }), mtime: new Date(0) }, content)
  packed.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of packed) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function* inPieces(whole: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size)
}

const filtered = async (whole: Buffer, leftOut: readonly string[], size = 700) => {
  const chunks: Buffer[] = []
  for await (const chunk of withoutFiles(inPieces(whole, size), new Set(leftOut))) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

const files = [
  ['blobs/sha256/aa', 'a'.repeat(1500)],
  ['blobs/sha256/bb', ''],
  ['blobs/sha256/cc', 'c'.repeat(512)],
  ['manifest.json', '[]'],
] as const

test('files that are left out are left out whole, and all others stay, however the tarball is cut', async () => {
  const whole = await tarball(files)
  const kept = await tarball([files[1], files[3]])
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: whole.length }), async (size) => {
      const left = await filtered(whole, ['blobs/sha256/aa', 'blobs/sha256/cc'], size)
      expect(left.equals(kept)).toBe(true)
    }),
  )
  expect(await filtered(whole, [])).toEqual(whole)
})

test('a member’s extended header goes where the member goes, and what follows the end is passed on', async () => {
  const whole = await tarball(files, { comment: 'x'.repeat(600) })
  expect(await filtered(whole, [])).toEqual(whole)
  const left = await filtered(whole, ['blobs/sha256/aa', 'blobs/sha256/bb', 'blobs/sha256/cc'])
  expect(left.toString('latin1').split('comment=').length).toBe(2)
  const damaged = Buffer.concat([whole, Buffer.from('{"message":"no"}')])
  expect(await filtered(damaged, [])).toEqual(damaged)
  expect(await filtered(whole.subarray(0, 700), [])).toEqual(whole.subarray(0, 700))
})

test('a layer is held with all that is below it, and stays in the archive if it is needed again above', () => {
  expect(commonLayers(['a', 'b', 'c'], ['a', 'b'])).toBe(2)
  expect(commonLayers(['a', 'b'], ['a', 'b', 'c'])).toBe(2)
  expect(commonLayers(['a', 'b'], ['b', 'a'])).toBe(0)
  expect([...filesOfHeld(['sha256:a', 'sha256:b', 'sha256:c'], 2)]).toEqual(['blobs/sha256/a', 'blobs/sha256/b'])
  expect([...filesOfHeld(['sha256:a', 'sha256:b', 'sha256:a'], 2)]).toEqual(['blobs/sha256/b'])
  expect(filesOfHeld(['sha256:a'], 0).size).toBe(0)
})
