// Gives leave to pull: the one place that signs transfer tickets (docs/adr/0019-transfer-tickets.md).
import { ulid } from 'ulid'
import { AppError } from '../../shared/errors.ts'
import {
  readTicket,
  refusedTicket,
  signTicket,
  type TicketSigner,
  type TicketStatement,
  type TicketSubject,
  ticketLifeMs,
} from '../../shared/identity/ticket.ts'
import type { Ticket, Ticket__Output } from '../../shared/rpc/generated/drayage/v1/Ticket.ts'
import type { CallContext } from '../../shared/rpc/server.ts'
import type { Clock } from '../migration/ports.ts'

// What is to be pulled, from where, and for what.
export type Pull = { readonly transferId: string; readonly workloadId: string; readonly epoch: number } & {
  readonly sourceHost: string
} & TicketSubject

// For pulls to one host.
export type Tickets = (pull: Pull) => Promise<Ticket>

export type TicketOffice = {
  // Throws DRAYAGE_HOST_OFFLINE for a host on which no agent has enrolled.
  to(targetHost: string): Tickets
  // Throws DRAYAGE_TICKET_REFUSED unless it is the caller's, and what it is for is under way.
  renew(ticket: Ticket__Output | null, caller: Pick<CallContext, 'caller' | 'callerKeyHash'>): Promise<Ticket>
}

type Options = {
  // The one to sign with now.
  readonly signer: () => TicketSigner
  // PEM: all that are trusted now.
  readonly authorities: () => string
  // SHA-256 of the public key of the agent that enrolled last; null: none has.
  readonly keyOf: (host: string) => Promise<string | null>
  readonly isUnderWay: (pull: Pick<TicketStatement, 'transferId' | 'workloadId' | 'epoch'>) => Promise<boolean>
  readonly clock: Pick<Clock, 'now'>
}

export const createTicketOffice = ({ signer, authorities, keyOf, isUnderWay, clock }: Options): TicketOffice => {
  const times = (): Pick<TicketStatement, 'issuedAtMs' | 'expiresAtMs'> => {
    const issuedAtMs = clock.now().getTime()
    return { issuedAtMs, expiresAtMs: issuedAtMs + ticketLifeMs }
  }
  return {
    to: (targetHost) => async (pull) => {
      const targetKey = await keyOf(targetHost)
      if (targetKey === null) {
        throw new AppError('DRAYAGE_HOST_OFFLINE', `No agent has enrolled as ${targetHost}: nothing can be sent there.`)
      }
      return signTicket({ ...pull, id: ulid(), targetHost, targetKey, ...times() }, signer())
    },

    // That its time is over says nothing against it: who it was signed for proves itself, and what it is for goes on.
    renew: async (ticket, { caller, callerKeyHash }) => {
      const statement = readTicket(ticket, authorities(), clock.now())
      const { targetHost, targetKey, transferId } = statement
      if (targetHost !== caller.host || targetKey !== callerKeyHash()) {
        throw refusedTicket(`it was given to ${targetHost}, and the agent of ${caller.host} wants it renewed`)
      }
      if (!(await isUnderWay(statement))) throw refusedTicket(`${transferId} is no longer under way`)
      return signTicket({ ...statement, ...times() }, signer())
    },
  }
}
