// What the REST interface stands on, answering from fixed values: one host, one migration.

import { pino } from 'pino'
import type { Host } from '../../shared/api/hosts.ts'
import { defaultOptions } from '../../shared/api/migration-options.ts'
import type { Migration, MigrationEvent, MigrationRequest, Plan } from '../../shared/api/migrations.ts'
import { AppError } from '../../shared/errors.ts'
import type { AppDeps } from '../app.ts'

export const time = '2026-01-05T08:00:00.000Z'
export const plan: Plan = {
  container: { id: 'c1', name: 'web', state: 'running' },
  from: 'host-1',
  to: 'host-2',
  image: { reference: 'web:1', sizeBytes: 1, presentOnTarget: false },
  volumes: [],
  networks: [],
  ports: [],
  totalBytes: 0,
  targetFreeBytes: 1,
  warnings: [],
  refusals: [{ code: 'DRAYAGE_PORT_TAKEN', message: 'Port 80 is taken' }],
}
export const migration: Migration = {
  id: 'm1',
  kind: 'move',
  of: null,
  followedBy: null,
  container: { id: 'c1', name: 'web' },
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
  addedAt: time,
  lastSeen: time,
  inventoryAt: null,
}
export const asOf = [{ host: 'host-1', state: 'online' as const, inventoryAt: null }]
const notFound = new AppError('DRAYAGE_HOST_NOT_FOUND', 'There is no host host-9')

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
    asOf: async (name) => {
      if (name === 'host-9') throw notFound
      return asOf
    },
  },
  inventory: { containers: async () => [], volumes: async () => [] },
  migrations: {
    plan: async () => plan,
    start: async (request, key) => {
      if (request.container === 'bug') throw new Error('secret of the inside')
      started.push({ request, key })
      return { migration, created: started.filter((one) => one.key !== null && one.key === key).length < 2 }
    },
    get: async (id) => {
      if (id !== 'm1') throw new AppError('DRAYAGE_MIGRATION_NOT_FOUND', `There is no migration ${id}`)
      return migration
    },
    list: async ({ state, limit }) =>
      Array.from({ length: Math.min(limit, 2) }, () => ({ ...migration, state: state ?? 'failed' })),
    cancel: async () => migration,
    watch: async function* (): AsyncGenerator<MigrationEvent> {
      yield { event: 'migration', data: migration }
      yield { event: 'migration', data: { ...migration, state: 'completed' } }
    },
  },
  statistics: async () => ({ migrationsByState: { running: 2, completed: 1 }, bytesSent: 4096 }),
  unready: async () => [],
  authenticate: async (token) => (token === 'good' ? 'admin' : null),
  log: pino({ level: 'silent' }),
}
