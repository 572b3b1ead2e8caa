// Volumes as tarballs.
import { type Static, Type } from 'typebox'
import { Bytes, Finding, HostName, Nullable, Timestamp } from './common.ts'

// Docker's rule for a volume's name (RestrictedNameChars of moby/daemon/names).
export const VolumeName = Type.String({ pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]*$', minLength: 1, maxLength: 255 })

export const VolumeOnHost = Type.Object({ host: HostName, name: VolumeName })

const Flag = (description: string) =>
  Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')], { description }))

export const ExportQuery = Type.Object(
  {
    live: Flag(
      'true: also while containers that run use the volume. Each file is then as it was found, at its own moment',
    ),
  },
  { additionalProperties: false },
)
export type ExportQuery = Static<typeof ExportQuery>

// Of an export: in the trailer `drayage-archive`, after the tarball's last byte, in ASCII (\uXXXX for the rest). Without it
// the tarball is not whole.
export const VolumeArchive = Type.Object({
  host: HostName,
  volume: VolumeName,
  entries: Type.Integer({ minimum: 0, description: 'Names in the volume, its root included' }),
  contentBytes: Type.Integer({ minimum: 0, description: 'Bytes of content in the volume, holes included' }),
  archiveBytes: Bytes,
  archiveSha256: Type.String({ description: 'Of the tarball, hex' }),
  digest: Type.String({ description: 'SHA-256 of the tree, hex: of every entry with its content and metadata' }),
  live: Type.Boolean({ description: 'Containers that ran could write to it while it was read' }),
  warnings: Type.Array(Finding),
})
export type VolumeArchive = Static<typeof VolumeArchive>

const Label = Type.String({ pattern: '^[^=]+=', maxLength: 4096, description: 'NAME=VALUE' })
export const ImportQuery = Type.Object(
  {
    intoEmpty: Flag('true: into a volume that exists, if it is empty and nothing that runs uses it'),
    stripComponents: Type.Optional(
      Type.String({
        pattern: '^[0-9]{1,2}$',
        description: 'Directories to take off the front of every path; what has no more of them than that is left out',
      }),
    ),
    label: Type.Optional(
      Type.Union([Label, Type.Array(Label, { maxItems: 100 })], {
        description: 'For the volume that is made; may be given several times',
      }),
    ),
  },
  { additionalProperties: false },
)
export type ImportQuery = Static<typeof ImportQuery>

export const ImportedVolume = Type.Object({
  host: HostName,
  volume: VolumeName,
  created: Type.Boolean({ description: 'false: it existed, and was empty' }),
  entries: Type.Integer({ minimum: 0 }),
  contentBytes: Type.Integer({ minimum: 0, description: 'Bytes of content in the volume, holes included' }),
  archiveBytes: Bytes,
  archiveSha256: Type.String({ description: 'Of the tarball as it arrived, hex' }),
  digest: Type.String({ description: 'SHA-256 of the tree, hex, made from what its file system says that it holds' }),
  warnings: Type.Array(Finding),
})
export type ImportedVolume = Static<typeof ImportedVolume>

export const CopyRequest = Type.Object(
  {
    to: HostName,
    name: Type.Optional(VolumeName),
    live: Type.Optional(Type.Boolean({ description: 'Also while containers that run use it' })),
    intoEmpty: Type.Optional(Type.Boolean({ description: 'Into a volume that exists, if it is empty and unused' })),
  },
  { additionalProperties: false },
)
export type CopyRequest = Static<typeof CopyRequest>

export const CopiedVolume = Type.Object({
  from: Type.Object({ host: HostName, volume: VolumeName }),
  host: HostName,
  volume: VolumeName,
  created: Type.Boolean({ description: 'false: it existed, and was empty' }),
  entries: Type.Integer({ minimum: 0 }),
  contentBytes: Type.Integer({ minimum: 0, description: 'Bytes of content in the volume, holes included' }),
  digest: Type.String({ description: 'SHA-256 of the tree, hex: of what was read, and of what was written' }),
  live: Type.Boolean(),
  warnings: Type.Array(Finding),
})
export type CopiedVolume = Static<typeof CopiedVolume>

// The events of a copy; `copied` or `problem` is the last.
export type CopyEvent =
  | {
      readonly event: 'progress'
      readonly data: { readonly bytes: number; readonly entries: number; readonly totalBytes: number }
    }
  | { readonly event: 'copied'; readonly data: CopiedVolume }

export const MoveRequest = Type.Omit(CopyRequest, ['live'], { additionalProperties: false })
export type MoveRequest = Static<typeof MoveRequest>

// The events of a move; `moved` or `problem` is the last. checking: the original is read once more before it is removed.
export type MoveEvent =
  | Extract<CopyEvent, { event: 'progress' }>
  | { readonly event: 'checking'; readonly data: { readonly bytes: number } }
  | { readonly event: 'moved'; readonly data: CopiedVolume }

// An export, an import, a copy, a move or a removal: they last as long as the request, and what has ended is remembered for a while.
const Held = Type.Array(Type.Object({ host: HostName, volume: VolumeName }))
export const Transfer = Type.Object({
  id: Type.String(),
  kind: Type.Union([
    Type.Literal('export'),
    Type.Literal('import'),
    Type.Literal('copy'),
    Type.Literal('move'),
    Type.Literal('removal'),
  ]),
  reads: Held,
  makes: Held,
  startedAt: Timestamp,
  endedAt: Nullable(Timestamp),
  error: Nullable(Finding),
})
export type Transfer = Static<typeof Transfer>

export const archiveTrailer = 'drayage-archive'
// What a walk of the volume found before the first byte; the tarball is about as large, with some more for each entry.
export const archiveHeaders = {
  entries: 'drayage-entries',
  diskBytes: 'drayage-disk-bytes',
  transfer: 'drayage-transfer',
} as const
