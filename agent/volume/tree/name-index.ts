// Which name of a directory has a text: a hash table over the rows of names, chained through them. The root is in no
// directory, and not in it.
import type { ByteString } from '../byte-string.ts'
import { type Inode, type Name, name } from './name-row.ts'
import { type Arena, none, type Rows } from './rows.ts'

const leastBuckets = 1024

// FNV-1a's step, and what brings its upper bits down.
const stirred = (hash: number, byte: number): number => Math.imul(hash ^ byte, 0x01000193)
const spread = (hash: number): number => (hash ^ (hash >>> 15)) >>> 0

export const createNameIndex = (names: Rows, texts: Arena) => {
  let buckets = new Uint32Array(leastBuckets).fill(none)
  let count = 0

  const parentOf = (entry: Name): Inode => names.get(entry, name.parent)
  const bucketFor = (directory: Inode, text: ByteString): number => {
    let hash = directory | 0
    for (let index = 0; index < text.length; index++) hash = stirred(hash, text.charCodeAt(index))
    return spread(hash) & (buckets.length - 1)
  }
  const bucketOf = (entry: Name): number => {
    let hash = parentOf(entry) | 0
    const [at, length] = [names.get(entry, name.text), names.get(entry, name.length)]
    for (let index = 0; index < length; index++) hash = stirred(hash, texts.byteAt(at + index))
    return spread(hash) & (buckets.length - 1)
  }
  const chain = (entry: Name): void => {
    const bucket = bucketOf(entry)
    names.set(entry, name.chain, buckets[bucket] ?? none)
    buckets[bucket] = entry
  }
  // Of all rows that are in use.
  const rebuild = (size: number): void => {
    buckets = new Uint32Array(size).fill(none)
    count = 0
    for (let entry = 1; entry < names.count; entry++) {
      if (names.get(entry, name.inode) === none) continue
      chain(entry)
      count++
    }
  }

  return {
    // Its row says by now which directory it is in, and its text.
    add: (entry: Name): void => {
      if (count + 1 >= buckets.length) {
        rebuild(buckets.length * 4)
        return
      }
      chain(entry)
      count++
    },
    remove: (entry: Name): void => {
      const bucket = bucketOf(entry)
      let before = none
      for (let one = buckets[bucket] ?? none; one !== entry; one = names.get(one, name.chain)) before = one
      const after = names.get(entry, name.chain)
      if (before === none) buckets[bucket] = after
      else names.set(before, name.chain, after)
      count--
    },
    find: (directory: Inode, text: ByteString): Name | undefined => {
      for (let one = buckets[bucketFor(directory, text)] ?? none; one !== none; one = names.get(one, name.chain)) {
        if (parentOf(one) === directory && texts.equals(names.get(one, name.text), names.get(one, name.length), text)) {
          return one
        }
      }
      return undefined
    },
    // After the rows have been filled.
    restore: (): void => {
      let size = leastBuckets
      while (size < names.count) size *= 4
      rebuild(size)
    },
  }
}
