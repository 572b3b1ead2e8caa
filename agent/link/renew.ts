// Asks the coordinator for the next certificate: it is due once in weeks.
import type { Renewal } from '../identity/renewal.ts'
import { type CoordinatorLine, withCoordinator } from './one-call.ts'

const timeoutMs = 30_000

export const askToRenew =
  (line: CoordinatorLine): Renewal['ask'] =>
  (csr, signal) =>
    withCoordinator(line, (client) => client.unary('Renew', { csr }, { timeoutMs, signal }))
