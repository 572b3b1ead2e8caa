import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFile,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createVolumeEngine, type Holding, type Incoming, type RoundLimits } from './engine.ts'
import { mapFile } from './testing/mapping.ts'
import { openRounds } from './testing/rounds.ts'
import { archive, inPieces, mountTmpfs, rsyncDifferences, temporaryDirectory } from './testing/streams.ts'

const engine = createVolumeEngine()
afterAll(() => engine.close())

const mebibyte = 1024 * 1024

// A volume whose reading is held up half-way: the worker runs a few pieces ahead of its consumer and then waits. So a
// change made after the first piece falls between the record of the stats and the end of the reading. The files are
// read in the order of their inodes, the big one first.
const volume = async () => {
  const directory = await temporaryDirectory()
  const root = join(directory.path, 'volume')
  await mkdir(root)
  await writeFile(join(root, 'big'), Buffer.alloc(12 * mebibyte, 'big'))
  await mkdir(join(root, 'late'))
  await writeFile(join(root, 'late', 'file'), Buffer.alloc(2 * mebibyte, 'late'))
  await writeFile(join(root, 'late', 'small'), 'small')
  return { root, target: directory.path, [Symbol.asyncDispose]: directory[Symbol.asyncDispose] }
}

const readWith = async (root: string, final: boolean, change: () => Promise<unknown>) => {
  const { pieces, summary } = engine.read(root, { final })
  const parts: Buffer[] = []
  for await (const piece of pieces) {
    if (parts.length === 0) await change()
    parts.push(piece)
  }
  return { bytes: Buffer.concat(parts), summary: await summary }
}

type Change = [name: string, path: string, change: (root: string) => Promise<unknown>]

const changes: Change[] = [
  ['a file written to', 'late/file', (root) => appendFile(join(root, 'late', 'small'), 'more')],
  ['a file overwritten in place', 'late/file', (root) => writeFile(join(root, 'late', 'file'), 'x', { flag: 'r+' })],
  ['a file cut short', 'late/file', (root) => truncate(join(root, 'late', 'file'), 10)],
  ['a file that grows', 'late/file', (root) => appendFile(join(root, 'late', 'file'), 'more')],
  ['a file that vanishes', 'late/file', (root) => unlink(join(root, 'late', 'file'))],
  [
    'a file put in place of another',
    'late/file',
    async (root) => {
      await writeFile(join(root, 'new'), 'new')
      await rename(join(root, 'new'), join(root, 'late', 'file'))
    },
  ],
  ['a file made', 'late', (root) => writeFile(join(root, 'late', 'another'), 'x')],
  ['a directory that vanishes', 'late', (root) => rm(join(root, 'late'), { recursive: true })],
  [
    'a file where a directory was',
    'late',
    async (root) => {
      await rm(join(root, 'late'), { recursive: true })
      await writeFile(join(root, 'late'), 'file')
    },
  ],
  ['a change of what has been read already', 'big', (root) => writeFile(join(root, 'big'), 'x', { flag: 'r+' })],
  ['the file that is being read cut short', 'big', (root) => truncate(join(root, 'big'), 100)],
  ['the file that is being read deleted', 'big', (root) => unlink(join(root, 'big'))],
  ['the file that is being read renamed', 'big', (root) => rename(join(root, 'big'), join(root, 'other'))],
  [
    'a directory in the place of the file that is being read',
    'big',
    async (root) => {
      await unlink(join(root, 'big'))
      await mkdir(join(root, 'big'))
    },
  ],
  ['a file renamed', 'late', (root) => rename(join(root, 'late', 'file'), join(root, 'late', 'other'))],
  [
    'a directory where a file was',
    'late/file',
    async (root) => {
      await unlink(join(root, 'late', 'file'))
      await mkdir(join(root, 'late', 'file'))
    },
  ],
  ['a time', 'late/small', (root) => utimes(join(root, 'late', 'small'), 1, 1)],
  ['a hard link', 'late/small', (root) => link(join(root, 'late', 'small'), join(root, 'late', 'again'))],
]

