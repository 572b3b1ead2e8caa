import { type Static, Type } from 'typebox'
import { HostName, Timestamp } from './common.ts'

// In the headers of each answer where the coordinator's own authority vouches for the connection: the fingerprints of all that
// are trusted, the one that issues first, with a comma between them.
export const authoritiesHeader = 'drayage-authorities'

export const Authority = Type.Object({
  stage: Type.Union([Type.Literal('settled'), Type.Literal('spreading'), Type.Literal('renewing')], {
    description:
      'settled: there is one. spreading: the next one is made known, and nothing is issued by it yet. renewing: it issues, ' +
      'agents get new certificates, and the previous one is still trusted',
  }),
  authorities: Type.Array(
    Type.Object({
      place: Type.Union([Type.Literal('issuing'), Type.Literal('next'), Type.Literal('previous')]),
      fingerprint: Type.String({ description: 'SHA-256 of the certificate, hex' }),
      name: Type.String(),
      validUntil: Timestamp,
      certificate: Type.String({ description: 'PEM' }),
    }),
    { description: 'All that are trusted, the one that issues first' },
  ),
  waitingFor: Type.Array(Type.Object({ host: HostName, message: Type.String() }), {
    description: 'Hosts that are not where the stage is to end, and what is known of each',
  }),
  next: Type.String({ description: 'What happens next, or what to do' }),
})
export type Authority = Static<typeof Authority>

export const ChangeAuthority = Type.Object(
  {
    without: Type.Optional(
      Type.Array(HostName, {
        uniqueItems: true,
        maxItems: 1000,
        description: 'Hosts that are not waited for: their agents may have to enrol again',
      }),
    ),
  },
  { additionalProperties: false },
)
export type ChangeAuthority = Static<typeof ChangeAuthority>
