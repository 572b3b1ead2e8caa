// What was asked of the coordinator, by whom, and what it answered.
import { type Static, Type } from 'typebox'
import { Nullable, Timestamp } from './common.ts'
import { Role } from './tokens.ts'

// allowed: it was done, or begun. refused: who asked may not. failed: it was not done for another reason.
export const AuditOutcome = Type.Union([Type.Literal('allowed'), Type.Literal('refused'), Type.Literal('failed')])
export type AuditOutcome = Static<typeof AuditOutcome>

export const AuditEntry = Type.Object({
  seq: Type.Integer({ description: 'Without gaps, ascending' }),
  at: Timestamp,
  actor: Nullable(Type.String({ description: 'A token\'s name, or "agent HOST"; null: nobody that is known' })),
  role: Nullable(Role),
  address: Type.String({ description: 'Where it came from, as the coordinator saw it' }),
  action: Type.String({ description: 'The operationId of the route, or the name of the call' }),
  subject: Nullable(
    Type.String({ description: 'What it was about: a container and its hosts, a volume, a migration' }),
  ),
  outcome: AuditOutcome,
  code: Nullable(Type.String({ description: 'The error code, unless it was allowed' })),
  requestId: Nullable(Type.String({ description: "As in the coordinator's log" })),
})
export type AuditEntry = Static<typeof AuditEntry>

export const AuditList = Type.Object({ entries: Type.Array(AuditEntry, { description: 'Newest first' }) })
export type AuditList = Static<typeof AuditList>

export const AuditQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.String({ pattern: '^([1-9]\\d{0,2}|1000)$', description: '1 to 1000; 100 if not given' }),
    ),
    before: Type.Optional(Type.String({ pattern: '^[1-9]\\d{0,14}$', description: 'Only entries with a lower seq' })),
    actor: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    action: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    outcome: Type.Optional(AuditOutcome),
  },
  { additionalProperties: false },
)
export type AuditQuery = Static<typeof AuditQuery>
