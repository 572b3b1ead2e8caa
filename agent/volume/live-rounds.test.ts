import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFile,
  lstat,
  mkdir,
  open as openFile,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { createVolumeEngine, type Holding, type VolumeEngine } from './engine.ts'
import { mapFile } from './testing/mapping.ts'
import { type Mutation, mutations, named } from './testing/mutations.ts'
import { openRounds, type Rounds } from './testing/rounds.ts'
import { mountTmpfs, rsyncDifferences } from './testing/streams.ts'
import { makeZoo } from './testing/zoo.ts'

let engine: VolumeEngine = createVolumeEngine()
afterAll(() => engine.close())
const open = (parent?: string) => openRounds(() => engine, parent)

const withoutHugeHoles = ['--exclude', 'huge, nearly empty']
const mebibyte = 1024 * 1024
const page = 8 * 1024

const equal = async ({ source, target }: Rounds): Promise<void> => {
  expect(await rsyncDifferences(source, target, withoutHugeHoles)).toEqual([])
}

describe('rounds', () => {
  test('after the first carry nothing but what has changed', async () => {
    await using rounds = await open()
    await makeZoo(rounds.source)
    const first = await rounds.round(false)
    await rounds.round(false)
    const idle = await rounds.round(false)
    // The root alone.
    expect(idle).toMatchObject({ changedEntries: 1, contentBytes: 0, entries: first.entries, digest: first.digest })
    await appendFile(join(rounds.source, 'contents', '511 bytes'), 'more')
    const last = await rounds.round(true)
    expect(last).toMatchObject({ changedEntries: 2, contentBytes: 515, entries: first.entries })
    await equal(rounds)
  })

  test('of a large file carry the pages that have changed', async () => {
    await using rounds = await open()
    const path = join(rounds.source, 'large')
    await writeFile(path, Buffer.alloc(64 * mebibyte, 'x'))
    await rounds.round(false)
    await writeFile(path, 'y', { flag: 'r+' })
    await appendFile(path, 'at the end')
    expect((await rounds.round(false)).contentBytes).toBe(page + 10)
    await using file = await openFile(path, 'r+')
    for (const at of [0, 1, 5, 127, 128]) await file.write('z', (300 + at) * page)
    await file.truncate(10 * mebibyte + 3)
    await appendFile(path, 'and more')
    expect((await rounds.round(true)).contentBytes).toBe(5 * page + 3 + 8)
    await equal(rounds)
  })

  test('of a large file that is cut at a page carry nothing', async () => {
    await using rounds = await open()
    const path = join(rounds.source, 'large')
    await writeFile(path, Buffer.alloc(4 * mebibyte, 'x'))
    await rounds.round(false)
    await truncate(path, 2 * mebibyte + 3 * page)
    expect(await rounds.round(true)).toMatchObject({ contentBytes: 0, changedEntries: 2 })
    await equal(rounds)
  })

  test.each(['source', 'target'] as const)(
    'carry blocks at most, where the %s has lost the hashes of pages',
    async (side) => {
      await using rounds = await open()
      const path = join(rounds.source, 'large')
      await writeFile(path, Buffer.alloc(8 * mebibyte, 'x'))
      await rounds.round(false)
      await truncate(join(rounds.memory[side], 'pages'), 0)
      await writeFile(path, 'y', { flag: 'r+' })
      expect((await rounds.round(true)).contentBytes).toBe(side === 'source' ? mebibyte : page)
      await equal(rounds)
    },
  )

  test('that only find another mode, owner or time carry no content', async () => {
    await using rounds = await open()
    await makeZoo(rounds.source)
    await rounds.round(false)
    execFileSync('chown', ['-hR', '12:13', join(rounds.source, 'contents')])
    const last = await rounds.round(true)
    expect(last.contentBytes).toBe(0)
    expect(last.changedEntries).toBeGreaterThan(10)
    await equal(rounds)
  })
})

describe('a target asks for a round before it has looked at what it holds', () => {
  const receive = async (rounds: Rounds): Promise<readonly Holding[]> => {
    const asked: Holding[] = []
    await engine.receive(
      rounds.target,
      (holding) => {
        asked.push(holding)
        return engine.read(rounds.source, { final: false, memory: rounds.memory.source, holding })
      },
      { memory: rounds.memory.target },
    )
    return asked
  }

  test('once, where all of it is there', async () => {
    await using rounds = await open()
    await writeFile(join(rounds.source, 'file'), 'content')
    const { digest } = await rounds.round(false)
    await writeFile(join(rounds.source, 'new'), 'new')
    expect(await receive(rounds)).toEqual([{ digest, lacking: [] }])
    await equal(rounds)
  })

  test('and again, where something is lacking: of what came before nothing is written', async () => {
    await using rounds = await open()
    for (let file = 0; file < 100; file++) await writeFile(join(rounds.source, `${file}`), Buffer.alloc(200_000, file))
    const { digest } = await rounds.round(false)
    await rm(join(rounds.target, '7'))
    // More than may be on its way: it has come in part when it is left.
    for (let file = 0; file < 100; file++) await writeFile(join(rounds.source, `${file}`), Buffer.alloc(300_000, file))
    expect(await receive(rounds)).toEqual([
      { digest, lacking: [] },
      { digest, lacking: [{ path: Buffer.from('7'), blocks: [] }] },
    ])
    await equal(rounds)
  })
})

