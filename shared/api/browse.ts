// What is in a volume.
import { type Static, Type } from 'typebox'
import { VolumeName } from './archives.ts'
import { Bytes, HostName, Nullable, Timestamp } from './common.ts'

// Names are bytes, and this is text.
const PathText = Type.String({
  maxLength: 65_536,
  description:
    'Below the volume’s root. Bytes that are no UTF-8, and characters that cannot be seen, are written \\xHH, a backslash \\\\',
})

export const DirectoryEntry = Type.Object({
  name: PathText,
  type: Type.Union([
    Type.Literal('file'),
    Type.Literal('directory'),
    Type.Literal('symlink'),
    Type.Literal('fifo'),
    Type.Literal('socket'),
    Type.Literal('character'),
    Type.Literal('block'),
  ]),
  mode: Type.String({ description: 'Octal: setuid, setgid, sticky, and rwx three times' }),
  uid: Type.Integer(),
  gid: Type.Integer(),
  size: Bytes,
  diskBytes: Bytes,
  modifiedAt: Nullable(Timestamp),
  link: Nullable(Type.String({ description: 'Where a symlink says that it leads. It is never followed' })),
})
export type DirectoryEntry = Static<typeof DirectoryEntry>

export const Directory = Type.Object({
  host: HostName,
  volume: VolumeName,
  path: PathText,
  entries: Type.Array(DirectoryEntry, { description: 'In the byte order of their names' }),
  more: Type.Boolean({ description: 'There are others: ask again with `after`, the last name' }),
})
export type Directory = Static<typeof Directory>

export const ListQuery = Type.Object(
  {
    path: Type.Optional(PathText),
    after: Type.Optional(PathText),
    limit: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,3}$' })),
  },
  { additionalProperties: false },
)

const digits = '^[0-9]{1,15}$'
export const FileQuery = Type.Object(
  {
    path: PathText,
    offset: Type.Optional(Type.String({ pattern: digits })),
    length: Type.Optional(Type.String({ pattern: digits })),
  },
  { additionalProperties: false },
)

export const fileSizeHeader = 'drayage-file-size'
