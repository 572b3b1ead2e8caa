import { type Static, Type } from 'typebox'
import { HostName, Nullable, Timestamp } from './common.ts'

// unknown: enrolled or added, and never reported. lost: not heard of for three heartbeats; what it holds is as it was
// last reported, and may have changed since.
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

export const Host = Type.Object({
  name: HostName,
  state: HostState,
  address: Nullable(Type.String({ description: 'host:port of its agent' })),
  agentVersion: Nullable(Type.String()),
  engine: Nullable(Engine),
  engineReachable: Type.Boolean(),
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
