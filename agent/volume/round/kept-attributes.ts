import type { ByteString } from '../byte-string.ts'
import { isKeptAttribute, isOwnForm } from '../tree/attributes.ts'
import type { Metadata } from '../tree/entry.ts'
import type { SkippedList } from './summary.ts'

// Archives made by others may hold attributes that no copy carries: what is left of the metadata without them. Each of
// those is told of once.
export const createKeptAttributes = (skipped: SkippedList) => {
  const leftOut = new Set<ByteString>()
  return (metadata: Metadata, path: ByteString): Metadata => {
    if (metadata.attributes.size === 0) return metadata
    const attributes = [...metadata.attributes].filter(([name]) => {
      if (isKeptAttribute(name)) return true
      if (!isOwnForm(name) && !leftOut.has(name)) {
        leftOut.add(name)
        skipped.add(path, `the attribute ${name}, here and elsewhere in the archive, belongs to the host it came from`)
      }
      return false
    })
    return { ...metadata, attributes: new Map(attributes) }
  }
}
