// Whom to trust, and whom no longer: the coordinator keeps to it itself, and tells every agent with its heartbeats until that
// has it on its disk.
import { createHash } from 'node:crypto'
import { type Banned, createBanList } from '../../shared/rpc/banned.ts'
import type { Trust } from '../../shared/rpc/generated/drayage/v1/Trust.ts'
import type { Clock } from '../migration/ports.ts'
import type { RevokedKeyStore } from '../store/revoked-keys.ts'
import type { Authority } from './authority.ts'

export type Trusted = {
  readonly banned: Banned
  // What an agent is to be told that has what `version` names; null: nothing, it has it all.
  newerThan(version: string): Trust | null
  // After a change in the store, or of the authority.
  refresh(): Promise<void>
}

export const openTrusted = async (
  revoked: Pick<RevokedKeyStore, 'list'>,
  authority: Pick<Authority, 'trusted'>,
  clock: Pick<Clock, 'now'>,
): Promise<Trusted> => {
  const banned = createBanList()
  let current: Trust = { version: '' }
  const refresh = async () => {
    const revokedKeys = await revoked.list(clock.now())
    const facts = { revokedKeys, authorities: [...authority.trusted] }
    current = { version: versionOf(facts), ...facts }
    banned.replace(revokedKeys)
  }
  await refresh()
  return { banned, newerThan: (version) => (version === current.version ? null : current), refresh }
}

// The same facts have the same version, whichever process says them.
const versionOf = (facts: unknown): string =>
  createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32)
