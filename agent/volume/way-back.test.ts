// A copy that has moved knows enough to move back: each side's memory serves it in the other part.
import { appendFile, mkdir, open as openFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { createVolumeEngine } from './engine.ts'
import { bootId } from './linux/boot.ts'
import { statFd } from './linux/stat.ts'
import { takeTrace } from './linux/trace.ts'
import { newestTree } from './round/memory.ts'
import { mutations } from './testing/mutations.ts'
import { openRounds } from './testing/rounds.ts'
import { rsyncDifferences } from './testing/streams.ts'
import { makeZoo } from './testing/zoo.ts'
import { saveTree } from './tree/tree-file.ts'

const engine = createVolumeEngine()
afterAll(() => engine.close())
const open = () => openRounds(() => engine)
const withoutHugeHoles = ['--exclude', 'huge, nearly empty']
const mebibyte = 1024 * 1024
const page = 8 * 1024

test('there, back, and there again carry what has changed alone', async () => {
  await using rounds = await open()
  await makeZoo(rounds.source)
  await writeFile(join(rounds.source, 'large'), Buffer.alloc(32 * mebibyte, 'x'))
  await rounds.round(false)
  await rounds.round(true)
  // As setting a volume's directory aside does.
  await rename(rounds.source, `${rounds.source}.aside`)
  await rename(`${rounds.source}.aside`, rounds.source)

  await writeFile(join(rounds.target, 'large'), 'y', { flag: 'r+' })
  await writeFile(join(rounds.target, 'new'), 'written there')
  const back = await rounds.back.round(true)
  expect(back.contentBytes).toBe(page + 'written there'.length)
  expect(await rsyncDifferences(rounds.target, rounds.source, withoutHugeHoles)).toEqual([])

  await appendFile(join(rounds.source, 'new'), ', and here')
  const again = await rounds.round(true)
  expect(again.contentBytes).toBe('written there, and here'.length)
  expect(await rsyncDifferences(rounds.source, rounds.target, withoutHugeHoles)).toEqual([])
})

test('whatever is written on either side, and whichever way it goes, both are the same in the end', async () => {
  const turns = fc.array(
    fc.record({ changes: fc.array(mutations, { maxLength: 4 }), cutAfter: fc.option(fc.nat(300_000)) }),
    {
      minLength: 2,
      maxLength: 4,
    },
  )
  await fc.assert(
    fc.asyncProperty(turns, async (all) => {
      await using rounds = await open()
      await writeFile(join(rounds.source, 'first'), 'first')
      await rounds.round(true)
      let there = true
      for (const { changes, cutAfter } of all) {
        const way = there ? rounds.back : rounds
        for (const change of changes) change.do(way.source)
        if (cutAfter !== null) await way.cutAfter(cutAfter, false)
        await way.round(false)
        await way.round(true)
        expect(await rsyncDifferences(way.source, way.target)).toEqual([])
        there = !there
      }
    }),
    { numRuns: 10 },
  )
})

test('what somebody has written to a kept copy is seen, and what merely set it aside is not', async () => {
  await using rounds = await open()
  await makeZoo(rounds.source)
  expect(await engine.changedSince(rounds.source, rounds.memory.source)).toBeNull()
  await rounds.round(true)
  await rename(rounds.source, `${rounds.source}.aside`)
  await rename(`${rounds.source}.aside`, rounds.source)
  const changed = async () =>
    (await engine.changedSince(rounds.source, rounds.memory.source))?.map((path) => path.toString()).toSorted()
  expect(await changed()).toEqual([])
  await appendFile(join(rounds.source, 'contents', '511 bytes'), 'more')
  expect(await changed()).toEqual([join('contents', '511 bytes')])
  await rm(join(rounds.source, 'contents', '511 bytes'))
  await mkdir(join(rounds.source, 'made'))
  await symlink('nowhere', join(rounds.source, 'made', 'link'))
  await utimes(join(rounds.source, 'contents'), 1, 1)
  expect(await changed()).toEqual(['', 'contents', join('contents', '511 bytes'), 'made'])
})

// New bytes under old times, as they are found after a power cut where the inode had not reached the disk.
const sentBackAfter = async (boot: string): Promise<number> => {
  await using rounds = await open()
  await writeFile(join(rounds.source, 'large'), Buffer.alloc(8 * mebibyte, 'x'))
  await utimes(join(rounds.source, 'large'), 1, 1)
  await rounds.round(true)
  await writeFile(join(rounds.target, 'large'), 'y', { flag: 'r+' })
  await utimes(join(rounds.target, 'large'), 1, 1)
  const kept = newestTree(rounds.memory.target)
  const name = kept?.tree.find(['large'])
  if (kept === undefined || name === undefined) throw new Error('nothing was remembered')
  const file = await openFile(join(rounds.target, 'large'))
  statFd(file.fd)
  kept.tree.setSeen(kept.tree.inodeOf(name), takeTrace())
  await file.close()
  saveTree(join(rounds.memory.target, 'held'), { ...kept, savedAtMs: Date.now() + 60_000, bootId: boot }, kept.tree)
  kept.tree.release()
  return (await rounds.back.round(true)).contentBytes
}

test('after the machine went down the times of what was written to are not believed: all is read, little is sent', async () => {
  expect(await sentBackAfter(bootId())).toBe(0)
  expect(await sentBackAfter('the boot before')).toBe(page)
})
