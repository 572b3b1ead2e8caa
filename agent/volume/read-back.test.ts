import { execFileSync } from 'node:child_process'
import { appendFileSync, closeSync, existsSync, fstatSync, openSync, writeSync } from 'node:fs'
import { appendFile, link, mkdir, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { createVolumeEngine } from './engine.ts'
import { setModified } from './linux/libc.ts'
import { mutations } from './testing/mutations.ts'
import { openRounds, type Rounds } from './testing/rounds.ts'
import { rsyncDifferences } from './testing/streams.ts'
import { makeZoo } from './testing/zoo.ts'

const engine = createVolumeEngine()
afterAll(() => engine.close())
const mebibyte = 1024 * 1024

const open = () => openRounds(() => engine)
const readBack = ({ target, memory }: Rounds) => engine.readBack(target, memory.target)

// Other bytes under the same stat but for the change time, which a disk that errs would not move either.
const corrupt = (path: string, offset: number): void => {
  const fd = openSync(path, 'r+')
  const { mtimeNs } = fstatSync(fd, { bigint: true })
  writeSync(fd, '?', offset)
  setModified(fd, Number(mtimeNs / 1_000_000_000n), Number(mtimeNs % 1_000_000_000n))
  closeSync(fd)
}

describe('reading back', () => {
  test('reads what the first round has written, and of a later one what that has, and finds it right', async () => {
    await using rounds = await open()
    await makeZoo(rounds.source)
    const first = await rounds.round(false, { noteWritten: true })
    const all = await readBack(rounds)
    expect(all).toMatchObject({ differing: [], incomplete: false })
    // Holes are not read: some of what there is, and all of what was sent.
    expect(all.bytes).toBeGreaterThanOrEqual(first.contentBytes)
    expect(all.bytes).toBeLessThan(first.contentBytes + 16 * mebibyte)

    await appendFile(join(rounds.source, 'contents', '511 bytes'), 'more')
    await writeFile(join(rounds.source, 'contents', `${3 * mebibyte + 7} bytes`), 'x', { flag: 'r+' })
    await rounds.round(false, { noteWritten: true })
    expect(await readBack(rounds)).toMatchObject({ files: 2, bytes: 515 + 8 * 1024, differing: [], incomplete: false })
    expect(await readBack(rounds)).toMatchObject({ files: 0, bytes: 0 })
  })

  test('finds what is not as it was written, which the next round makes good', async () => {
    await using rounds = await open()
    await mkdir(join(rounds.source, 'directory'))
    await writeFile(join(rounds.source, 'directory', 'small'), 'small')
    await writeFile(join(rounds.source, 'large'), Buffer.alloc(8 * mebibyte, 'x'))
    await writeFile(join(rounds.source, 'good'), 'good')
    await link(join(rounds.source, 'large'), join(rounds.source, 'directory', 'large again'))
    await rounds.round(false, { noteWritten: true })
    corrupt(join(rounds.target, 'directory', 'small'), 2)
    corrupt(join(rounds.target, 'large'), 5 * mebibyte)
    const found = await readBack(rounds)
    expect(found.differing.map(String).toSorted()).toEqual(
      expect.arrayContaining(['directory/small', expect.stringMatching(/large/)]),
    )
    expect(found.differing).toHaveLength(2)

    const mending = await rounds.round(false, { noteWritten: true })
    expect(mending.contentBytes).toBe(5 + mebibyte)
    expect(await readBack(rounds)).toMatchObject({ differing: [] })
    await rounds.round(true)
    expect(await rsyncDifferences(rounds.source, rounds.target)).toEqual([])
  })

  test('finds a changed block that is not as it was written', async () => {
    await using rounds = await open()
    await writeFile(join(rounds.source, 'large'), Buffer.alloc(8 * mebibyte, 'x'))
    await rounds.round(false, { noteWritten: true })
    await readBack(rounds)
    await writeFile(join(rounds.source, 'large'), 'y', { flag: 'r+' })
    await rounds.round(false, { noteWritten: true })
    corrupt(join(rounds.target, 'large'), 100)
    expect((await readBack(rounds)).differing.map(String)).toEqual(['large'])
    await rounds.round(true)
    expect(await rsyncDifferences(rounds.source, rounds.target)).toEqual([])
  })

  test('goes by the last of several writings, also where rounds were cut in between', async () => {
    await using rounds = await open()
    const file = join(rounds.source, 'file')
    await writeFile(file, Buffer.alloc(3 * mebibyte, 'a'))
    await rounds.round(false, { noteWritten: true })
    await writeFile(file, Buffer.alloc(3 * mebibyte, 'b'))
    await utimes(file, 1, 1)
    await rounds.round(false, { noteWritten: true })
    await writeFile(file, Buffer.alloc(3 * mebibyte, 'c'))
    // The same time once more: nothing but the order tells these writings apart.
    await utimes(file, 1, 1)
    await writeFile(join(rounds.source, 'later'), Buffer.alloc(2 * mebibyte, 'd'))
    await rounds.cutAfter(3.5 * mebibyte, false, { noteWritten: true })
    await rounds.round(false, { noteWritten: true })
    expect(await readBack(rounds)).toMatchObject({ differing: [], incomplete: false })
    expect(await rsyncDifferences(rounds.source, rounds.target)).toEqual([])
  })

  test('leaves alone what has gone, or become something else, since it was written', async () => {
    await using rounds = await open()
    for (const name of ['gone', 'cut', 'directory', 'fifo']) {
      await writeFile(join(rounds.source, name), Buffer.alloc(2 * mebibyte, 'x'))
    }
    await rounds.round(false, { noteWritten: true })
    await rm(join(rounds.target, 'gone'))
    await truncate(join(rounds.target, 'cut'), 100)
    for (const name of ['directory', 'fifo'])
      await rename(join(rounds.target, name), join(rounds.target, `${name}-was`))
    await mkdir(join(rounds.target, 'directory'))
    execFileSync('mkfifo', [join(rounds.target, 'fifo')])
    expect(await readBack(rounds)).toMatchObject({ files: 0, differing: [] })
    await rounds.round(true)
    expect(await rsyncDifferences(rounds.source, rounds.target)).toEqual([])
  })

  test('says so where a process was killed while it wrote, since then it does not know all that was written', async () => {
    await using rounds = await open()
    await writeFile(join(rounds.source, 'file'), 'content')
    await rounds.round(false, { noteWritten: true })
    appendFileSync(join(rounds.memory.target, 'written.open'), '')
    await appendFile(join(rounds.source, 'file'), 'more')
    await rounds.round(false, { noteWritten: true })
    expect(await readBack(rounds)).toMatchObject({ files: 0, incomplete: true })
    expect(await readBack(rounds)).toMatchObject({ files: 0, incomplete: false })
    expect(existsSync(join(rounds.memory.target, 'written'))).toBe(false)
  })

  test('after rounds of any changes, cut anywhere, finds nothing that is not right', async () => {
    await using rounds = await open()
    await rounds.round(false, { noteWritten: true })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.array(mutations, { maxLength: 12 }), fc.option(fc.nat(3 * mebibyte))), { maxLength: 4 }),
        async (steps) => {
          for (const [changes, cutAfter] of steps) {
            for (const change of changes) change.do(rounds.source)
            if (cutAfter !== null) await rounds.cutAfter(cutAfter, false, { noteWritten: true })
          }
          await rounds.round(false, { noteWritten: true })
          expect(await readBack(rounds)).toMatchObject({ differing: [], incomplete: false })
        },
      ),
      { numRuns: 25, endOnFailure: true },
    )
  }, 300_000)
})

