// The REST contract, in TypeBox: the coordinator validates and serialises by these schemas, /openapi.json is made from
// them, and the CLI reads their types. Times are RFC 3339 in UTC; sizes are bytes; null means unknown or not yet.
import { type Static, type TSchema, Type } from 'typebox'

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

export const Timestamp = Type.String({ format: 'date-time' })
export const Bytes = Type.Integer({ minimum: 0, description: 'Bytes' })

// A host's name: a DNS label, since it stands in certificates.
export const HostName = Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' })

export const Finding = Type.Object({
  code: Type.String({ description: 'A code of docs/errors.md for a refusal; a kebab-case word for a warning' }),
  message: Type.String({ description: 'What, why, and what to do' }),
})

// RFC 9457, with the members `code`, `retry` and `reasons` of our own.
export const Problem = Type.Object({
  type: Type.String({ description: 'docs/errors.md#CODE' }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  instance: Type.Optional(Type.String()),
  code: Type.String(),
  retry: Type.Boolean({ description: 'The same request may succeed later with nobody changing anything' }),
  reasons: Type.Optional(Type.Array(Finding, { description: 'Every reason, where there is more than one' })),
})
export type Problem = Static<typeof Problem>
