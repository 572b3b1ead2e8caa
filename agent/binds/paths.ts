// Paths of directories of a host, as text, component by component: /srv/data is not above /srv/database. Pure.

const componentsOf = (path: string): readonly string[] => path.split('/').filter(Boolean)

// Docker keeps what was asked for; a slash at the end says nothing.
export const withoutEnd = (path: string): string => path.replace(/(.)\/+$/, '$1')

// Why nobody can say from the text alone which directory it names; null: it can be said.
export const unclear = (path: string): string | null => {
  if (!path.startsWith('/')) return 'it is not an absolute path'
  const parts = withoutEnd(path).slice(1).split('/')
  return path !== '/' && parts.some((part) => part === '' || part === '.' || part === '..')
    ? 'it has an empty part, "." or ".." in it'
    : null
}

export type Relation = 'at' | 'below' | 'above' | 'apart'

// Where `one` lies, as seen from `other`.
export const relationOf = (one: string, other: string): Relation => {
  const [left, right] = [componentsOf(one), componentsOf(other)]
  const shorter = Math.min(left.length, right.length)
  for (let index = 0; index < shorter; index++) if (left[index] !== right[index]) return 'apart'
  if (left.length === right.length) return 'at'
  return left.length > right.length ? 'below' : 'above'
}

export const isWithin = (path: string, folder: string): boolean => {
  const relation = relationOf(path, folder)
  return relation === 'at' || relation === 'below'
}

// As a setting: one or several, with colons between. Throws an Error whose message ends the sentence "--allow-bind is wrong: …".
export const allowedBinds = (raw: string): readonly string[] => {
  const paths = raw.split(':').map(withoutEnd)
  const wrong = paths.filter((path) => path === '/' || unclear(path) !== null)
  if (wrong.length === 0) return paths
  throw new Error(
    `${wrong.map((path) => `"${path}"`).join(', ')} names no directory below /, absolute and without "." or ".."`,
  )
}
