// What the REST interface stands on, answering from fixed values: one host, one migration.

import { pino } from 'pino'
import type { CopyEvent, MoveEvent, VolumeArchive } from '../../shared/api/archives.ts'
import type { AuditEntry } from '../../shared/api/audit.ts'
import type { Authority } from '../../shared/api/authority.ts'
import type { Host } from '../../shared/api/hosts.ts'
import { defaultOptions } from '../../shared/api/migration-options.ts'
import type { Migration, MigrationEvent, MigrationRequest } from '../../shared/api/migrations.ts'
import type { Orphan, RemovalEvent } from '../../shared/api/orphans.ts'
import type { Plan } from '../../shared/api/plan.ts'
import type { Recovery } from '../../shared/api/recovery.ts'
import { type ApiToken, roles } from '../../shared/api/tokens.ts'
import type { VerificationEvent } from '../../shared/api/verifications.ts'
import { AppError } from '../../shared/errors.ts'
import type { AppDeps } from '../app.ts'
import { emptyPlan } from './empty-plan.ts'

export const time = '2026-01-05T08:00:00.000Z'
export const plan: Plan = { ...emptyPlan, refusals: [{ code: 'DRAYAGE_PORT_TAKEN', message: 'Port 80 is taken' }] }
export const migration: Migration = {
  id: 'm1',
  kind: 'move',
  of: null,
  followedBy: null,
  container: { id: 'c1', name: 'web' },
  members: [{ id: 'c1', name: 'web', targetContainerId: null }],
  from: 'host-1',
  to: 'host-2',
  options: defaultOptions,
  state: 'running',
  steps: [{ name: 'lock', state: 'done', startedAt: time, endedAt: null }],
  rounds: [],
  liveCopy: null,
  bytesSent: 0,
  bytesTotal: null,
  downtimeMs: null,
  targetContainerId: null,
  receipt: null,
  warnings: [],
  error: null,
  waiting: null,
  queue: null,
  pauseRequested: false,
  hooks: [],
  webhooks: [],
  situation: 'web runs on host-1, untouched; host-2 has nothing of it.',
  next: 'Wait',
  createdAt: time,
  updatedAt: time,
  endedAt: null,
}
export const host: Host = {
  name: 'host-1',
  state: 'online',
  address: '10.0.0.1:8442',
  agentVersion: '0.1.0',
  engine: null,
  engineReachable: true,
  fence: null,
  addedAt: time,
  lastSeen: time,
  inventoryAt: null,
}
export const authority: Authority = {
  stage: 'settled',
  authorities: [
    { place: 'issuing', fingerprint: '3f6c', name: 'CN=Drayage authority', validUntil: time, certificate: 'PEM' },
  ],
  waitingFor: [],
  next: 'Nothing',
}
// As long as one can be: of a path of characters that are escaped.
const lengthy = { code: 'entry-skipped', message: 'ö'.repeat(250) }

export const archive: VolumeArchive = {
  host: 'host-1',
  volume: 'data',
  entries: 2,
  contentBytes: 5,
  archiveBytes: 1024,
  archiveSha256: 'ab'.repeat(32),
  digest: 'cd'.repeat(32),
  live: false,
  warnings: [{ code: 'entry-skipped', message: 'Left out at "ö": a socket' }],
}
export const asOf = [{ host: 'host-1', state: 'online' as const, inventoryAt: null }] as const
export const orphan: Orphan = {
  ...{ host: 'host-1', name: 'data', driver: 'local', mountpoint: '/v/data/_data', createdAt: time, anonymous: false },
  ...{ verdict: 'orphan', reason: 'Nothing uses it', migration: null, project: null, lastUser: null, lastWriter: null },
  ...{ unusedSince: time, unusedSinceIs: 'first-seen', sizeBytes: null, sizeMeasuredAt: null, alsoOn: [] },
}
const notFound = new AppError('DRAYAGE_HOST_NOT_FOUND', 'There is no host host-9')

export const recovery: Recovery = { needed: null, hosts: [], workloads: [], blocked: [], owed: [] }

