import { once } from 'node:events'
import fc from 'fast-check'
import { extract } from 'tar-stream'
import { describe, expect, test } from 'vitest'
import type { Metadata, NodeType } from '../tree/entry.ts'
import { nextMember } from './archive.ts'
import { encodeLink, encodeMember, type Member } from './member.ts'
import { componentsOf } from './path.ts'

const bytes = (constraints: fc.IntArrayConstraints) =>
  fc.uint8Array(constraints).map((value) => Buffer.from(value).toString('latin1'))
const nameOf = (maxLength: number) =>
  bytes({ minLength: 1, maxLength }).filter((name) => !/[/\0]/.test(name) && name !== '.' && name !== '..')
const path = fc.array(nameOf(255), { minLength: 1, maxLength: 12 }).map((names) => names.join('/'))
const id = fc.oneof(fc.nat(70_000), fc.integer({ min: 2_097_150, max: 4_294_967_294 }))
const seconds = fc.oneof(fc.nat(2 ** 31), fc.integer({ min: -(2 ** 40), max: 2 ** 40 }))
const attributes = fc
  .array(fc.tuple(bytes({ minLength: 1, maxLength: 40 }), bytes({ maxLength: 300 })), { maxLength: 5 })
  .map((pairs) => new Map(pairs.map(([name, value]) => [`user.${name.replaceAll('\0', '')}x`, value])))

const metadataOf = (type: NodeType): fc.Arbitrary<Metadata> =>
  fc.record({
    type: fc.constant(type),
    permissions: fc.integer({ min: 0, max: 0o7777 }),
    uid: id,
    gid: id,
    modifiedSeconds: seconds,
    modifiedNanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
    size: type === 'file' ? fc.oneof(fc.nat(10_000), fc.nat(2 ** 50)) : fc.constant(0),
    target:
      type === 'symlink'
        ? bytes({ minLength: 1, maxLength: 4095 }).map((text) => `x${text.replaceAll('\0', '')}`)
        : fc.constant(''),
    major: type === 'character' || type === 'block' ? fc.nat(4095) : fc.constant(0),
    minor: type === 'character' || type === 'block' ? fc.nat(1_048_575) : fc.constant(0),
    attributes,
  })

const member: fc.Arbitrary<Member> = fc
  .constantFrom<NodeType[]>('file', 'directory', 'symlink', 'fifo', 'character', 'block')
  .chain(metadataOf)
  .chain((metadata) =>
    fc.record({
      path: metadata.type === 'directory' ? fc.oneof(path, fc.constant('')) : path,
      metadata: fc.constant(metadata),
      storedBytes: metadata.type === 'file' ? fc.constant(metadata.size) : fc.constant(0),
      sparse: fc.constant(false),
    }),
  )

const decode = (archive: Buffer) => {
  let at = 0
  const take = (count: number) => {
    at += count
    return archive.subarray(at - count, at)
  }
  return nextMember({ take, takeOrEnd: () => undefined })
}

const plain = (found: Member) => ({
  ...found,
  path: componentsOf(found.path, found.metadata.type === 'directory').join('/'),
})

describe('members', () => {
  test('every entry comes back as it was', () => {
    fc.assert(
      fc.property(member, (wanted) => {
        const found = decode(encodeMember(wanted))
        if (found === undefined || 'linkTo' in found) throw new Error('not a member')
        expect(plain(found)).toEqual(wanted)
      }),
    )
  })

  test('every sparse file comes back with its name and its size', () => {
    fc.assert(
      fc.property(path, metadataOf('file'), fc.nat(2 ** 40), (name, metadata, storedBytes) => {
        const wanted = { path: name, metadata, storedBytes, sparse: true }
        const found = decode(encodeMember(wanted))
        if (found === undefined || 'linkTo' in found) throw new Error('not a member')
        expect(plain(found)).toEqual(wanted)
      }),
    )
  })

  test('every hard link comes back with both names', () => {
    fc.assert(
      fc.property(path, path, metadataOf('file'), (name, linkTo, metadata) => {
        const found = decode(encodeLink({ path: name, linkTo }, metadata))
        if (found === undefined || !('linkTo' in found)) throw new Error('not a link')
        expect(componentsOf(found.path, false).join('/')).toBe(name)
        expect(componentsOf(found.linkTo, false).join('/')).toBe(linkTo)
      }),
    )
  })

  // tar-stream knows nothing of these: it reads names as UTF-8, whole seconds, and ids of 21 bits.
  const text = fc.stringMatching(/^[a-z ü漢]{1,200}$/).map((name) => Buffer.from(name).toString('latin1'))

  test('tar-stream reads the same name, type, mode, size and time', async () => {
    const modest = metadataOf('file').map((metadata) => ({
      ...metadata,
      ...{ size: metadata.size % 2000, uid: 5, gid: 6, modifiedNanoseconds: 0 },
      modifiedSeconds: Math.abs(metadata.modifiedSeconds) % 2 ** 33,
    }))
    await fc.assert(
      fc.asyncProperty(text, modest, async (name, metadata) => {
        const data = Buffer.alloc(Math.ceil(metadata.size / 512) * 512 + 1024)
        const head = encodeMember({ path: name, metadata, storedBytes: metadata.size, sparse: false })
        const extractor = extract()
        const seen: unknown[] = []
        extractor.on('entry', ({ name, type, mode, size, mtime, uid, gid }, stream, next) => {
          seen.push({ name, type, mode, size, mtime: mtime?.getTime(), uid, gid })
          stream.on('end', next).resume()
        })
        const finished = once(extractor, 'finish')
        extractor.end(Buffer.concat([head, data]))
        await finished
        expect(seen).toEqual([
          {
            name: `./${Buffer.from(name, 'latin1').toString('utf8')}`,
            ...{ type: 'file', mode: metadata.permissions, size: metadata.size, uid: 5, gid: 6 },
            mtime: metadata.modifiedSeconds * 1000,
          },
        ])
      }),
      { numRuns: 50 },
    )
  })
})

describe('paths of an archive', () => {
  test.each(['/etc/passwd', '../x', 'a/../../x', './../x', 'a//b', 'a/./b', '', './/x', '..', 'a/..', 'x\0y', '././x'])(
    '%j is refused',
    (hostile) => {
      expect(() => componentsOf(hostile, false)).toThrow(expect.objectContaining({ code: 'DRAYAGE_STREAM_DAMAGED' }))
    },
  )

  test('a name of 256 bytes, a path of over a mebibyte and one of 20,000 directories are refused', () => {
    for (const hostile of ['n'.repeat(256), 'a/'.repeat(20_000), `${'n'.repeat(255)}/`.repeat(5000)]) {
      expect(() => componentsOf(hostile, true)).toThrow(expect.objectContaining({ code: 'DRAYAGE_STREAM_DAMAGED' }))
    }
  })

  test('no path that is accepted has a component that leads anywhere but down', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[./a\0]{0,12}$/), fc.boolean(), (text, directory) => {
        let names: readonly string[] = []
        try {
          names = componentsOf(text, directory)
        } catch (error) {
          expect(error).toMatchObject({ code: 'DRAYAGE_STREAM_DAMAGED' })
        }
        for (const name of names) expect(name).toMatch(/^(?!\.{1,2}$)[^/\0]{1,255}$/)
      }),
    )
  })
})
