import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { ByteString } from '../byte-string.ts'
import { lastTrace, trace } from '../linux/trace.ts'
import { metadataOf } from '../testing/hostile.ts'
import { hashOfSmallContent } from '../tree/content-hash.ts'
import type { Metadata } from '../tree/entry.ts'
import { openBatches } from './file-batches.ts'
import { makeSmallFile } from './small-file.ts'
import { createSmallFiles, type NewFile } from './small-files.ts'

const parent = mkdtempSync(join(tmpdir(), 'drayage-small-'))
afterAll(() => rmSync(parent, { recursive: true }), 120_000)
let root = ''
let dir = -1
beforeEach(() => {
  root = mkdtempSync(join(parent, 'root-'))
  dir = openSync(root, 'r')
  return () => closeSync(dir)
})

const facts = (metadata: Metadata) => ({
  permissions: metadata.permissions,
  uid: metadata.uid,
  gid: metadata.gid,
  modifiedSeconds: metadata.modifiedSeconds,
  modifiedNanoseconds: metadata.modifiedNanoseconds,
})

const metadata = fc.record({
  permissions: fc.nat(0o7777),
  uid: fc.constantFrom(0, 999, 4_294_967_294),
  gid: fc.constantFrom(0, 999),
  // In the first second that ext4 has the kernel keeps no nanoseconds (timestamp_truncate).
  modifiedSeconds: fc.integer({ min: 1 - 2 ** 31, max: 2 ** 33 }),
  modifiedNanoseconds: fc.nat(999_999_999),
})
const content = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes))

const isThere = (path: string, wanted: Omit<Metadata, 'type'>, bytes: Buffer): void => {
  const stat = lstatSync(path, { bigint: true })
  expect(readFileSync(path).equals(bytes)).toBe(true)
  expect(Number(stat.mode)).toBe(0o100000 | wanted.permissions)
  expect([Number(stat.uid), Number(stat.gid)]).toEqual([wanted.uid, wanted.gid])
  expect(stat.mtimeNs).toBe(BigInt(wanted.modifiedSeconds) * 1_000_000_000n + BigInt(wanted.modifiedNanoseconds))
}

describe('a small file', () => {
  test('is made with whatever mode, owner and time it is to have, and its stat is told', () => {
    let number = 0
    fc.assert(
      fc.property(metadata, content, (wanted, bytes) => {
        const name = `file-${number++}`
        expect(makeSmallFile({ dir, name, ...wanted, content: bytes })).toBe(hashOfSmallContent(bytes))
        expect(lastTrace()[trace.inode]).toBe(Number(lstatSync(join(root, name), { bigint: true }).ino & 0xffffffffn))
        isThere(join(root, name), metadataOf('file', { ...wanted, size: bytes.length }), bytes)
      }),
      { numRuns: 200, endOnFailure: true },
    )
  })

  test('is as wanted in a directory that gives its group to what is made in it', () => {
    chmodSync(root, 0o2777)
    const wanted = facts(metadataOf('file'))
    expect(makeSmallFile({ dir, name: 'file', ...wanted, content: Buffer.from('x') })).toBeDefined()
    isThere(join(root, 'file'), metadataOf('file'), Buffer.from('x'))
  })

  test('does not touch what somebody else has put in its place', () => {
    writeFileSync(join(root, 'file'), 'theirs')
    expect(
      makeSmallFile({ dir, name: 'file', ...facts(metadataOf('file')), content: Buffer.from('x') }),
    ).toBeUndefined()
    expect(readFileSync(join(root, 'file'), 'utf8')).toBe('theirs')
  })

  test('of which the file system keeps something else is left to who can say so, and nothing of it stays', () => {
    // No inode keeps such a time: ext4's end in 2446.
    const wanted = { ...facts(metadataOf('file')), modifiedSeconds: 2 ** 40 }
    expect(makeSmallFile({ dir, name: 'file', ...wanted, content: Buffer.from('x') })).toBeUndefined()
    expect(existsSync(join(root, 'file'))).toBe(false)
  })
})