type Followed = { id: string; request: unknown; key: string | null }
export const returned: Followed[] = []
export const finalized: Followed[] = []
const token: ApiToken = {
  name: 'night-shift',
  role: 'operator',
  createdAt: time,
  createdBy: 'admin',
  expiresAt: null,
  lastUsedAt: null,
}
// What the interface has put on record.
export const audited: Omit<AuditEntry, 'seq' | 'at'>[] = []
export const started: { request: MigrationRequest; key: string | null }[] = []
export const deps: AppDeps = {
  hosts: {
    list: async () => [host],
    get: async (name) => {
      if (name !== 'host-1') throw notFound
      return host
    },
    add: async (name) => {
      if (name === 'host-1') throw new AppError('DRAYAGE_HOST_EXISTS', 'host-1 is there')
      return { name, joinToken: 'dray1.x', expiresAt: time }
    },
    remove: async (name, givenUp) => {
      if (name !== 'host-1') throw notFound
      if (!givenUp.includes('copies')) throw new AppError('DRAYAGE_HOST_IN_USE', 'host-1 keeps a copy')
      return { name, removedAt: time, gaveUp: [{ code: 'retained-copy', message: 'a copy' }] }
    },
    asOf: async (name) => {
      if (name === 'host-9') throw notFound
      return [...asOf]
    },
  },
  fencing: {
    fence: async (name, by) => {
      if (name !== 'host-1') throw notFound
      return { host: name, at: new Date(time), by, migrations: [] }
    },
  },
  recovery: {
    describe: async () => recovery,
    settle: async (_, by) => ({ ...recovery, needed: { since: time, why: `settled by ${by}` } }),
  },
  authority: {
    describe: async () => authority,
    rotate: async (without) => ({ ...authority, next: `without ${without.join()}` }),
    finish: async () => {
      throw new AppError('DRAYAGE_ROTATION_WAITS', 'host-1 has no certificate of the new one')
    },
  },
  trusted: () => [],
  inventory: { containers: async () => [], volumes: async () => [] },
  migrations: {
    plan: async () => plan,
    start: async (request, key) => {
      if (request.container === 'bug') throw new Error('secret of the inside')
      started.push({ request, key })
      return { migration, created: started.filter((one) => one.key !== null && one.key === key).length < 2 }
    },
    return: async (id, request, key) => {
      if (id !== 'm1') throw new AppError('DRAYAGE_NOTHING_TO_RETURN', `${id} was put back`)
      returned.push({ id, request, key })
      return { migration: { ...migration, kind: 'return', of: id }, created: true }
    },
    finalize: async (id, request, key) => {
      finalized.push({ id, request, key })
      return { migration: { ...migration, kind: 'finalize', of: id }, created: false }
    },
    get: async (id) => {
      if (id !== 'm1') throw new AppError('DRAYAGE_MIGRATION_NOT_FOUND', `There is no migration ${id}`)
      return migration
    },
    list: async ({ state, limit }) =>
      Array.from({ length: Math.min(limit, 2) }, () => ({ ...migration, state: state ?? 'failed' })),
    cancel: async () => migration,
    pause: async (id) => {
      if (id !== 'm1') throw new AppError('DRAYAGE_NOT_PAUSABLE', `${id} is being put back`)
      return { ...migration, state: 'paused', pauseRequested: true }
    },
    resume: async (id) => {
      if (id !== 'm1') throw new AppError('DRAYAGE_MIGRATION_ENDED', `${id} has ended`)
      return { ...migration, state: 'queued', queue: { position: 1, waitsFor: 'host-1 is busy' } }
    },
    watch: async function* (): AsyncGenerator<MigrationEvent> {
      yield { event: 'migration', data: migration }
      yield { event: 'migration', data: { ...migration, state: 'completed' } }
    },
  },
  archives: {
    exportVolume: async ({ host: onHost, volume, live }) => {
      if (onHost === 'host-9') throw notFound
      return {
        id: 't1',
        entries: 2,
        diskBytes: 4096,
        pieces: (async function* () {
          yield Buffer.alloc(512, 'a')
          if (volume === 'breaks') throw new AppError('DRAYAGE_SOURCE_CHANGED', 'The volume changed')
          yield Buffer.alloc(512, 'b')
        })(),
        summary: () => ({
          ...{ ...archive, host: onHost, volume, live },
          ...(volume === 'warned' && { warnings: Array.from({ length: 20 }, () => lengthy) }),
        }),
      }
    },
    importVolume: async ({ host: onHost, volume, labels }, body, ready) => {
      if (onHost === 'host-9') throw notFound
      if (volume === 'there') throw new AppError('DRAYAGE_VOLUME_EXISTS', 'It is there')
      ready()
      let bytes = 0
      for await (const piece of body) {
        bytes += piece.length
        if (volume === 'hostile') throw new AppError('DRAYAGE_TARBALL_REFUSED', 'A path is absolute')
      }
      const { live: _, ...imported } = archive
      const created = labels['existing'] === undefined
      return { ...imported, host: onHost, volume, created, archiveBytes: bytes }
    },
    copyVolume: async ({ from, to, live }) => {
      if (from.host === 'host-9' || to.host === 'host-9') throw notFound
      const { archiveBytes: _, archiveSha256: __, ...copied } = archive
      return {
        id: 't1',
        events: (async function* (): AsyncGenerator<CopyEvent> {
          yield { event: 'progress', data: { bytes: 1, entries: 1, totalBytes: 4 } }
          if (to.volume === 'breaks') throw new AppError('DRAYAGE_TARGET_FULL', 'No room')
          yield { event: 'copied', data: { ...copied, ...to, from, live, created: true } }
        })(),
      }
    },
    browse: {
      list: async ({ host: onHost, volume, path }, { after, limit }) => {
        if (onHost === 'host-9') throw notFound
        const name = `after ${after}, ${limit} at most`
        const file = { name, type: 'file', mode: '0644', uid: 0, gid: 0, size: 0, diskBytes: 0 } as const
        return { host: onHost, volume, path, entries: [{ ...file, modifiedAt: time, link: null }], more: true }
      },
      read: async (_place, { offset, length }) => {
        const content = Buffer.from('0123456789').subarray(offset, offset + (length ?? 10))
        return {
          size: 10,
          bytes: content.length,
          pieces: (async function* () {
            yield content
          })(),
        }
      },
    },
    moveVolume: async ({ from, to }) => {
      if (from.host === 'host-9' || to.host === 'host-9') throw notFound
      const { archiveBytes: _, archiveSha256: __, ...moved } = archive
      return {
        id: 't1',
        events: (async function* (): AsyncGenerator<MoveEvent> {
          yield { event: 'progress', data: { bytes: 1, entries: 1, totalBytes: 4 } }
          yield { event: 'checking', data: { bytes: 1 } }
          if (to.volume === 'breaks') throw new AppError('DRAYAGE_VOLUME_IN_USE', 'web refers to it')
          yield { event: 'moved', data: { ...moved, ...to, from, live: false, created: true } }
        })(),
      }
    },
    removeVolume: async (place, listed) => {
      if (place.host === 'host-9') throw notFound
      if (listed.createdAt !== time) throw new AppError('DRAYAGE_VOLUME_CHANGED', 'It is another one')
      return {
        id: 't1',
        events: (async function* (): AsyncGenerator<RemovalEvent> {
          yield { event: 'progress', data: { bytes: 1 } }
          if (place.volume === 'breaks') throw new AppError('DRAYAGE_VOLUME_IN_USE', 'web refers to it')
          yield { event: 'removed', data: place }
        })(),
      }
    },
    transfer: (id) => {
      if (id !== 't1') throw new AppError('DRAYAGE_TRANSFER_NOT_FOUND', `No transfer ${id}`)
      return { id, kind: 'export', reads: [], makes: [], startedAt: time, endedAt: null, error: null }
    },
  },
  orphans: {
    list: async (query) => {
      if (query.host === 'host-9') throw notFound
      return {
        orphans: [{ ...orphan, name: [query.name ?? 'data'].flat().join('+') }],
        asOf: [{ ...asOf[0], reliable: true }],
      }
    },
  },
  verifier: {
    verify: async function* (id): AsyncGenerator<VerificationEvent> {
      if (id !== 'm1') throw new AppError('DRAYAGE_NOTHING_TO_VERIFY', `Migration ${id} has no receipt`)
      yield { event: 'progress', data: { volume: 'data', host: 'host-1', bytes: 1, totalBytes: 2 } }
      yield { event: 'verification', data: { migration: id, copies: [], sourceIsWhole: true, verifiedAt: time } }
    },
  },
  statistics: async () => ({ migrationsByState: { running: 2, completed: 1 }, bytesSent: 4096 }),
  unready: async () => [],
  tokens: {
    // A role's name is a token of that role; "good" is the first admin's.
    authenticate: async (token) => {
      const role = token === 'good' ? 'admin' : roles.find((one) => one === token)
      if (role === undefined) throw new AppError('DRAYAGE_UNAUTHENTICATED', 'Not known')
      return { id: token === 'good' ? 'admin' : token, name: token === 'good' ? 'admin' : token, role }
    },
    list: async () => [token],
    add: async ({ name, role }) => ({ name, role, expiresAt: time, token: 'dray_x' }),
    remove: async (name) => {
      if (name !== token.name) throw new AppError('DRAYAGE_TOKEN_NOT_FOUND', `No token ${name}`)
    },
  },
  audit: {
    append: async (entry) => void audited.push(entry),
    list: async () => audited.map((entry, index) => ({ seq: index + 1, at: time, ...entry })).toReversed(),
  },
  rateLimits: { perCallerAndMinute: 10_000, perStrangerAndMinute: 10_000 },
  tls: null,
  log: pino({ level: 'silent' }),
}
