import type { ByteString } from '../byte-string.ts'
import { damaged } from '../damaged.ts'

const longestName = 255
export const longestPath = 1024 * 1024
export const deepestPath = 16_384

// The components of a member's path, the root being none. Refuses every path that could lead out of the root or that
// no walk of a real tree gives: absolute, `..`, `.` or nothing between slashes, NUL, components longer than any
// file system's. A `./` in front is how tar writes paths relative to where it was started; a slash at the end marks a
// directory.
export const componentsOf = (path: ByteString, directory: boolean): readonly ByteString[] => {
  if (path.length > longestPath) throw damaged(`a path is ${path.length} bytes long`)
  if (path === '.' || path === './') return []
  let inner = path.startsWith('./') ? path.slice(2) : path
  if (directory && inner.endsWith('/')) inner = inner.slice(0, -1)
  if (inner.startsWith('/')) throw damaged('a path is absolute')
  if (inner.includes('\0')) throw damaged('a path contains a NUL')
  const names = inner.split('/')
  if (names.length > deepestPath) throw damaged(`a path is ${names.length} directories deep`)
  for (const name of names) {
    if (name === '..' || name === '.' || name === '') throw damaged(`a path has a component ${JSON.stringify(name)}`)
    if (name.length > longestName) throw damaged('a path has a component longer than 255 bytes')
  }
  return names
}
