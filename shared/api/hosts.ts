import { type Static, Type } from 'typebox'
import { Finding, HostName, Nullable, Timestamp } from './common.ts'

// unknown: added and never heard of, or not yet heard of since the coordinator started. lost: not heard of for three
// heartbeats; what it holds is as it was last reported, and may have changed since.
export const HostState = Type.Union([Type.Literal('online'), Type.Literal('lost'), Type.Literal('unknown')])
export type HostState = Static<typeof HostState>

export const Engine = Type.Object({
  id: Type.String(),
  version: Type.String(),
  apiVersion: Type.String(),
  os: Type.String(),
  architecture: Type.String(),
  storageDriver: Type.String(),
  containerdImageStore: Type.Boolean(),
  dataRoot: Type.String(),
  idShift: Type.String({ description: 'Empty, userns-remap, or rootless' }),
  swarm: Type.Boolean(),
})
export type Engine = Static<typeof Engine>

// An operator's word that it is down. In force until its agent is back and was told what became of its workloads.
export const HostFence = Type.Object({
  at: Timestamp,
  by: Type.String({ description: 'The id of the API token' }),
  owed: Type.Integer({ description: 'Calls that its agent is to be made as soon as it is back, before anything else' }),
  error: Nullable(Finding),
})
export type HostFence = Static<typeof HostFence>

export const Host = Type.Object({
  name: HostName,
  state: HostState,
  address: Nullable(Type.String({ description: 'host:port of its agent' })),
  agentVersion: Nullable(Type.String()),
  engine: Nullable(Engine),
  engineReachable: Type.Boolean(),
  fence: Nullable(HostFence),
  addedAt: Timestamp,
  lastSeen: Nullable(Timestamp),
  inventoryAt: Nullable(Timestamp),
})
export type Host = Static<typeof Host>

export const HostList = Type.Object({ hosts: Type.Array(Host) })
export type HostList = Static<typeof HostList>

export const AddHost = Type.Object({ name: HostName }, { additionalProperties: false })
export type AddHost = Static<typeof AddHost>

export const AddedHost = Type.Object({
  name: HostName,
  joinToken: Type.String({ description: 'Single use; shown once' }),
  expiresAt: Timestamp,
})
export type AddedHost = Static<typeof AddedHost>

export const FenceHost = Type.Object(
  {
    iKnowItIsDown: Type.Literal(true, {
      description:
        'Your word that nothing of it runs: it is powered off, or gone for good. Not that it cannot be reached',
    }),
  },
  { additionalProperties: false },
)
export type FenceHost = Static<typeof FenceHost>

export const FencedHost = Type.Object({
  host: HostName,
  at: Timestamp,
  by: Type.String(),
  migrations: Type.Array(
    Type.Object({
      id: Type.String(),
      container: Type.String(),
      consequence: Type.Union([
        Type.Literal('retired-later'),
        Type.Literal('goes-on'),
        Type.Literal('put-back-later'),
        Type.Literal('owner-down'),
        Type.Literal('put-back-now'),
      ]),
      message: Type.String(),
    }),
    { description: 'Those that waited for it, and what becomes of each' },
  ),
})
export type FencedHost = Static<typeof FencedHost>

export const GivenUp = Type.Union([Type.Literal('workloads'), Type.Literal('copies')])
export type GivenUp = Static<typeof GivenUp>

export const RemoveHostQuery = Type.Object(
  {
    giveUp: Type.Optional(
      // A query with one of them is no list.
      Type.Union([GivenUp, Type.Array(GivenUp, { uniqueItems: true })], {
        description:
          'workloads: containers that were moved there and live there stay where they are, and nothing moves them any ' +
          'more. copies: what it keeps for a way back stays there, and there is no way back.',
      }),
    ),
  },
  { additionalProperties: false },
)
export type RemoveHostQuery = Static<typeof RemoveHostQuery>

export const RemovedHost = Type.Object({
  name: HostName,
  removedAt: Timestamp,
  gaveUp: Type.Array(Finding, { description: 'What stood against it, and was given up' }),
})
export type RemovedHost = Static<typeof RemovedHost>