test('rounds in which nothing has changed write nothing anew of what both sides remember', async () => {
  await using rounds = await open()
  await makeZoo(rounds.source)
  const trees = async () =>
    Promise.all(
      Object.values(rounds.memory).map(async (memory) => {
        const names = (await readdir(memory)).filter((name) => name === 'held' || name.endsWith('.tree'))
        return Promise.all(names.map(async (name) => [name, (await lstat(join(memory, name))).ino]))
      }),
    )
  // What was changed right before a round is looked at once more in the next.
  for (let round = 0; round < 3; round++) await rounds.round(false)
  const before = await trees()
  await rounds.round(false)
  expect(await trees()).toEqual(before)
  expect(before.flat()).toHaveLength(2)
  await writeFile(join(rounds.source, 'new'), 'new')
  await rounds.round(false)
  expect(await trees()).not.toEqual(before)
  await equal(rounds)
})

type Action = Mutation | { readonly what: string; readonly between: (rounds: Rounds) => Promise<unknown> }

const restart = async (): Promise<void> => {
  const before = engine
  engine = createVolumeEngine()
  await before.close()
}

// Each list becomes that of another block, where there are several.
const spoilPages = async (memory: string, all: boolean): Promise<void> => {
  const path = join(memory, 'pages')
  const lists = await readFile(path).catch(() => Buffer.alloc(0))
  const listBytes = (mebibyte / page) * 32
  await writeFile(path, all ? '' : Buffer.concat([lists.subarray(listBytes), lists.subarray(0, listBytes)]))
}

const paces = fc.constantFrom(undefined, 50_000, mebibyte)

const actions: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 1,
    arbitrary: paces.map((leastBytes) =>
      named({
        what: `checkpoints every ${leastBytes}`,
        between: async (rounds: Rounds) =>
          rounds.pace(leastBytes === undefined ? undefined : { everyMs: 0, leastBytes }),
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant(named({ what: 'both agents started anew', between: () => restart() })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom('source', 'target'), fc.boolean()).map(([side, all]) =>
      named({
        what: `the ${side} has ${all ? 'no' : 'other'} hashes of pages`,
        between: (rounds: Rounds) => spoilPages(rounds.memory[side], all),
      }),
    ),
  },
  { weight: 12, arbitrary: mutations },
  { weight: 2, arbitrary: fc.constant(named({ what: 'round', between: (rounds: Rounds) => rounds.round(false) })) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.oneof(fc.nat(200_000), fc.nat(8 * mebibyte)), fc.boolean()).map(([bytes, final]) =>
      named({
        what: `round cut after ${bytes}${final ? ', final' : ''}`,
        between: (rounds: Rounds) => rounds.cutAfter(bytes, final),
      }),
    ),
  },
)

const play = async (rounds: Rounds, sequence: readonly Action[]): Promise<void> => {
  for (const action of sequence) {
    if ('between' in action) await action.between(rounds)
    else action.do(rounds.source)
  }
  await rounds.round(true)
  await equal(rounds)
}

