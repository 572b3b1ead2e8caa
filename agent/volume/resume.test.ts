import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, mkdir, open, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { createVolumeEngine, type VolumeEngine } from './engine.ts'
import { openRounds, type Rounds } from './testing/rounds.ts'
import { rsyncDifferences } from './testing/streams.ts'

let engine: VolumeEngine = createVolumeEngine()
afterAll(() => engine.close())
const restart = async (): Promise<void> => {
  const before = engine
  engine = createVolumeEngine()
  await before.close()
}

const mebibyte = 1024 * 1024
vi.setConfig({ testTimeout: 180_000 })
// What may be on its way, between the two ends' queues, when a round is cut; and is lost.
const onItsWay = 16 * mebibyte
const often = { everyMs: 0, leastBytes: 2 * mebibyte }

const equal = async ({ source, target }: Rounds): Promise<void> => {
  expect(await rsyncDifferences(source, target)).toEqual([])
}

const begin = async (): Promise<Rounds> => {
  const rounds = await openRounds(() => engine)
  rounds.pace(often)
  return rounds
}

const writeLarge = (rounds: Rounds, name: string, size: number) =>
  writeFile(join(rounds.source, name), randomBytes(size))

const writeSmall = async (rounds: Rounds, directories: number): Promise<void> => {
  for (let directory = 0; directory < directories; directory++) {
    await mkdir(join(rounds.source, `${directory}`))
    for (let file = 0; file < 40; file++) {
      await writeFile(join(rounds.source, `${directory}`, `${file}`), randomBytes(16 * 1024))
    }
  }
}

describe('a first round that is cut goes on', () => {
  test.each(['by the same agents', 'by agents that were started anew'])('in the middle of a file, %s', async (how) => {
    await using rounds = await begin()
    await writeLarge(rounds, 'large', 64 * mebibyte + 5)
    expect(await rounds.cutAfter(40 * mebibyte, false)).toBe(true)
    if (how !== 'by the same agents') await restart()
    const rest = await rounds.round(false)
    expect(rest.holding.digest).not.toBe('')
    expect(rest.contentBytes).toBeGreaterThan(0)
    expect(rest.contentBytes).toBeLessThanOrEqual(24 * mebibyte + 5 + onItsWay)
    expect((await rounds.round(true)).contentBytes).toBe(0)
    await equal(rounds)
  })

  test('in the middle of a sparse file, whose holes do not cross', async () => {
    await using rounds = await begin()
    const file = await open(join(rounds.source, 'sparse'), 'w')
    for (let index = 0; index < 48; index++)
      await file.write(randomBytes(mebibyte - 17), 0, mebibyte - 17, index * 10 * mebibyte)
    await file.truncate(500 * mebibyte)
    await file.close()
    expect(await rounds.cutAfter(30 * mebibyte, false)).toBe(true)
    const rest = await rounds.round(false)
    expect(rest.contentBytes).toBeLessThanOrEqual(18 * mebibyte + onItsWay)
    await equal(rounds)
  })

  test('among many small ones', async () => {
    await using rounds = await begin()
    await writeSmall(rounds, 64)
    expect(await rounds.cutAfter(30 * mebibyte, false)).toBe(true)
    const rest = await rounds.round(false)
    expect(rest.contentBytes).toBeLessThanOrEqual(10 * mebibyte + onItsWay)
    await equal(rounds)
  })

  test('however often it is cut', async () => {
    await using rounds = await begin()
    await writeLarge(rounds, 'large', 50 * mebibyte)
    await writeSmall(rounds, 20)
    let attempts = 1
    while (await rounds.cutAfter(20 * mebibyte, false)) attempts++
    expect(attempts).toBeLessThan(15)
    await equal(rounds)
  })

  test('and what has changed meanwhile is as it is now', async () => {
    await using rounds = await begin()
    await writeLarge(rounds, 'large', 64 * mebibyte)
    await writeSmall(rounds, 10)
    expect(await rounds.cutAfter(40 * mebibyte, false)).toBe(true)
    const file = await open(join(rounds.source, 'large'), 'r+')
    await file.write('changed', 3 * mebibyte)
    await file.close()
    await rm(join(rounds.source, '3'), { recursive: true })
    await writeFile(join(rounds.source, '4', 'new'), 'new')
    const rest = await rounds.round(true)
    expect(rest.contentBytes).toBeLessThan(50 * mebibyte)
    await equal(rounds)
  })
})

test('a later round, and the last, go on as well in the middle of a file that has changed all over', async () => {
  await using rounds = await begin()
  await writeLarge(rounds, 'large', 64 * mebibyte)
  await rounds.round(false)
  await writeLarge(rounds, 'large', 64 * mebibyte + 7)
  expect(await rounds.cutAfter(40 * mebibyte, false)).toBe(true)
  const rest = await rounds.round(false)
  expect(rest.contentBytes).toBeLessThanOrEqual(24 * mebibyte + 7 + onItsWay)
  await writeLarge(rounds, 'large', 64 * mebibyte)
  expect(await rounds.cutAfter(40 * mebibyte, true)).toBe(true)
  expect((await rounds.round(true)).contentBytes).toBeLessThanOrEqual(24 * mebibyte + onItsWay)
  await equal(rounds)
})

