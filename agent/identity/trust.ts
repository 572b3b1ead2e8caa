// What the coordinator says that is to be trusted, and whom no longer, kept on the disk: an agent that starts while the
// coordinator is away refuses whom it refused before.
import { join } from 'node:path'
import { Type } from 'typebox'
import { type Banned, createBanList } from '../../shared/rpc/banned.ts'
import type { Trust__Output as Trust } from '../../shared/rpc/generated/drayage/v1/Trust.ts'
import { readDocument, writeDocument } from '../state/document.ts'

const Kept = Type.Object({ version: Type.String(), revokedKeys: Type.Array(Type.String()) })

export type AgentTrust = {
  // Of what is on the disk; '': nothing was said yet.
  version(): string
  readonly banned: Banned
  // On the disk when it resolves.
  accept(trust: Trust): Promise<void>
}

// trustAuthorities: on the disk when it resolves.
export const openTrust = async (
  dataDir: string,
  trustAuthorities: (authorities: readonly string[]) => Promise<void>,
): Promise<AgentTrust> => {
  const path = join(dataDir, 'identity', 'trust.json')
  let kept = (await readDocument(path, Kept)) ?? { version: '', revokedKeys: [] }
  const banned = createBanList()
  banned.replace(kept.revokedKeys)
  return {
    version: () => kept.version,
    banned,
    accept: async ({ version, revokedKeys, authorities }) => {
      await trustAuthorities(authorities)
      const next = { version, revokedKeys: [...revokedKeys] }
      await writeDocument(path, next)
      kept = next
      banned.replace(next.revokedKeys)
    },
  }
}
