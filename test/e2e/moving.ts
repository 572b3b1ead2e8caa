// What the end-to-end tests do again and again: ask for a migration, wait for its end, and look at both sides.
import { setTimeout as pause } from 'node:timers/promises'
import type { Problem } from '../../shared/api/common.ts'
import { hasEnded, type Migration, type MigrationRequest } from '../../shared/api/migrations.ts'
import type { Plan } from '../../shared/api/plan.ts'
import { run } from '../lab/command.ts'
import type { Lab, LabHost } from '../lab/lab.ts'

const post = async (lab: Lab, path: string, body: unknown): Promise<Response> =>
  fetch(`${lab.coordinator.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${lab.coordinator.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

export const startMigration = async (lab: Lab, request: MigrationRequest): Promise<Migration> => {
  const response = await post(lab, '/v1/migrations', request)
  if (response.status !== 202) throw new Error(`refused (${response.status}): ${await response.text()}`)
  return (await response.json()) as Migration
}

export const migrationOf = async (lab: Lab, id: string): Promise<Migration> =>
  (await lab.coordinator.call('GET', `/v1/migrations/${id}`)) as Migration

// Waits until `holds` is true of the migration; the coordinator may be away in between.
export const untilMigration = async (
  lab: Lab,
  id: string,
  what: string,
  holds: (migration: Migration) => boolean,
  deadlineMs = 150_000,
): Promise<Migration> => {
  const giveUpAt = performance.now() + deadlineMs
  for (let last: Migration | undefined; ; ) {
    last = await migrationOf(lab, id).catch(() => last)
    if (last !== undefined && holds(last)) return last
    if (performance.now() > giveUpAt) throw new Error(`waited in vain until ${what}: ${JSON.stringify(last, null, 1)}`)
    await pause(50)
  }
}

export const untilEnded = (lab: Lab, id: string): Promise<Migration> =>
  untilMigration(lab, id, 'it ended', ({ state }) => hasEnded(state))

export const migrate = async (lab: Lab, request: MigrationRequest): Promise<Migration> =>
  untilEnded(lab, (await startMigration(lab, request)).id)

export const planOf = async (lab: Lab, request: MigrationRequest): Promise<Plan> => {
  const response = await post(lab, '/v1/migrations:plan', request)
  if (!response.ok) throw new Error(`no plan (${response.status}): ${await response.text()}`)
  return (await response.json()) as Plan
}

// The problem with which a request is refused, and the codes of all its reasons.
export const refusal = async (lab: Lab, request: unknown): Promise<{ problem: Problem; codes: string[] }> => {
  const response = await post(lab, '/v1/migrations', request)
  const problem = (await response.json()) as Problem
  if (response.ok) throw new Error(`it was accepted: ${JSON.stringify(problem)}`)
  return { problem, codes: (problem.reasons ?? [problem]).map(({ code }) => code).toSorted() }
}

export const inspect = async <T = Record<string, never>>(host: LabHost, name: string): Promise<T> => {
  const [found] = JSON.parse(await host.docker(['container', 'inspect', name])) as T[]
  if (found === undefined) throw new Error(`no ${name} on ${host.name}`)
  return found
}

export const mountpoint = (host: LabHost, volume: string): Promise<string> =>
  host.docker(['volume', 'inspect', '--format', '{{.Mountpoint}}', volume])

// Where a retired source's data was set aside.
export const setAside = async (host: LabHost, volume: string, migration: Migration): Promise<string> =>
  `${await mountpoint(host, volume)}.drayage-${migration.id}`

// An independent referee: what rsync would have to change to make one tree the other, in content, owners, modes, times,
// hard links, ACLs and extended attributes.
export const differences = async (from: string, to: string, exclude: readonly string[] = []): Promise<string> =>
  run([
    ...['rsync', '-aHAXn', '--checksum', '--delete', '--itemize-changes', '--numeric-ids'],
    ...exclude.map((path) => `--exclude=${path}`),
    ...[`${from}/`, `${to}/`],
  ])

// Of the zoo: 100 GiB without data, every byte of which rsync would read. The digests have seen to it.
export const hugeHoles = ['huge, nearly empty']

// Everything that a host has, by name, to see that nothing was left behind.
export const holdings = async (host: LabHost): Promise<Record<string, string[]>> => {
  const list = async (args: string[]) => (await host.docker(args)).split('\n').filter(Boolean).toSorted()
  return {
    containers: await list(['ps', '-a', '--format', '{{.Names}} {{.State}}']),
    volumes: await list(['volume', 'ls', '--quiet']),
    networks: await list(['network', 'ls', '--format', '{{.Name}}']),
    images: await list(['image', 'ls', '--all', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}}']),
  }
}

const followUp = async (lab: Lab, id: string, verb: 'return' | 'finalize', body: object): Promise<Response> =>
  post(lab, `/v1/migrations/${id}:${verb}`, body)

// Asks for the way back of a migration, or for what it keeps to be removed; answers what that has ended as.
export const follow = async (
  lab: Lab,
  { id }: Pick<Migration, 'id'>,
  verb: 'return' | 'finalize',
  body: object = {},
): Promise<Migration> => untilEnded(lab, (await startFollowing(lab, { id }, verb, body)).id)

export const startFollowing = async (
  lab: Lab,
  { id }: Pick<Migration, 'id'>,
  verb: 'return' | 'finalize',
  body: object = {},
): Promise<Migration> => {
  const response = await followUp(lab, id, verb, body)
  if (!response.ok) throw new Error(`refused (${response.status}): ${await response.text()}`)
  return (await response.json()) as Migration
}

export const refusalOf = async (
  lab: Lab,
  { id }: Pick<Migration, 'id'>,
  verb: 'return' | 'finalize',
): Promise<Problem> => {
  const response = await followUp(lab, id, verb, {})
  if (response.ok) throw new Error(`it was accepted: ${await response.text()}`)
  return (await response.json()) as Problem
}