describe('a digest read from the disk', () => {
  test('is that of the round that made it, and another when one byte is another', async () => {
    await using rounds = await open()
    await makeZoo(rounds.source)
    const { digest } = await rounds.round(true)
    const progress: number[] = []
    const read = await engine.digest(rounds.target, { onProgress: ({ bytes }) => progress.push(bytes) })
    expect(read.digest).toBe(digest)
    corrupt(join(rounds.target, 'contents', 'stored zeros'), mebibyte)
    expect((await engine.digest(rounds.target)).digest).not.toBe(digest)
  })

  test.each(['source', 'target'] as const)('names what the %s was remembered to be and is not', async (side) => {
    await using rounds = await open()
    await makeZoo(rounds.source)
    await rounds.round(false)
    const { digest } = await rounds.round(true)
    const root = rounds[side]
    const against = { memory: rounds.memory[side], digest }
    expect(await engine.digest(root, { against })).toMatchObject({ digest, differing: [] })
    corrupt(join(root, 'contents', 'stored zeros'), mebibyte)
    const changes = [
      'printf a > made; rm -r times; chmod 0 names/-rf; setfattr -n user.plain -v other attributes/user',
      'rm nodes/fifo; mkdir nodes/fifo; touch nodes/fifo/inside; chown 5 empty\\ directory',
    ]
    execFileSync('sh', ['-e', '-c', changes.join('; ')], { cwd: root })
    const { differing } = await engine.digest(root, { against })
    expect(differing.map(String).toSorted()).toEqual(
      [
        // The root itself, and the directory of the FIFO: their times.
        ...['', 'nodes', 'nodes/fifo', 'made', 'times', 'names/-rf', 'attributes/user'],
        ...['contents/stored zeros', 'empty directory'],
      ].toSorted(),
    )
    const other = { memory: rounds.memory[side], digest: 'f'.repeat(64) }
    expect((await engine.digest(root, { against: other })).differing).toEqual([])
  })

  test('names no more than a hundred', async () => {
    await using rounds = await open()
    for (let index = 0; index < 300; index++) await writeFile(join(rounds.source, `file ${index}`), 'x')
    const { digest } = await rounds.round(true)
    execFileSync('sh', ['-c', 'for file in file*; do echo y > "$file"; done'], { cwd: rounds.target })
    const { differing } = await engine.digest(rounds.target, { against: { memory: rounds.memory.target, digest } })
    expect(differing.length).toBe(100)
  })
})