test('whatever is changed, and wherever rounds are cut, the last one makes the target the same', async () => {
  await using rounds = await open()
  await makeZoo(rounds.source)
  await rounds.round(false)
  const sequences = fc.array(fc.array(actions, { minLength: 5, maxLength: 40 }), { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(sequences, async (all) => {
      for (const sequence of all) await play(rounds, sequence)
    }),
    { numRuns: Number(process.env['DRAYAGE_TEST_RUNS'] ?? 15), endOnFailure: true },
  )
}, 1_200_000)

test('while another process changes everything without pause, both ends agree after every round', async () => {
  await using rounds = await open()
  const churn = spawn(process.execPath, [new URL('./testing/churn.ts', import.meta.url).pathname, rounds.source, '1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(churn, 'exit')
  try {
    await Promise.race([once(churn.stdout, 'data'), ended])
    for (let round = 0; round < 40; round++) await rounds.round(false)
    expect(churn.exitCode).toBeNull()
  } finally {
    churn.kill('SIGKILL')
    await ended
  }
  await rounds.round(true)
  await equal(rounds)
}, 120_000)

describe('a store through a mapping', () => {
  // To a page that is dirty already it moves no time, unless the page was written back in between.
  const storeBetweenRounds = async (rounds: Rounds): Promise<void> => {
    const path = join(rounds.source, 'mapped')
    await writeFile(path, Buffer.alloc(4096, '-'))
    await using mapping = await mapFile(path, 4096)
    mapping.bytes[0] = 65
    await rounds.round(false)
    mapping.bytes[1] = 66
    await rounds.round(false)
    mapping.bytes[2] = 67
    await rounds.round(true)
    expect((await readFile(join(rounds.target, 'mapped'), 'latin1')).slice(0, 4)).toBe('ABC-')
  }

  test('between two rounds, to a page that was dirty before, is in the next', async () => {
    await using rounds = await open()
    await storeBetweenRounds(rounds)
  })

  test('is found in tmpfs too, where nothing but the content tells', async () => {
    await using rounds = await open()
    await using _ = await mountTmpfs(rounds.source, 'size=8m')
    await storeBetweenRounds(rounds)
  })
})

test('a root that has become another directory is refused, and nothing is deleted for it', async () => {
  await using rounds = await open()
  await writeFile(join(rounds.source, 'precious'), 'content')
  const expectIdentity = await engine.identify(rounds.source)
  await rounds.round(false)
  await rename(rounds.source, `${rounds.source}-before`)
  await mkdir(rounds.source)
  const receiving = engine.receive(
    rounds.target,
    (holding) => engine.read(rounds.source, { final: true, memory: rounds.memory.source, holding, expectIdentity }),
    { memory: rounds.memory.target },
  )
  await expect(receiving).rejects.toMatchObject({ code: 'DRAYAGE_VOLUME_ROOT_CHANGED' })
  expect(await readFile(join(rounds.target, 'precious'), 'utf8')).toBe('content')
})

describe('an agent that is started anew goes on', () => {
  test('from what both have on their disks', async () => {
    await using rounds = await open()
    await makeZoo(rounds.source)
    await rounds.round(false)
    await restart()
    await writeFile(join(rounds.source, 'new'), 'new')
    expect(await rounds.round(true)).toMatchObject({ contentBytes: expect.any(Number) })
    await equal(rounds)
  })

  test.each(['source', 'target'] as const)('with everything, where the memory of the %s is lost', async (side) => {
    await using rounds = await open()
    await writeFile(join(rounds.source, 'file'), 'content')
    await rounds.round(false)
    await rm(rounds.memory[side], { recursive: true })
    await mkdir(rounds.memory[side])
    expect((await rounds.round(true)).contentBytes).toBe(7)
    await equal(rounds)
  })

  test('after its machine went down in the middle of a round, and believes no time of a file', async () => {
    await using rounds = await open()
    await using _ = await mountTmpfs(rounds.target, 'size=16m')
    await writeFile(join(rounds.source, 'file'), Buffer.alloc(4 * mebibyte, 'x'))
    await writeFile(join(rounds.source, 'small'), 'small')
    await rounds.round(false)
    // New bytes under old times: on tmpfs a store through a mapping leaves them so, but for the first to a page.
    await using mapping = await mapFile(join(rounds.target, 'file'), 4 * mebibyte)
    mapping.bytes[2 * mebibyte] = 65
    await rounds.round(false)
    mapping.bytes[2 * mebibyte] = 66
    await writeFile(join(rounds.memory.target, 'applying'), 'the id of another boot\n')
    const last = await rounds.round(true)
    expect(last).toMatchObject({ contentBytes: mebibyte, holding: { lacking: [{ blocks: [2] }] } })
    await equal(rounds)
  })

  test('with everything, where what the target remembers is damaged in any byte', async () => {
    await using rounds = await open()
    await writeFile(join(rounds.source, 'file'), 'content')
    await rounds.round(false)
    const path = join(rounds.memory.target, 'held')
    const good = await readFile(path)
    for (const at of [0, 30, 60, good.length >> 1, good.length - 1]) {
      const bytes = Buffer.from(good)
      bytes.writeUInt8((bytes.readUInt8(at) + 1) % 256, at)
      await writeFile(path, bytes)
      expect((await rounds.round(false)).holding.digest).toBe('')
      await equal(rounds)
    }
  })
})

describe('what somebody did to the target between two rounds', () => {
  test.each<[string, (target: string) => Promise<unknown>, number]>([
    ['a file written to', (target) => writeFile(join(target, 'small'), 'SMALL'), 5],
    ['a block of a large file written to', (target) => writeFile(join(target, 'large'), 'y', { flag: 'r+' }), mebibyte],
    ['a file removed', (target) => rm(join(target, 'large')), 8 * mebibyte],
    ['a directory removed', (target) => rm(join(target, 'directory'), { recursive: true }), 6],
    ['a file added', (target) => writeFile(join(target, 'directory', 'more'), 'more'), 0],
    ['a time moved', (target) => appendFile(join(target, 'large'), ''), 0],
  ])('%s, is made good, and no more is sent than that takes', async (_, change, most) => {
    await using rounds = await open()
    await writeFile(join(rounds.source, 'small'), 'small')
    await writeFile(join(rounds.source, 'large'), Buffer.alloc(8 * mebibyte, 'x'))
    await mkdir(join(rounds.source, 'directory'))
    await writeFile(join(rounds.source, 'directory', 'inside'), 'inside')
    await rounds.round(false)
    await rounds.round(false)
    await change(rounds.target)
    expect((await rounds.round(true)).contentBytes).toBe(most)
    await equal(rounds)
  })
})
