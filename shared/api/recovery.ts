import { type Static, Type } from 'typebox'
import { Finding, HostName, Nullable, Timestamp } from './common.ts'
import { HostState } from './hosts.ts'

const Place = { host: Type.String(), containerId: Type.String() }

export const RecoveryWorkload = Type.Object({
  id: Type.String(),
  name: Type.String({ description: 'Of its container; empty where nobody knows it any more' }),
  recorded: Nullable(
    Type.Object({ ...Place, epoch: Type.Integer() }, { description: "In the coordinator's database" }),
  ),
  epoch: Type.Integer({ description: 'The highest that anybody holds' }),
  differences: Type.Array(
    Type.Object({
      kind: Type.Union([Type.Literal('behind'), Type.Literal('by-hand'), Type.Literal('cancel')]),
      host: HostName,
      migrationId: Type.String(),
      message: Type.String(),
    }),
  ),
  copies: Type.Array(
    Type.Object({
      ...Place,
      name: Type.String(),
      state: Nullable(Type.String({ description: "Docker's own word, as last reported" })),
      is: Type.String(),
      mayRun: Type.Boolean(),
    }),
  ),
  unknown: Type.Array(HostName, { description: 'Hosts that may have a copy, and have not said what they remember' }),
  proposal: Nullable(Type.Object({ ...Place, why: Type.String() })),
})
export type RecoveryWorkload = Static<typeof RecoveryWorkload>

export const Recovery = Type.Object({
  // Null: only the workloads listed are not moved.
  needed: Nullable(
    Type.Object({ since: Timestamp, why: Type.String() }, { description: 'Why nothing is moved at all' }),
  ),
  hosts: Type.Array(
    Type.Object({
      name: HostName,
      state: HostState,
      heard: Type.Boolean({ description: 'Its agent has said what it remembers' }),
      fenced: Type.Boolean(),
    }),
  ),
  workloads: Type.Array(RecoveryWorkload),
  blocked: Type.Array(Finding, { description: 'What must be answered before it can be settled' }),
  owed: Type.Array(
    Type.Object(
      { host: HostName, workloadId: Type.String(), error: Nullable(Finding) },
      { description: 'Settled, and not told yet' },
    ),
  ),
})
export type Recovery = Static<typeof Recovery>

export const SettleRecovery = Type.Object(
  {
    owners: Type.Array(
      Type.Object(
        { workload: Type.String({ minLength: 1 }), host: Nullable(HostName) },
        { additionalProperties: false },
      ),
      { description: 'In place of what is proposed. host null: no copy of it may run' },
    ),
    asShown: Type.Literal(true, {
      description: 'Your word that you have read what GET /v1/recovery says, and that it shall be so',
    }),
  },
  { additionalProperties: false },
)
export type SettleRecovery = Static<typeof SettleRecovery>
