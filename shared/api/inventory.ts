import { type Static, Type } from 'typebox'
import { Bytes, HostName, Nullable, Timestamp } from './common.ts'
import { HostState } from './hosts.ts'

const Labels = Type.Record(Type.String(), Type.String())

// How far each host's part of an answer can be trusted: an empty list from a host that is not online says nothing.
export const AsOf = Type.Object({ host: HostName, state: HostState, inventoryAt: Nullable(Timestamp) })
export type AsOf = Static<typeof AsOf>

const Seen = {
  firstSeen: Timestamp,
  lastSeen: Timestamp,
  goneAt: Nullable(Timestamp),
}

// Of a retired copy: its workload lives there, and this container is what the move left behind. Null: it did not move away.
const MovedTo = Nullable(HostName)

export const Mount = Type.Object({
  type: Type.String(),
  volume: Nullable(Type.String()),
  source: Type.String(),
  destination: Type.String(),
  readOnly: Type.Boolean(),
})
export type Mount = Static<typeof Mount>

export const Container = Type.Object({
  host: HostName,
  id: Type.String(),
  name: Type.String(),
  image: Type.String(),
  imageId: Type.String(),
  state: Type.String({ description: "Docker's own word; as last reported" }),
  createdAt: Timestamp,
  labels: Labels,
  mounts: Type.Array(Mount),
  movedTo: MovedTo,
  ...Seen,
})
export type Container = Static<typeof Container>

export const ContainerList = Type.Object({ containers: Type.Array(Container), asOf: Type.Array(AsOf) })
export type ContainerList = Static<typeof ContainerList>

// The label by which Compose marks what belongs to a project.
export const composeProject = 'com.docker.compose.project'

// A container that uses, or once used, a volume; kept after the container is gone.
export const VolumeUser = Type.Object({
  containerId: Type.String(),
  name: Type.String(),
  image: Type.String(),
  destination: Type.String(),
  readOnly: Type.Boolean(),
  project: Nullable(Type.String({ description: 'Of Compose' })),
  movedTo: MovedTo,
  ...Seen,
})
export type VolumeUser = Static<typeof VolumeUser>

export const Volume = Type.Object({
  host: HostName,
  name: Type.String(),
  driver: Type.String(),
  mountpoint: Type.String(),
  scope: Type.String(),
  options: Labels,
  labels: Labels,
  anonymous: Type.Boolean(),
  createdAt: Nullable(Timestamp),
  sizeBytes: Nullable(Bytes),
  sizeMeasuredAt: Nullable(Timestamp),
  users: Type.Array(VolumeUser, { description: 'Newest first; those of the past included' }),
  ...Seen,
})
export type Volume = Static<typeof Volume>

export const VolumeList = Type.Object({ volumes: Type.Array(Volume), asOf: Type.Array(AsOf) })
export type VolumeList = Static<typeof VolumeList>

export const InventoryQuery = Type.Object(
  {
    host: Type.Optional(HostName),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    gone: Type.Optional(
      Type.Union([Type.Literal('true'), Type.Literal('false')], {
        description: 'true: also what no longer exists',
      }),
    ),
  },
  { additionalProperties: false },
)
export type InventoryQuery = Static<typeof InventoryQuery>
