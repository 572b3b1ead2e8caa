// Who may ask the coordinator, and for what. The first way in is a token that a start leaves in the data directory, for
// whoever can read that.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ulid } from 'ulid'
import {
  type AddedToken,
  type AddToken,
  type ApiToken as ApiTokenView,
  defaultLifetimeSeconds,
  type Role,
} from '../../shared/api/tokens.ts'
import { replaceFile } from '../../shared/disk/durable-file.ts'
import { AppError } from '../../shared/errors.ts'
import type { Clock } from '../migration/ports.ts'
import type { ApiToken, ApiTokenStore } from '../store/api-tokens.ts'
import { hashSecret, newSecret, sameHash } from './tokens.ts'

export type Caller = { readonly id: string; readonly name: string; readonly role: Role }

export type ApiTokens = {
  // Throws DRAYAGE_UNAUTHENTICATED for a token that is not known, or has expired.
  authenticate(presented: string): Promise<Caller>
  list(): Promise<ApiTokenView[]>
  // Throws DRAYAGE_TOKEN_EXISTS.
  add(wish: AddToken, by: Caller): Promise<AddedToken>
  // From its next request on, whoever has it is a stranger. Throws DRAYAGE_TOKEN_NOT_FOUND, DRAYAGE_LAST_ADMIN.
  remove(name: string): Promise<void>
}

// So that a token that was pasted somewhere is found, by people and by the scanners of code hosts.
const prefix = 'dray_'
// How exact "last used" is: a write to the disk for every request would be too dear.
const lastUsedEveryMs = 60_000

const isAdmin = ({ role, expiresAt }: ApiToken, at: Date): boolean =>
  role === 'admin' && (expiresAt === null || expiresAt > at)

// Answers with the file's path when a token was made or taken over now: on the first start, and when every admin's has
// been removed or has expired, since whoever reads the data directory may everything anyway. On the first start, what is
// in the file already is taken: an operator may have put it there, or a start that was cut short.
export const ensureAdminToken = async (dataDir: string, store: ApiTokenStore, at: Date): Promise<string | null> => {
  const known = await store.list()
  if (known.some((token) => isAdmin(token, at))) return null
  const file = join(dataDir, 'admin-token')
  if (known.length > 0 || !existsSync(file)) await replaceFile(file, `${prefix}${newSecret()}\n`)
  const hash = hashSecret(readFileSync(file, 'utf8').trim())
  const old = known.find(({ name }) => name === 'admin')
  if (old !== undefined) await store.remove(old.id)
  const id = known.length === 0 ? 'admin' : ulid(at.getTime())
  await store.add({ id, name: 'admin', hash, role: 'admin', createdAt: at, createdBy: null, expiresAt: null })
  return file
}

export const createApiTokens = (store: ApiTokenStore, clock: Pick<Clock, 'now'>): ApiTokens => ({
  // Every known one is compared, whatever the others gave.
  authenticate: async (presented) => {
    const hash = hashSecret(presented)
    const [token] = (await store.list()).filter((known) => sameHash(known.hash, hash))
    if (token === undefined) {
      throw new AppError(
        'DRAYAGE_UNAUTHENTICATED',
        "The token is not known here: it was removed, is not whole, or is another coordinator's. An admin makes a new one: dray token add.",
      )
    }
    const now = clock.now()
    if (token.expiresAt !== null && token.expiresAt <= now) {
      throw new AppError(
        'DRAYAGE_UNAUTHENTICATED',
        `The token ${token.name} expired at ${token.expiresAt.toISOString()}. An admin makes a new one: dray token add.`,
      )
    }
    const { id, name, role, lastUsedAt } = token
    if (lastUsedAt === null || now.getTime() - lastUsedAt.getTime() >= lastUsedEveryMs) await store.used(id, now)
    return { id, name, role }
  },

  list: async () =>
    (await store.list()).map(({ name, role, createdBy, ...token }) => ({
      name,
      role,
      createdBy,
      createdAt: token.createdAt.toISOString(),
      expiresAt: token.expiresAt?.toISOString() ?? null,
      lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
    })),

  add: async ({ name, role, lifetimeSeconds = defaultLifetimeSeconds }, by) => {
    const token = `${prefix}${newSecret()}`
    const createdAt = clock.now()
    const expiresAt = lifetimeSeconds === null ? null : new Date(createdAt.getTime() + lifetimeSeconds * 1000)
    const id = ulid(createdAt.getTime())
    if (!(await store.add({ id, name, role, hash: hashSecret(token), createdAt, createdBy: by.name, expiresAt }))) {
      throw new AppError(
        'DRAYAGE_TOKEN_EXISTS',
        `There is a token ${name} already. Choose another name, or remove that one first: dray token remove ${name}.`,
      )
    }
    return { name, role, expiresAt: expiresAt?.toISOString() ?? null, token }
  },

  remove: async (name) => {
    const known = await store.list()
    const token = known.find((one) => one.name === name)
    const missing = () =>
      new AppError(
        'DRAYAGE_TOKEN_NOT_FOUND',
        `There is no token ${name}. See dray token list for those that there are.`,
      )
    if (token === undefined) throw missing()
    const now = clock.now()
    const others = known.filter((one) => one !== token && isAdmin(one, now))
    if (isAdmin(token, now) && others.length === 0) {
      throw new AppError(
        'DRAYAGE_LAST_ADMIN',
        `${name} is the last token of an admin, and without one nobody could make another. Add one first: dray token add NAME --role admin.`,
      )
    }
    if (!(await store.remove(token.id))) throw missing()
  },
})
