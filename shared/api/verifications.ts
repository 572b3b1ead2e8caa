// What is left of a migration's copies, read again and compared with its receipt.
import { type Static, Type } from 'typebox'
import { Bytes, HostName, Nullable, Timestamp } from './common.ts'

export const CopyVerdict = Type.Union([
  Type.Literal('same'),
  Type.Literal('differs'),
  Type.Literal('in-use'),
  Type.Literal('gone'),
  Type.Literal('unreadable'),
  Type.Literal('out-of-reach'),
])
export type CopyVerdict = Static<typeof CopyVerdict>

export const VerifiedCopy = Type.Object({
  volume: Type.String(),
  host: HostName,
  side: Type.Union([Type.Literal('source'), Type.Literal('target')]),
  verdict: CopyVerdict,
  // What the receipt says, and what was read now; null: nothing was.
  expectedDigest: Type.String(),
  foundDigest: Nullable(Type.String()),
  entries: Nullable(Type.Integer()),
  contentBytes: Nullable(Bytes),
  differing: Type.Array(Type.String(), {
    description: 'Of a copy that differs: up to 100 of its entries that do, where its host remembers what they were',
  }),
  message: Type.String({ description: 'What that means, for a person' }),
})
export type VerifiedCopy = Static<typeof VerifiedCopy>

export const Verification = Type.Object({
  migration: Type.String(),
  copies: Type.Array(VerifiedCopy),
  // Every copy that the source keeps is what the receipt says.
  sourceIsWhole: Type.Boolean(),
  verifiedAt: Timestamp,
})
export type Verification = Static<typeof Verification>

export const VerificationProgress = Type.Object({
  volume: Type.String(),
  host: HostName,
  bytes: Bytes,
  totalBytes: Bytes,
})
export type VerificationProgress = Static<typeof VerificationProgress>

// Server-sent events of POST /v1/migrations/{id}:verify. `progress`: about once a second; `verification`: the last.
export type VerificationEvent =
  | { readonly event: 'progress'; readonly data: VerificationProgress }
  | { readonly event: 'verification'; readonly data: Verification }