describe('while a volume is read', () => {
  test.each(changes)('%s fails the final round, which names the path', async (_, __, change) => {
    await using place = await volume()
    const failure = await readWith(place.root, true, () => change(place.root)).catch((error) => error)
    expect(failure).toMatchObject({ code: 'DRAYAGE_SOURCE_CHANGED', details: { paths: expect.any(Array) } })
    expect(failure.details.paths.join()).toMatch(/late|big|new/)
  })

  test.each(changes)('%s does not disturb a round that is not the final one', async (_, __, change) => {
    await using place = await volume()
    const { bytes, summary } = await readWith(place.root, false, () => change(place.root))
    const target = join(place.target, 'target')
    await mkdir(target)
    expect((await engine.write(target, inPieces(bytes))).digest).toBe(summary.digest)
    expect((await readdir(target)).includes('big')).toBe(true)
    // And the next round is good.
    const next = await archive(engine, place.root, true)
    await engine.write(target, inPieces(next.bytes))
    expect(await rsyncDifferences(place.root, target)).toEqual([])
  })

  test('what has grown beyond all that was announced waits for the next round', async () => {
    await using rounds = await openRounds(() => engine)
    await writeFile(join(rounds.source, 'a'), Buffer.alloc(12 * mebibyte, 'a'))
    await mkdir(join(rounds.source, 'late'))
    const late = join(rounds.source, 'late', 'file')
    await writeFile(late, 'small')
    const limits: (RoundLimits | undefined)[] = []
    const receive = async (grow: boolean) => {
      const read = (holding: Holding): Incoming => {
        const stream = engine.read(rounds.source, { final: false, memory: rounds.memory.source, holding })
        async function* pieces() {
          for await (const piece of stream.pieces) {
            if (grow) await truncate(late, 4 * 1024 * mebibyte)
            yield piece
          }
          limits.push(stream.limits())
        }
        return { pieces: pieces(), limits: stream.limits }
      }
      return engine.receive(rounds.target, read, { memory: rounds.memory.target })
    }
    expect((await receive(true)).entries).toBe(3)
    expect((await receive(false)).entries).toBe(4)
    expect((await lstat(join(rounds.target, 'late', 'file'))).size).toBe(4 * 1024 * mebibyte)
    expect(limits[1]?.contentBytes).toBeGreaterThan(limits[0]?.contentBytes ?? 0)
  })

  test('a store through a mapping, to a page that was dirty before the round began, fails the final round', async () => {
    await using place = await volume()
    const path = join(place.root, 'late', 'small')
    await writeFile(path, Buffer.alloc(4096, '-'))
    await using mapping = await mapFile(path, 4096)
    mapping.bytes[0] = 65
    const changed = readWith(place.root, true, async () => {
      mapping.bytes[1] = 66
    })
    await expect(changed).rejects.toMatchObject({
      code: 'DRAYAGE_SOURCE_CHANGED',
      details: { paths: ['late/small'] },
    })
  })

  test('a store to a page that has changed since the round before fails the final round, once the page was read', async () => {
    await using rounds = await openRounds(() => engine)
    const path = join(rounds.source, 'mapped')
    await writeFile(path, Buffer.alloc(4096, '-'))
    await using mapping = await mapFile(path, 4096)
    await rounds.round(false)
    mapping.bytes[0] = 65
    // Directories come last.
    await mkdir(join(rounds.source, 'late'))
    await writeFile(join(rounds.source, 'late', 'file'), Buffer.alloc(12 * mebibyte, 'l'))
    const read = (holding: Holding): Incoming => {
      const stream = engine.read(rounds.source, { final: true, memory: rounds.memory.source, holding })
      async function* pieces() {
        for await (const piece of stream.pieces) {
          mapping.bytes[1] = 66
          yield piece
        }
      }
      return { pieces: pieces(), limits: stream.limits }
    }
    const changed = engine.receive(rounds.target, read, { memory: rounds.memory.target })
    await expect(changed).rejects.toMatchObject({ code: 'DRAYAGE_SOURCE_CHANGED', details: { paths: ['mapped'] } })
  })

  test('nothing that another process swaps in for a file is followed, blocks, or gets in', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'drayage-volume-'))
    const root = join(parent, 'volume')
    const secret = join(parent, 'secrets', 'secret')
    await mkdir(root)
    await mkdir(join(parent, 'secrets'))
    await writeFile(secret, 'TOP SECRET'.repeat(1000))
    await writeFile(join(root, 'steady'), 'inside')
    for (let index = 0; index < 300; index++) await writeFile(join(root, `filler-${index}`), 'inside')
    const swapper: ChildProcess = spawn(
      process.execPath,
      [new URL('./testing/swapper.ts', import.meta.url).pathname, root, secret],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const ended = once(swapper, 'exit')
    try {
      if (swapper.stdout === null) throw new Error('the swapper has no output')
      await Promise.race([once(swapper.stdout, 'data'), ended])
      const target = join(parent, 'target')
      await mkdir(target)
      // In memory, so that the time goes into reading and not into waiting for the disk.
      await using _ = await mountTmpfs(target, 'size=64m')
      for (let round = 0; round < 20; round++) {
        const { bytes, summary } = await archive(engine, root, false)
        expect(bytes.includes('TOP SECRET')).toBe(false)
        expect((await engine.write(target, inPieces(bytes))).digest).toBe(summary.digest)
      }
      expect(swapper.exitCode).toBeNull()
    } finally {
      swapper.kill('SIGKILL')
      await ended
      await rm(parent, { recursive: true, force: true })
    }
  })
})
