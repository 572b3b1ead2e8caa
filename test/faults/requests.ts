// What the coordinator is asked for while it may be dead, frozen or cut off.
import type { MigrationOptions } from '../../shared/api/migration-options.ts'
import { hasEnded, type Migration, type MigrationRequest } from '../../shared/api/migrations.ts'
import { eventually } from '../lab/wait.ts'
import { name } from './workload.ts'
import type { World } from './world.ts'

const asking = async (
  { lab: { coordinator } }: World,
  path: string,
  body?: object,
  { key = '', timeoutMs = 60_000 }: { readonly key?: string; readonly timeoutMs?: number } = {},
): Promise<Response> =>
  fetch(`${coordinator.url}/v1/migrations${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${coordinator.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === '' ? {} : { 'idempotency-key': key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  })

// Whoever was struck in the case before may be back and not yet heard of; with its key, the same may be asked again.
const accepted = (asked: () => Promise<Response>): Promise<Migration> =>
  eventually('the coordinator to accept', 30_000, async () => {
    const response = await asked()
    const text = await response.text()
    if (response.status === 503) return false
    if (!response.ok) throw new Error(`The coordinator refused (${response.status}): ${text}`)
    return JSON.parse(text) as Migration
  })

// What its witness needs: the machine's memory, which is the host's IPC namespace.
const allow: MigrationOptions['allow'] = ['host-namespaces', 'unconfined']

export const startMove = (
  world: World,
  key: string,
  { container = name, options = {} }: Partial<Pick<MigrationRequest, 'container' | 'options'>> = {},
): Promise<Migration> => {
  const body = { container, from: world.source.name, to: world.target.name, options: { allow, ...options } }
  return accepted(() => asking(world, '', body, { key }))
}

export const startFollowing = (
  world: World,
  { id }: Pick<Migration, 'id'>,
  verb: 'return' | 'finalize',
  key: string,
): Promise<Migration> => accepted(() => asking(world, `/${id}:${verb}`, {}, { key }))

// undefined: it does not answer.
export const lookAt = async (world: World, id: string): Promise<Migration | undefined> => {
  try {
    const response = await asking(world, `/${id}`, undefined, { timeoutMs: 1_000 })
    return response.ok ? ((await response.json()) as Migration) : undefined
  } catch {
    return undefined
  }
}

// Whether it was heard. What cannot be any more, since it has ended or is past that point, was heard too.
export const tell = async (world: World, id: string, verb: 'pause' | 'resume' | 'cancel'): Promise<boolean> => {
  try {
    const { ok, status } = await asking(
      world,
      `/${id}${verb === 'cancel' ? '/' : ':'}${verb}`,
      {},
      { timeoutMs: 2_000 },
    )
    return ok || status === 409
  } catch {
    return false
  }
}

// It has ended, and so has the way back that its end has begun.
export const isSettled = async (world: World, migration: Migration): Promise<boolean> => {
  if (!hasEnded(migration.state)) return false
  if (migration.state !== 'failed' || migration.followedBy === null) return true
  const back = await lookAt(world, migration.followedBy)
  return back !== undefined && hasEnded(back.state)
}

export const untilIt = (
  world: World,
  id: string,
  what: string,
  holds: (migration: Migration) => boolean | Promise<boolean>,
  deadlineMs = 150_000,
): Promise<Migration> =>
  eventually(what, deadlineMs, async () => {
    const migration = await lookAt(world, id)
    return migration !== undefined && (await holds(migration)) && migration
  })

export const untilSettled = async (world: World, id: string): Promise<Migration> => {
  await untilIt(world, id, 'it to end', (migration) => isSettled(world, migration))
  return untilIt(world, id, 'it to answer', () => true)
}
