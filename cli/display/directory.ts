import type { Directory, DirectoryEntry } from '../../shared/api/browse.ts'
import type { View } from './inventory.ts'
import { renderTable } from './table.ts'

const marks: Readonly<Record<string, string>> = {
  ...{ file: '-', directory: 'd', symlink: 'l', fifo: 'p', socket: 's', character: 'c', block: 'b' },
}

const row = ({ name, type, mode, uid, gid, size, modifiedAt, link }: DirectoryEntry): string[] => [
  `${marks[type] ?? '?'}${mode}`,
  `${uid}:${gid}`,
  String(size),
  modifiedAt ?? 'beyond any date',
  link === null ? `${name}${type === 'directory' ? '/' : ''}` : `${name} -> ${link}`,
]

// Sizes in bytes, so that they can be compared.
export const directoryText = ({ entries }: Directory, { paint }: View): string =>
  entries.length === 0
    ? 'Nothing is in it.'
    : renderTable(['MODE', 'OWNER', 'SIZE', 'MODIFIED', 'NAME'], entries.map(row), paint)
