// The first way in: a token that the first start leaves in the data directory, for whoever can read that.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile } from '../../shared/disk/durable-file.ts'
import { hashSecret, newSecret, sameHash } from './tokens.ts'

export type KnownToken = { readonly id: string; readonly name: string; readonly hash: string }
export type KnownTokens = {
  list(): Promise<readonly KnownToken[]>
  add(token: KnownToken, at: Date): Promise<void>
}

// Answers with the file's path when it was made now. Written before it is known to the database: a crash in between
// leaves a token that the next start takes over, not a door without a key.
export const ensureAdminToken = async (dataDir: string, tokens: KnownTokens, at: Date): Promise<string | null> => {
  if ((await tokens.list()).length > 0) return null
  const file = join(dataDir, 'admin-token')
  if (!existsSync(file)) await replaceFile(file, `${newSecret()}\n`)
  await tokens.add({ id: 'admin', name: 'admin', hash: hashSecret(readFileSync(file, 'utf8').trim()) }, at)
  return file
}

// The id of the token, or null for one that is not known. Every known one is compared, whatever the others gave.
export const authenticate = async (tokens: KnownTokens, presented: string): Promise<string | null> => {
  const hash = hashSecret(presented)
  const matching = (await tokens.list()).filter((token) => sameHash(token.hash, hash))
  return matching[0]?.id ?? null
}
