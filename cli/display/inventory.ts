// Hosts, containers and volumes as tables. What is unknown is said in words, never shown as nothing.
import type { Host } from '../../shared/api/hosts.ts'
import type { AsOf, Container, Volume, VolumeUser } from '../../shared/api/inventory.ts'
import type { Paint } from './colour.ts'
import { shortDigest, shortName } from './names.ts'
import { formatAge, formatBytes } from './quantities.ts'
import { type Cell, renderTable } from './table.ts'

export type View = {
  readonly now: Date
  readonly paint: Paint
  // Names and ids in full.
  readonly full: boolean
}

export const nameCell = (text: string, { full }: View): string => (full ? text : shortName(text))

const engineText = ({ engine, engineReachable, state }: Host): string => {
  if (engine === null) return 'unknown'
  const text = `${engine.version} ${engine.os}/${engine.architecture} ${engine.storageDriver}`
  return engineReachable || state !== 'online' ? text : `${text} (does not answer)`
}

const hostStateText = ({ state, fence }: Host): string => {
  if (fence === null) return state
  return state === 'online' ? 'fenced, coming back' : 'fenced'
}

export const hostsText = (hosts: readonly Host[], view: View): string => {
  if (hosts.length === 0) return 'No hosts yet. Add the first: dray host add NAME'
  const rows = hosts.map((host) => [
    host.name,
    hostStateText(host),
    host.address ?? 'unknown',
    engineText(host),
    host.agentVersion ?? 'unknown',
    formatAge(host.lastSeen, view.now),
  ])
  const stuck = hosts.flatMap(({ name: host, fence }) =>
    fence === null || fence.error === null
      ? []
      : [view.paint('yellow', `${host}: cannot take part yet (${fence.error.code}): ${fence.error.message}`)],
  )
  const table = renderTable(['HOST', 'STATE', 'ADDRESS', 'ENGINE', 'AGENT', 'LAST SEEN'], rows, view.paint)
  return [table, ...stuck].join('\n')
}

// One sentence for each host whose part of a list must not be taken as it stands.
export const doubts = (asOf: readonly AsOf[], what: string, view: View): readonly string[] =>
  asOf.flatMap(({ host, state, inventoryAt }) => {
    if (inventoryAt === null) return [`${host}: has not reported; its ${what} are unknown, which is not none.`]
    const age = formatAge(inventoryAt, view.now)
    if (state === 'lost') return [`${host}: lost; its ${what} are shown as of ${age}, and may have changed since.`]
    if (state === 'unknown') return [`${host}: its state is unknown; its ${what} are shown as of ${age}.`]
    return []
  })

const listText = (table: string | null, asOf: readonly AsOf[], what: string, view: View): string => {
  const notes = doubts(asOf, what, view)
  if (asOf.length === 0) return 'No hosts yet. Add the first: dray host add NAME'
  const empty = notes.length === 0 ? `No ${what}.` : `No ${what} are known.`
  return [table ?? empty, ...(notes.length > 0 ? [''] : []), ...notes.map((note) => view.paint('yellow', note))].join(
    '\n',
  )
}

const stateText = ({ state, movedTo, goneAt }: Container, view: View): string => {
  const text = goneAt === null ? state : `gone ${formatAge(goneAt, view.now)}`
  return movedTo === null ? text : `${text}, moved to ${movedTo}`
}

const mountText =
  (view: View) =>
  ({ type, volume, source, destination, readOnly }: Container['mounts'][number]): string =>
    `${type === 'volume' ? nameCell(volume ?? '', view) : source || type}:${destination}${readOnly ? ':ro' : ''}`

export const containersText = (containers: readonly Container[], asOf: readonly AsOf[], view: View): string => {
  const rows = containers.map((container): readonly Cell[] => [
    container.host,
    container.name,
    nameCell(container.id, view),
    view.full ? container.image : shortDigest(container.image),
    stateText(container, view),
    container.mounts.map(mountText(view)),
  ])
  const head = ['HOST', 'CONTAINER', 'ID', 'IMAGE', 'STATE', 'MOUNTS']
  return listText(rows.length === 0 ? null : renderTable(head, rows, view.paint), asOf, 'containers', view)
}

const userText = ({ name: user, destination, readOnly, movedTo, goneAt }: VolumeUser, view: View): string => {
  const notes = [
    ...(movedTo === null ? [] : [`moved to ${movedTo}`]),
    ...(goneAt === null ? [] : [`gone ${formatAge(goneAt, view.now)}`]),
  ]
  return `${user}:${destination}${readOnly ? ':ro' : ''}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`
}

// What was never measured is unknown, which is not 0.
export const sizeCells = (
  { sizeBytes, sizeMeasuredAt }: Pick<Volume, 'sizeBytes' | 'sizeMeasuredAt'>,
  view: View,
): readonly [string, string] => {
  if (sizeBytes === null) return ['unknown', 'never']
  return [formatBytes(sizeBytes), sizeMeasuredAt === null ? 'unknown' : formatAge(sizeMeasuredAt, view.now)]
}

export const volumesText = (volumes: readonly Volume[], asOf: readonly AsOf[], view: View): string => {
  const rows = volumes.map((volume): readonly Cell[] => [
    volume.host,
    nameCell(volume.name, view),
    volume.driver,
    ...sizeCells(volume, view),
    volume.goneAt === null ? 'present' : `gone ${formatAge(volume.goneAt, view.now)}`,
    volume.users.length === 0 ? 'nobody that was seen' : volume.users.map((user) => userText(user, view)),
  ])
  const head = ['HOST', 'VOLUME', 'DRIVER', 'SIZE', 'MEASURED', 'STATE', 'USED BY']
  return listText(rows.length === 0 ? null : renderTable(head, rows, view.paint), asOf, 'volumes', view)
}
