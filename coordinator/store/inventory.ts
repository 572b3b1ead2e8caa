// What every host has and had, as its agent reported it.
import { type Expression, expressionBuilder, type SqlBool, sql } from 'kysely'
import {
  type Container,
  composeProject,
  type InventoryQuery,
  type Volume,
  type VolumeUser,
} from '../../shared/api/inventory.ts'
import type { Database } from './database.ts'
import { type Report, takeIn } from './inventory-report.ts'
import type { Tables } from './tables.ts'

export type InventoryStore = {
  // A full report replaces all that was thought to exist on the host; a change touches what it names. What is missing
  // is marked as gone and kept. Idempotent: the same report again moves `lastSeen` alone.
  record(host: string, report: Report, at: Date): Promise<void>
  // By host and name.
  containers(query: StoreQuery): Promise<Container[]>
  // By host and name; users newest first: those that exist, then the last to have gone.
  volumes(query: StoreQuery): Promise<Volume[]>
}

// project: of Compose, by its label.
export type StoreQuery = InventoryQuery & { readonly project?: string }

const asked = (table: 'containers' | 'volumes', { host, name, project, gone }: StoreQuery): Expression<SqlBool> => {
  const label = sql<string>`json_extract(${sql.ref(`${table}.labelsJson`)}, ${`$."${composeProject}"`})`
  const eb = expressionBuilder<Tables, 'containers' | 'volumes'>()
  return eb.and([
    ...(host === undefined ? [] : [eb(`${table}.host`, '=', host)]),
    ...(name === undefined ? [] : [eb(`${table}.name`, '=', name)]),
    ...(project === undefined ? [] : [eb(label, '=', project)]),
    ...(gone === 'true' ? [] : [eb(`${table}.goneAt`, 'is', null)]),
  ])
}

// Docker gives local offsets for some volumes.
const inUtc = (time: string): string => {
  const parsed = new Date(time)
  return time.endsWith('Z') || Number.isNaN(parsed.getTime()) ? time : parsed.toISOString()
}

export const createInventoryStore = (db: Database): InventoryStore => ({
  record: (host, report, at) => takeIn(db, host, report, at),

  containers: async (query) => {
    const rows = await db
      .selectFrom('containers')
      .leftJoin('workloadPlaces as place', (join) =>
        join.onRef('place.host', '=', 'containers.host').onRef('place.containerId', '=', 'containers.id'),
      )
      // Where the owner is another container, this one is a retired copy.
      .leftJoin('workloads as owner', (join) =>
        join.onRef('owner.id', '=', 'place.workloadId').onRef('owner.containerId', '!=', 'place.containerId'),
      )
      .selectAll('containers')
      .select('owner.host as movedTo')
      .where(asked('containers', query))
      .orderBy('containers.host')
      .orderBy('containers.name')
      .orderBy('containers.firstSeen')
      .execute()
    const mounts = await mountsOfContainers(db, query)
    return rows.map((row) => ({
      host: row.host,
      id: row.id,
      name: row.name,
      image: row.image,
      imageId: row.imageId,
      state: row.state,
      createdAt: row.createdAt,
      labels: JSON.parse(row.labelsJson),
      mounts: mounts.get(`${row.host} ${row.id}`) ?? [],
      movedTo: row.movedTo,
      firstSeen: row.firstSeen,
      lastSeen: row.lastSeen,
      goneAt: row.goneAt,
    }))
  },

  volumes: async (query) => {
    const rows = await db
      .selectFrom('volumes')
      .selectAll()
      .where(asked('volumes', query))
      .orderBy('host')
      .orderBy('name')
      .orderBy('id')
      .execute()
    const users = await usersOfVolumes(db, query)
    return rows.map((row) => ({
      host: row.host,
      name: row.name,
      driver: row.driver,
      mountpoint: row.mountpoint,
      scope: row.scope,
      options: JSON.parse(row.optionsJson),
      labels: JSON.parse(row.labelsJson),
      anonymous: row.anonymous === 1,
      createdAt: row.createdAt === '' ? null : inUtc(row.createdAt),
      sizeBytes: row.sizeBytes,
      sizeMeasuredAt: row.sizeMeasuredAt,
      users: users.get(row.id) ?? [],
      firstSeen: row.firstSeen,
      lastSeen: row.lastSeen,
      goneAt: row.goneAt,
    }))
  },
})

const mountsOfContainers = async (
  db: Database,
  query: StoreQuery,
): Promise<ReadonlyMap<string, Container['mounts']>> => {
  const rows = await db
    .selectFrom('containers')
    .innerJoin('mounts', (join) =>
      join.onRef('mounts.host', '=', 'containers.host').onRef('mounts.containerId', '=', 'containers.id'),
    )
    .select([
      'mounts.host',
      'mounts.containerId',
      'mounts.type',
      'mounts.volumeName',
      'mounts.source',
      'mounts.destination',
      'mounts.readOnly',
    ])
    .where(asked('containers', query))
    .orderBy('mounts.destination')
    .execute()
  const grouped = Map.groupBy(rows, ({ host, containerId }) => `${host} ${containerId}`)
  return new Map(
    [...grouped].map(([container, mounts]) => [
      container,
      mounts.map(({ type, volumeName, source, destination, readOnly }) => ({
        type,
        volume: volumeName === '' ? null : volumeName,
        source,
        destination,
        readOnly: readOnly === 1,
      })),
    ]),
  )
}

const projectIn = (labelsJson: string): string | null => {
  const labels: Readonly<Record<string, string>> = JSON.parse(labelsJson)
  return labels[composeProject] ?? null
}

const usersOfVolumes = async (db: Database, query: StoreQuery): Promise<ReadonlyMap<number, VolumeUser[]>> => {
  const rows = await db
    .selectFrom('volumes')
    .innerJoin('mounts', 'mounts.volumeId', 'volumes.id')
    .innerJoin('containers', (join) =>
      join.onRef('containers.host', '=', 'mounts.host').onRef('containers.id', '=', 'mounts.containerId'),
    )
    .leftJoin('workloadPlaces as place', (join) =>
      join.onRef('place.host', '=', 'containers.host').onRef('place.containerId', '=', 'containers.id'),
    )
    .leftJoin('workloads as owner', (join) =>
      join.onRef('owner.id', '=', 'place.workloadId').onRef('owner.containerId', '!=', 'place.containerId'),
    )
    .select([
      'volumes.id as volumeId',
      'owner.host as movedTo',
      'containers.id as containerId',
      'containers.name',
      'containers.image',
      'containers.labelsJson',
      'mounts.destination',
      'mounts.readOnly',
      'containers.firstSeen',
      'containers.lastSeen',
      'containers.goneAt',
    ])
    .where(asked('volumes', query))
    .orderBy((eb) => eb('containers.goneAt', 'is', null), 'desc')
    .orderBy('containers.goneAt', 'desc')
    .orderBy('containers.createdAt', 'desc')
    .orderBy('containers.id')
    .orderBy('mounts.destination')
    .execute()
  const grouped = Map.groupBy(rows, ({ volumeId }) => volumeId)
  return new Map(
    [...grouped].map(([volume, users]) => [
      volume,
      users.map(({ volumeId: _, readOnly, labelsJson, ...user }) => ({
        ...user,
        readOnly: readOnly === 1,
        project: projectIn(labelsJson),
      })),
    ]),
  )
}
