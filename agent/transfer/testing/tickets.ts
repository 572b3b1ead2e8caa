// Tickets for tests: as the coordinator gives them, or not quite.
import { X509Certificate } from 'node:crypto'
import { keyHashOf } from '../../../shared/identity/key-hash.ts'
import { signTicket, type TicketSigner, type TicketStatement, ticketLifeMs } from '../../../shared/identity/ticket.ts'
import type { Ticket } from '../../../shared/rpc/generated/drayage/v1/Ticket.ts'
import type { TlsIdentity } from '../../../shared/rpc/tls.ts'
import { hostIn } from '../../identity/files.ts'

export type Wish = Partial<Omit<TicketStatement, 'volume' | 'imageId' | 'noise'>> & {
  readonly volume?: string
  readonly imageId?: string
  readonly noise?: true
} & Pick<TicketStatement, 'transferId' | 'sourceHost'>

export const giveTicket = (
  signer: TicketSigner,
  { certificate }: Pick<TlsIdentity, 'certificate'>,
  { volume, imageId, noise, ...wish }: Wish,
): Ticket => {
  const statement = {
    ...{ id: 'ticket', workloadId: '', epoch: 0, targetHost: hostIn(certificate) ?? '' },
    targetKey: keyHashOf(new X509Certificate(certificate)),
    ...{ issuedAtMs: Date.now(), expiresAtMs: Date.now() + ticketLifeMs },
    ...wish,
  }
  if (noise) return signTicket({ ...statement, noise }, signer)
  return signTicket(imageId === undefined ? { ...statement, volume: volume ?? '' } : { ...statement, imageId }, signer)
}
