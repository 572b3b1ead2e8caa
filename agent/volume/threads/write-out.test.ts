import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createWriteOut } from './write-out.ts'

const mebibyte = 1024 * 1024
const settled = () => new Promise(setImmediate)

// Syncs that take until they are told to end.
const watched = () => {
  const begun: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  const sync = (): Promise<void> => new Promise((resolve, reject) => begun.push({ resolve, reject }))
  return { begun, writeOut: createWriteOut('/somewhere', sync) }
}

test('many small files are written out while others come, by one sync at a time', async () => {
  const { begun, writeOut } = watched()
  writeOut.reached(80 * mebibyte, 8_000)
  writeOut.reached(160 * mebibyte, 16_000)
  expect(begun).toHaveLength(1)
  begun[0]?.resolve()
  await settled()
  writeOut.reached(240 * mebibyte, 24_000)
  expect(begun).toHaveLength(2)
})

test('a few large files are not, nor little of anything', () => {
  const { begun, writeOut } = watched()
  writeOut.reached(4096 * mebibyte, 40)
  expect(begun).toHaveLength(0)
  const other = watched()
  other.writeOut.reached(mebibyte, 1_000_000)
  expect(other.begun).toHaveLength(0)
})

test('its end is waited for, and what goes wrong with it is nobody’s failure', async () => {
  const { begun, writeOut } = watched()
  writeOut.reached(80 * mebibyte, 8_000)
  let hasEnded = false
  const ended = writeOut.ended().then(() => {
    hasEnded = true
  })
  await settled()
  expect(hasEnded).toBe(false)
  begun[0]?.reject(new Error('EIO'))
  await ended
  writeOut.reached(240 * mebibyte, 24_000)
  expect(begun).toHaveLength(2)
})

test('a directory is synced with its file system; one that is not there, or is none, does no harm', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'drayage-write-out-'))
  await writeFile(join(dir, 'file'), 'x')
  for (const root of [dir, join(dir, 'file'), join(dir, 'missing')]) {
    const writeOut = createWriteOut(root)
    writeOut.reached(80 * mebibyte, 8_000)
    await writeOut.ended()
  }
  await rm(dir, { recursive: true })
})
