// What is asked about volumes that nothing uses.

import type { Host } from '../../shared/api/hosts.ts'
import type { Container, Volume } from '../../shared/api/inventory.ts'
import type { MigrationState } from '../../shared/api/migrations.ts'

// Somebody other than a container has a part in the volume of that name on that host.
export type Claim = { readonly host: string; readonly volume: string } & (
  | { readonly kind: 'transfer'; readonly id: string }
  // running: it has not ended. kept: it has, and keeps both copies until it is finalized or returned.
  | { readonly kind: 'running' | 'kept'; readonly id: string; readonly container: string }
)

export type Known = {
  readonly hosts: readonly Host[]
  readonly containers: readonly Container[]
  readonly volumes: readonly Volume[]
  readonly claims: readonly Claim[]
  // Those by which volumes of these were made.
  readonly migrations: ReadonlyMap<string, { readonly state: MigrationState; readonly from: string }>
}
