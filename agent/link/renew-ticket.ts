// Asks the coordinator for a ticket again when the one at hand has become old, before a pull is begun with it.
import type { TicketSource } from '../transfer/pull.ts'
import { type CoordinatorLine, withCoordinator } from './one-call.ts'

const timeoutMs = 15_000

export const renewTicketBy =
  (line: CoordinatorLine): TicketSource =>
  async (ticket, signal) => {
    const { ticket: renewed } = await withCoordinator(line, (client) =>
      client.unary('RenewTicket', { ticket }, { timeoutMs, signal }),
    )
    return renewed ?? ticket
  }