describe('small files that two threads make', () => {
  type Make = { readonly do: 'make'; readonly wanted: ReturnType<typeof facts>; readonly content: Buffer }
  type Step = Make | { readonly do: 'help' } | { readonly do: 'settle' }
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 20, arbitrary: fc.record({ do: fc.constant<'make'>('make'), wanted: metadata, content }) },
    { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'help' }, { do: 'settle' }) },
  )
  const filler: Step = { do: 'make', wanted: facts(metadataOf('file')), content: Buffer.from('filler') }

  // The other thread is this one: it works when the steps say so.
  const perform = (steps: readonly Step[]) => {
    const files = new Map<ByteString, { readonly file: NewFile; readonly content: Buffer }>()
    const heardOf: ByteString[] = []
    let shared: SharedArrayBuffer | undefined
    const small = createSmallFiles(
      {
        made: ({ place }, made) => {
          heardOf.push(place.name)
          expect(made.content).toBe(hashOfSmallContent(files.get(place.name)?.content ?? Buffer.alloc(0)))
          expect(made.seen[trace.inode]).toBe(
            Number(lstatSync(join(root, place.name), { bigint: true }).ino & 0xffffffffn),
          )
        },
        remake: ({ place }) => {
          throw new Error(`${place.name} was not made`)
        },
        callForHelp: (memory) => {
          shared = memory
        },
      },
      true,
    )
    try {
      for (const [number, one] of steps.entries()) {
        if (one.do === 'settle') small.settle()
        else if (one.do === 'help') shared && openBatches(shared).work()
        else {
          const name = `file-${number}`
          const file = {
            place: { dir, name, path: name, directory: number % 7 },
            metadata: metadataOf('file', { ...one.wanted, size: one.content.length }),
          }
          files.set(name, { file, content: one.content })
          const given = Buffer.from(one.content)
          small.make(file, given)
          // The memory is the caller's again.
          given.fill(0)
        }
      }
      small.settle()
      for (const name of files.keys()) expect(small.isPending(name)).toBe(false)
    } finally {
      small.close()
    }
    expect(shared).toBeDefined()
    expect(heardOf.toSorted()).toEqual([...files.keys()].toSorted())
    for (const [name, { file, content: bytes }] of files) isThere(join(root, name), file.metadata, bytes)
  }

  test('are all there, each once and as it is to be, whoever makes which, and in whatever order', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 100, maxLength: 600 }), (steps) => {
        root = mkdtempSync(join(parent, 'root-'))
        closeSync(dir)
        dir = openSync(root, 'r')
        perform([...Array.from({ length: 501 }, () => filler), ...steps])
      }),
      { numRuns: 5, endOnFailure: true },
    )
  })

  test('are made by the one alone, where the other does not come, or dies before it has begun', () => {
    perform(Array.from({ length: 1500 }, () => filler))
  })

  test('of which a thread has begun some and died end the round, and leave nothing open', () => {
    const open = () => readdirSync('/proc/self/fd').length
    const before = open()
    let shared: SharedArrayBuffer | undefined
    const small = createSmallFiles(
      {
        made: () => {},
        remake: () => {},
        callForHelp: (memory) => {
          shared = memory
        },
      },
      true,
    )
    const make = (number: number): void => {
      const place = { dir, name: `${number}`, path: `${number}`, directory: number % 3 }
      small.make({ place, metadata: metadataOf('file', { size: 1 }) }, Buffer.from('x'))
    }
    let number = 0
    while (shared === undefined || openBatches(shared).take() === undefined) make(number++)
    openBatches(shared).signs.fail()
    expect(() => small.settle()).toThrow('has died')
    small.close()
    expect(open()).toBe(before)
  })

  test('that are on their way when the round is given up leave nothing open', () => {
    const open = () => readdirSync('/proc/self/fd').length
    const before = open()
    const small = createSmallFiles({ made: () => {}, remake: () => {}, callForHelp: () => {} }, true)
    for (let number = 0; number < 700; number++) {
      const place = { dir, name: `${number}`, path: `${number}`, directory: number % 3 }
      small.make({ place, metadata: metadataOf('file', { size: 1 }) }, Buffer.from('x'))
    }
    expect(small.isPending('699')).toBe(true)
    small.close()
    expect(open()).toBe(before)
  })
})
