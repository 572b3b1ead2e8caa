// Volumes that nothing uses.
import { type Static, Type } from 'typebox'
import { VolumeName } from './archives.ts'
import { Bytes, HostName, Nullable, Timestamp } from './common.ts'
import { AsOf, VolumeUser } from './inventory.ts'

// orphan: no container refers to it, and no migration has a part in it.
// kept: a migration has it, or keeps it for the way back; `migration` names it, and `reason` what ends it.
// debris: made by a migration that was put back, and never a whole copy.
// not-known: who uses it cannot be told from this host's containers.
export const Verdict = Type.Union([
  Type.Literal('orphan'),
  Type.Literal('kept'),
  Type.Literal('debris'),
  Type.Literal('not-known'),
])
export type Verdict = Static<typeof Verdict>

// What tells a volume from another one of its name, which Docker gives no id.
const identity = {
  driver: Type.String(),
  mountpoint: Type.String(),
  createdAt: Nullable(Timestamp),
}

// A volume of the same name on another host.
export const Namesake = Type.Object({
  host: HostName,
  hostState: AsOf.properties.state,
  usedBy: Type.Array(Type.String(), { description: 'Containers that refer to it, as last reported' }),
  createdAt: Nullable(Timestamp),
  sizeBytes: Nullable(Bytes),
})
export type Namesake = Static<typeof Namesake>

export const Orphan = Type.Object({
  host: HostName,
  name: Type.String(),
  ...identity,
  anonymous: Type.Boolean(),
  verdict: Verdict,
  reason: Type.String({ description: 'Why, and what to do' }),
  migration: Nullable(Type.String()),
  project: Nullable(
    Type.String({ description: 'Of Compose: its own label’s, or that of the container that used it last' }),
  ),
  lastUser: Nullable(VolumeUser),
  lastWriter: Nullable(VolumeUser),
  unusedSince: Timestamp,
  unusedSinceIs: Type.Union([Type.Literal('last-user-gone'), Type.Literal('first-seen')], {
    description: 'first-seen: no user of it was ever seen, so that it is unused for at least as long as it is known',
  }),
  sizeBytes: Nullable(Bytes),
  sizeMeasuredAt: Nullable(Timestamp),
  alsoOn: Type.Array(Namesake),
})
export type Orphan = Static<typeof Orphan>

export const OrphanList = Type.Object({
  orphans: Type.Array(Orphan),
  asOf: Type.Array(
    Type.Object({
      ...AsOf.properties,
      reliable: Type.Boolean({ description: 'false: what is unused there is not known now, and none of it is listed' }),
    }),
  ),
})
export type OrphanList = Static<typeof OrphanList>

const digits = '^[0-9]{1,15}$'

// What is asked for all applies.
export const OrphansQuery = Type.Object(
  {
    host: Type.Optional(HostName),
    name: Type.Optional(
      Type.Union([VolumeName, Type.Array(VolumeName, { maxItems: 1000 })], {
        description: 'May be given several times; of names of 64 hexadecimal digits, twelve or more do',
      }),
    ),
    anonymous: Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')])),
    project: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    unusedForSeconds: Type.Optional(Type.String({ pattern: digits })),
    largerThanBytes: Type.Optional(
      Type.String({ pattern: digits, description: 'What was never measured is not known to be' }),
    ),
  },
  { additionalProperties: false },
)
export type OrphansQuery = Static<typeof OrphansQuery>

export const RemoveVolume = Type.Object(
  {
    ...identity,
    digest: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{64}$',
        description: 'Of its export: it is read again, and removed only if it is the very same',
      }),
    ),
  },
  { additionalProperties: false, description: 'As it was listed: another volume of that name is not removed' },
)
export type RemoveVolume = Static<typeof RemoveVolume>

// The events of a removal; `removed` or `problem` is the last. bytes: read so far, where it is compared with an export.
export type RemovalEvent =
  | { readonly event: 'progress'; readonly data: { readonly bytes: number } }
  | { readonly event: 'removed'; readonly data: { readonly host: string; readonly volume: string } }

// Whether what was typed stands for this volume: its name, or the beginning of one that Docker drew, as lists show it.
export const standsFor = (typed: string, name: string): boolean =>
  typed === name || (/^[0-9a-f]{12,63}$/.test(typed) && /^[0-9a-f]{64}$/.test(name) && name.startsWith(typed))
