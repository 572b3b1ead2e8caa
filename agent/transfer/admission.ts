// Whether a pull may begin: what the caller's ticket says against what it asks for, who it is, and what time it is.
import { AppError } from '../../shared/errors.ts'
import {
  readTicket,
  refusedTicket,
  type TicketStatement,
  type TicketSubject,
  ticketToleranceMs,
} from '../../shared/identity/ticket.ts'
import type { Ticket__Output } from '../../shared/rpc/generated/drayage/v1/Ticket.ts'
import type { CallContext } from '../../shared/rpc/server.ts'

export type Asked = { readonly transferId: string } & TicketSubject

export type Admission = {
  // Throws DRAYAGE_TICKET_REFUSED, DRAYAGE_TICKET_EXPIRED.
  admit(
    ticket: Ticket__Output | null,
    asked: Asked,
    caller: Pick<CallContext, 'caller' | 'callerKeyHash'>,
  ): TicketStatement
}

type Options = {
  // This agent's.
  readonly host: string
  // PEM: read anew at each pull, since they change.
  readonly trusted: { readonly authority: string }
  readonly now: () => Date
}

export const createAdmission = ({ host, trusted, now }: Options): Admission => ({
  admit: (ticket, asked, { caller, callerKeyHash }) => {
    const details = { subject: describe(asked) }
    try {
      const at = now()
      const statement = readTicket(ticket, trusted.authority, at)
      const misuse = misuseOf(statement, asked, { source: host, target: caller.host, targetKey: callerKeyHash() })
      if (misuse !== null) throw refusedTicket(misuse)
      requireInTime(statement, at)
      return statement
    } catch (thrown) {
      // For the audit: what was asked for, also where nothing of the ticket can be believed.
      if (!(thrown instanceof AppError)) throw thrown
      throw new AppError(thrown.code, thrown.message, { cause: thrown, details: { ...thrown.details, ...details } })
    }
  },
})

type Ends = { readonly source: string; readonly target: string | null; readonly targetKey: string | null }

const describe = (asked: Asked): string => `${subjectOf(asked)} of ${asked.transferId}`

const subjectOf = ({ volume, imageId }: TicketSubject): string => {
  if (volume !== undefined) return `volume ${volume}`
  return imageId === undefined ? 'noise' : `image ${imageId}`
}

// null: it is for just this.
export const misuseOf = (statement: TicketStatement, asked: Asked, ends: Ends): string | null => {
  const { transferId, sourceHost, targetHost, targetKey } = statement
  if (transferId !== asked.transferId) return `it is for ${transferId}, and ${asked.transferId} was asked for`
  if (sourceHost !== ends.source) return `it is for pulling from ${sourceHost}, and this is ${ends.source}`
  if (targetHost !== ends.target) return `it was given to ${targetHost}, and ${ends.target ?? 'somebody'} shows it`
  if (targetKey !== ends.targetKey) return `it was given to another agent of ${targetHost}, with another key`
  const [given, wanted] = [subjectOf(statement), subjectOf(asked)]
  return given === wanted ? null : `it is for the ${given}, and the ${wanted} was asked for`
}

const requireInTime = ({ issuedAtMs, expiresAtMs, targetHost }: TicketStatement, at: Date): void => {
  const now = at.getTime()
  const minutes = ticketToleranceMs / 60_000
  if (now > expiresAtMs + ticketToleranceMs) {
    throw new AppError(
      'DRAYAGE_TICKET_EXPIRED',
      `The ticket of ${targetHost} ran out at ${new Date(expiresAtMs).toISOString()}, and here it is ${at.toISOString()}. ` +
        `Nothing was sent. It is asked for anew by itself; where that happens again, compare the clocks of this host and of ` +
        `the coordinator, which may be ${minutes} minutes apart.`,
    )
  }
  if (now < issuedAtMs - ticketToleranceMs) {
    throw refusedTicket(
      `it is from ${new Date(issuedAtMs).toISOString()}, and here it is only ${at.toISOString()}; set the clock of this host ` +
        `or that of the coordinator, which may be ${minutes} minutes apart`,
    )
  }
}