describe('what was remembered in the middle of a round is not believed', () => {
  const cut = async (rounds: Rounds): Promise<void> => {
    await writeLarge(rounds, 'large', 40 * mebibyte)
    await writeSmall(rounds, 10)
    expect(await rounds.cutAfter(36 * mebibyte, false)).toBe(true)
  }
  const held = (rounds: Rounds) => join(rounds.memory.target, 'held')
  const remembered = async (rounds: Rounds) =>
    (await readdir(rounds.memory.source))
      .filter((name) => name.endsWith('.tree'))
      .map((name) => join(rounds.memory.source, name))

  test.each<[string, (rounds: Rounds) => Promise<unknown>]>([
    ['where the target was cut off while it wrote it', async (rounds) => halve(held(rounds))],
    ["where a byte of the target's is another", async (rounds) => flip(held(rounds))],
    ['where the source was cut off', async (rounds) => Promise.all((await remembered(rounds)).map(halve))],
    ["where a byte of the source's is another", async (rounds) => Promise.all((await remembered(rounds)).map(flip))],
    ['where the source has none', async (rounds) => Promise.all((await remembered(rounds)).map((path) => rm(path)))],
  ])('%s: everything is sent', async (_, harm) => {
    await using rounds = await begin()
    await cut(rounds)
    await harm(rounds)
    const all = await rounds.round(true)
    expect(all.contentBytes).toBe(40 * mebibyte + 400 * 16 * 1024)
    await equal(rounds)
  })

  test('where it is older than what is on the disk: what it does not vouch for is sent', async () => {
    await using rounds = await begin()
    await cut(rounds)
    const older = join(rounds.memory.target, 'older')
    await copyFile(held(rounds), older)
    await rounds.round(false)
    await writeLarge(rounds, '5/another', 3 * mebibyte)
    await rounds.round(false)
    await copyFile(older, held(rounds))
    await rounds.round(true)
    await equal(rounds)
  })

  test.each(['source', 'target'] as const)('where the hashes of blocks that the %s has are others', async (side) => {
    await using rounds = await begin()
    await cut(rounds)
    const path = join(rounds.memory[side], 'blocks')
    await writeFile(path, randomBytes((await readFile(path)).length))
    // Wrong hashes are found by the digests of both ends; then the next round begins anew.
    await rounds.round(false).catch(() => {})
    await rounds.round(true)
    await equal(rounds)
  })

  test('where the file in progress was written to by somebody', async () => {
    await using rounds = await begin()
    await writeLarge(rounds, 'large', 64 * mebibyte)
    expect(await rounds.cutAfter(40 * mebibyte, false)).toBe(true)
    const path = join(rounds.target, 'large')
    const file = await open(path, 'r+')
    await file.write('not ours', 2 * mebibyte)
    const { atime, mtime } = await file.stat()
    await file.close()
    await utimes(path, atime, mtime)
    const rest = await rounds.round(false)
    expect(rest.holding.lacking.flatMap(({ blocks }) => blocks)).toContain(2)
    await equal(rounds)
  })
})

const halve = async (path: string): Promise<void> => truncate(path, (await readFile(path)).length >> 1)

const flip = async (path: string): Promise<void> => {
  const bytes = await readFile(path)
  const at = bytes.length >> 1
  bytes.writeUInt8((bytes.readUInt8(at) + 1) % 256, at)
  await writeFile(path, bytes)
}

test('a process that is killed at any moment has lost little of the round', async () => {
  await using rounds = await begin()
  await writeLarge(rounds, 'large', 48 * mebibyte)
  await writeSmall(rounds, 30)
  const { source, target, memory } = rounds
  const script = new URL('./testing/one-round.ts', import.meta.url).pathname
  // How many bytes crossed before it was killed; undefined: it came to its end.
  const runUntil = async (bytes: number): Promise<{ readonly crossed: number; readonly done: boolean }> => {
    const args = [script, source, target, memory.source, memory.target, String(2 * mebibyte)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(child, 'close')
    let crossed = 0
    let done = false
    for await (const line of createInterface(child.stdout)) {
      if (line === 'done') done = true
      else crossed = Number(line)
      if (crossed >= bytes) child.kill('SIGKILL')
    }
    await ended
    return { crossed, done }
  }
  let total = 0
  let runs = 0
  for (let done = false; !done; runs++) {
    const run = await runUntil((17 + (runs % 3) * 5) * mebibyte + runs * 1000)
    total += run.crossed
    done = run.done
    expect(runs).toBeLessThan(40)
  }
  expect(runs).toBeGreaterThan(2)
  expect(total).toBeLessThan(48 * mebibyte + 20 * mebibyte + runs * (onItsWay + 4 * mebibyte))
  expect((await rounds.round(true)).contentBytes).toBe(0)
  await equal(rounds)
})
