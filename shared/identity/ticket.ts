// A transfer ticket (proto/ticket.proto) as it is signed and read back. It brings the certificate of the key that signed it,
// so that whoever trusts the authority needs to be told of no key.
import { sign, verify, X509Certificate } from 'node:crypto'
import { AppError } from '../errors.ts'
import type { Ticket, Ticket__Output } from '../rpc/generated/drayage/v1/Ticket.ts'
import type { TicketStatement__Output } from '../rpc/generated/drayage/v1/TicketStatement.ts'
import { ticketStatementType } from '../rpc/services.ts'
import { backdatedMs } from './names.ts'
import { rootsIn } from './roots.ts'

export type TicketSubject =
  | { readonly volume: string; readonly imageId?: never; readonly noise?: never }
  | { readonly imageId: string; readonly volume?: never; readonly noise?: never }
  | { readonly noise: true; readonly volume?: never; readonly imageId?: never }

export type TicketStatement = Omit<TicketStatement__Output, 'subject' | 'volume' | 'imageId' | 'noise'> & TicketSubject

// Both PEM.
export type TicketSigner = { readonly key: string; readonly certificate: string }

// In the certificate of a key that signs tickets. It is neither the coordinator's nor an agent's name (names.ts), so no
// connection can be made with it; and no other certificate of the authority's has it, so nobody else can sign a ticket.
export const ticketSignerUri = 'drayage://ticket-signer'

export const ticketLifeMs = 15 * 60_000
// How far the clocks of the coordinator and of the agent that checks may be apart: as for certificates.
export const ticketToleranceMs = backdatedMs

// No other thing that a key of ours signs begins so.
const domain = Buffer.from('drayage ticket 1\n')
// What is not read at all: the largest real one has some 600 bytes.
const mostStatementBytes = 16 * 1024

export const signTicket = (statement: TicketStatement, { key, certificate }: TicketSigner): Ticket => {
  const bytes = ticketStatementType.serialize(statement)
  return {
    statement: bytes,
    signature: sign('sha256', Buffer.concat([domain, bytes]), key),
    certificate: new X509Certificate(certificate).raw,
  }
}

export const refusedTicket = (why: string, details: Record<string, unknown> = {}): AppError =>
  new AppError('DRAYAGE_TICKET_REFUSED', `The ticket was refused: ${why}. Nothing was done.`, { details })

// What the coordinator has said in it; nothing is believed before its signature is checked. Its own times are the reader's
// to look at. authorities: PEM, one or more. Throws DRAYAGE_TICKET_REFUSED.
export const readTicket = (ticket: Ticket__Output | null, authorities: string, at: Date): TicketStatement => {
  if (ticket === null || ticket.statement.length === 0) throw refusedTicket('there is none')
  const { statement, signature, certificate } = ticket
  if (statement.length > mostStatementBytes) throw refusedTicket('it is longer than any ticket')
  const signer = readSigner(certificate)
  requireSigner(signer, authorities, at)
  if (!verify('sha256', Buffer.concat([domain, statement]), signer.publicKey, signature)) {
    throw refusedTicket('its signature does not fit what it says: it was altered')
  }
  const { subject, volume, imageId, noise: _, ...rest } = ticketStatementType.deserialize(statement)
  if (subject === 'volume') return { ...rest, volume: volume ?? '' }
  if (subject === 'imageId') return { ...rest, imageId: imageId ?? '' }
  if (subject === 'noise') return { ...rest, noise: true }
  throw refusedTicket(
    'it is for neither a volume nor an image nor a measurement; this agent may be older than the coordinator',
  )
}

const readSigner = (certificate: Buffer): X509Certificate => {
  try {
    return new X509Certificate(certificate)
  } catch (thrown) {
    throw refusedTicket(`it has no certificate that can be read (${(thrown as Error).message})`)
  }
}

const requireSigner = (signer: X509Certificate, authorities: string, at: Date): void => {
  const issued = rootsIn(authorities).some((root) => signer.checkIssued(root) && signer.verify(root.publicKey))
  if (!issued) throw refusedTicket('it was not signed by this coordinator')
  if (signer.subjectAltName !== `URI:${ticketSignerUri}`) {
    throw refusedTicket('it was signed with a certificate that is not for signing tickets')
  }
  const [from, until] = [signer.validFromDate.getTime(), signer.validToDate.getTime()]
  if (at.getTime() < from - ticketToleranceMs || at.getTime() > until + ticketToleranceMs) {
    throw refusedTicket('it was signed with a certificate that is not valid now; compare the clocks of the hosts')
  }
}
