import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aclFromText, aclToText, isMinimalAcl, permissionsOfAcl } from './acl.ts'

const permissions = fc.integer({ min: 0, max: 7 })
const ids = fc.uniqueArray(fc.integer({ min: 0, max: 4_294_967_294 }), { maxLength: 20 })

// A table as the kernel makes it: by tag, then by id, -1 where there is none.
const kernelAcl = fc
  .tuple(ids, ids, fc.array(permissions, { minLength: 44, maxLength: 44 }))
  .map(([users, groups, bits]) => {
    const ordered = (values: readonly number[]) => values.toSorted((a, b) => a - b)
    const entries: (readonly [tag: number, id: number])[] = [
      [0x01, 0xffffffff],
      ...ordered(users).map((id) => [0x02, id] as const),
      [0x04, 0xffffffff],
      ...ordered(groups).map((id) => [0x08, id] as const),
      [0x10, 0xffffffff],
      [0x20, 0xffffffff],
    ]
    const table = Buffer.alloc(4 + 8 * entries.length)
    table.writeUInt32LE(2, 0)
    entries.forEach(([tag, id], index) => {
      table.writeUInt16LE(tag, 4 + index * 8)
      table.writeUInt16LE(bits[index] ?? 0, 6 + index * 8)
      table.writeUInt32LE(id, 8 + index * 8)
    })
    return table.toString('latin1')
  })

describe('ACLs', () => {
  test("every table of the kernel's comes back as it was, through its text", () => {
    fc.assert(
      fc.property(kernelAcl, (acl) => {
        expect(aclFromText(aclToText(acl) ?? '')).toBe(acl)
      }),
    )
  })

  test('the text is that of acl(5)', () => {
    const text = 'user::rwx\nuser:1000:r-x\ngroup::r--\nmask::rwx\nother::---'
    expect(aclToText(aclFromText(text))).toBe(text)
  })

  test('commas, short tags, remarks, and the number after the name are understood', () => {
    expect(aclFromText('u::rw-,u:joe:r--:1000,g::r--,m::rw-,o::--- # nobody else')).toBe(
      aclFromText('user::rw-\nuser:1000:r--\ngroup::r--\nmask::rw-\nother::---'),
    )
  })

  test('a name without a number is refused, since it is another user on another host', () => {
    expect(() => aclFromText('user::rw-\nuser:joe:r--\ngroup::r--\nmask::r--\nother::---')).toThrow(/--numeric-owner/)
  })

  test('an ACL that says no more than the permissions is known as one', () => {
    expect(isMinimalAcl(aclFromText('user::rw-\ngroup::r--\nother::---'))).toBe(true)
    expect(isMinimalAcl(aclFromText('user::rw-\nuser:1:r--\ngroup::r--\nmask::r--\nother::---'))).toBe(false)
  })

  test('a table of another version is left as an attribute', () => {
    expect(aclToText('\x03\0\0\0')).toBeUndefined()
  })
})

test('the permission bits of a file with an ACL are those of its mask', () => {
  const acl = (text: string) => permissionsOfAcl(aclFromText(text))?.toString(8)
  expect(acl('user::rw-\nuser:7:rwx\ngroup::---\nmask::r-x\nother::--x')).toBe('651')
  expect(acl('user::rwx\ngroup::r--\nother::---')).toBe('740')
  expect(acl('user::rwx\nother::---')).toBeUndefined()
  expect(permissionsOfAcl('')).toBeUndefined()
})
