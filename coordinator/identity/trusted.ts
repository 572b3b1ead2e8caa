// Whom nobody is to trust any more: the coordinator refuses them itself, and tells every agent with its heartbeats until
// that has it on its disk.
import { createHash } from 'node:crypto'
import { type Banned, createBanList } from '../../shared/rpc/banned.ts'
import type { Trust } from '../../shared/rpc/generated/drayage/v1/Trust.ts'
import type { Clock } from '../migration/ports.ts'
import type { RevokedKeyStore } from '../store/revoked-keys.ts'

export type Trusted = {
  readonly banned: Banned
  // What an agent is to be told that has what `version` names; null: nothing, it has it all.
  newerThan(version: string): Trust | null
  // After a change in the store.
  refresh(): Promise<void>
}

export const openTrusted = async (
  revoked: Pick<RevokedKeyStore, 'list'>,
  clock: Pick<Clock, 'now'>,
): Promise<Trusted> => {
  const banned = createBanList()
  let current = { version: '', revokedKeys: [] as string[] }
  const refresh = async () => {
    const revokedKeys = await revoked.list(clock.now())
    current = { version: versionOf(revokedKeys), revokedKeys }
    banned.replace(revokedKeys)
  }
  await refresh()
  return { banned, newerThan: (version) => (version === current.version ? null : current), refresh }
}

// The same facts have the same version, whichever process says them.
const versionOf = (facts: unknown): string =>
  createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32)
