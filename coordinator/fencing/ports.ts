// What the fencing of hosts needs from outside.
import type { Finding } from '../../shared/errors.ts'
import type { AgentPort } from '../migration/ports.ts'

// The calls that only take back, let go of, or retire, each idempotent: what a host that is declared down can be owed.
export const owedMethods = [
  'forgetMigration',
  'releaseSource',
  'discardTarget',
  'removeImage',
  'unfenceSource',
  'restartSource',
  'restoreSource',
  'retireSource',
  'settleWorkload',
] as const satisfies readonly (keyof AgentPort)[]
export type OwedMethod = (typeof owedMethods)[number]

export type Fence = { readonly host: string; readonly at: Date; readonly by: string }

export type NewOwedCall = {
  readonly host: string
  // Not before all that this host is owed of the same migration is done; '*': all others that are not down.
  readonly afterHost: string | null
  // Or the settlement's.
  readonly migrationId: string
  readonly method: OwedMethod
  readonly request: unknown
}
export type OwedCall = NewOwedCall & { readonly seq: number; readonly error: Finding | null }

// Everything is on the disk when a promise resolves.
export type FenceStore = {
  // Idempotent: one that is in force stays as it is.
  fence(host: string, by: string): Promise<Fence>
  current(host: string): Promise<Fence | null>
  all(): Promise<readonly Fence[]>
  lift(host: string): Promise<void>

  // Idempotent: what is owed already is owed once.
  owe(calls: readonly NewOwedCall[]): Promise<void>
  // What was not done yet, in the order in which it was asked for.
  owed(filter?: { readonly host?: string }): Promise<readonly OwedCall[]>
  settled(seq: number): Promise<void>
  failed(seq: number, error: Finding): Promise<void>
}
