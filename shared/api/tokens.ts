// Who may ask for what: tokens, each with a role and a name.
import { type Static, Type } from 'typebox'
import { Nullable, Timestamp } from './common.ts'

// viewer: reads. operator: moves, copies and exports, too. admin: says who takes part, hosts and people alike.
export const Role = Type.Union([Type.Literal('viewer'), Type.Literal('operator'), Type.Literal('admin')])
export type Role = Static<typeof Role>

// From the one that may least to the one that may everything.
export const roles: readonly Role[] = Role.anyOf.map((role) => role.const)

export const mayAct = (role: Role, needed: Role): boolean => roles.indexOf(role) >= roles.indexOf(needed)

export const TokenName = Type.String({ pattern: '^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$' })

export const ApiToken = Type.Object({
  name: TokenName,
  role: Role,
  createdAt: Timestamp,
  createdBy: Nullable(Type.String({ description: 'The name of the token; null: by the coordinator itself' })),
  expiresAt: Nullable(Timestamp),
  lastUsedAt: Nullable(Type.String({ format: 'date-time', description: 'To the minute' })),
})
export type ApiToken = Static<typeof ApiToken>

export const ApiTokenList = Type.Object({ tokens: Type.Array(ApiToken) })
export type ApiTokenList = Static<typeof ApiTokenList>

export const defaultLifetimeSeconds = 90 * 24 * 60 * 60

export const AddToken = Type.Object(
  {
    name: TokenName,
    role: Role,
    lifetimeSeconds: Type.Optional(
      Nullable(
        Type.Integer({
          minimum: 60,
          maximum: 10 * 365 * 24 * 60 * 60,
          description: `Seconds; null: it never expires; ${defaultLifetimeSeconds} (90 days) if not given`,
        }),
      ),
    ),
  },
  { additionalProperties: false },
)
export type AddToken = Static<typeof AddToken>

export const AddedToken = Type.Object({
  name: TokenName,
  role: Role,
  expiresAt: Nullable(Timestamp),
  token: Type.String({ description: 'Shown once' }),
})
export type AddedToken = Static<typeof AddedToken>
