// Volumes that nothing uses, as tables. What is kept, and by whom, stands apart from what is an orphan.
import type { Orphan, OrphanList } from '../../shared/api/orphans.ts'
import { nameCell, sizeCells, type View } from './inventory.ts'
import { printable } from './printable.ts'
import { formatAge, formatBytes, plural } from './quantities.ts'
import { type Cell, renderTable } from './table.ts'

const lastUsers = ({ lastUser, lastWriter }: Orphan): Cell => {
  if (lastUser === null) return 'nobody that was seen'
  const said = ({ name, image, destination }: NonNullable<Orphan['lastUser']>) => `${name} (${image}) at ${destination}`
  return lastWriter !== null && lastWriter.containerId === lastUser.containerId
    ? said(lastUser)
    : [`${said(lastUser)}, read-only`, lastWriter === null ? 'no writer was seen' : `written by ${said(lastWriter)}`]
}

const unused = ({ unusedSince, unusedSinceIs }: Orphan, { now }: View): string =>
  unusedSinceIs === 'last-user-gone' ? formatAge(unusedSince, now) : `${formatAge(unusedSince, now)} or longer`

const kind = ({ anonymous, verdict }: Orphan): string =>
  `${anonymous ? 'anonymous' : 'named'}${verdict === 'debris' ? ', debris' : ''}`

export const orphanTable = (orphans: readonly Orphan[], view: View): string =>
  renderTable(
    ['HOST', 'VOLUME', 'KIND', 'SIZE', 'MEASURED', 'UNUSED SINCE', 'LAST USED BY', 'PROJECT', 'ALSO ON'],
    orphans.map((orphan) => [
      orphan.host,
      nameCell(orphan.name, view),
      kind(orphan),
      ...sizeCells(orphan, view),
      unused(orphan, view),
      lastUsers(orphan),
      orphan.project ?? '-',
      orphan.alsoOn.length === 0 ? '-' : orphan.alsoOn.map(({ host }) => host).join(', '),
    ]),
    view.paint,
  )

export const totalText = (orphans: readonly Orphan[]): string => {
  const bytes = orphans.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0)
  const unmeasured = orphans.filter(({ sizeBytes }) => sizeBytes === null).length
  const rest = unmeasured === 0 ? '' : `, and ${unmeasured} of unknown size`
  return `${plural(orphans.length, 'volume')}, ${formatBytes(bytes)}${rest}`
}

export const leftAloneText = (orphans: readonly Orphan[], { paint }: View): string[] =>
  orphans.map(({ host, name, reason }) => `  ${paint('bold', printable(`${host}/${name}`))}\n    ${printable(reason)}`)

// Of a host that cannot be relied on nothing is listed, which is not nothing.
const doubts = ({ asOf }: OrphanList, { now, paint }: View): string[] =>
  asOf
    .filter(({ reliable }) => !reliable)
    .map(({ host, state, inventoryAt }) =>
      paint(
        'yellow',
        `${host}: ${state === 'online' ? 'its engine is away, or it has not reported' : state}, last known ${formatAge(inventoryAt, now)}; what is unused there is not known, and none of it is listed.`,
      ),
    )

const section = (title: string, lines: readonly string[], view: View): string[] =>
  lines.length === 0 ? [] : ['', view.paint('bold', title), ...lines]

const isRemovable = ({ verdict }: Orphan): boolean => verdict === 'orphan' || verdict === 'debris'

export const orphansText = (list: OrphanList, view: View): string => {
  const orphans = list.orphans.filter(isRemovable)
  const of = (verdict: Orphan['verdict']) =>
    leftAloneText(
      list.orphans.filter((one) => one.verdict === verdict),
      view,
    )
  const notes = doubts(list, view)
  const none = notes.length === 0 ? 'No orphans.' : 'No orphans are known.'
  return [
    ...(orphans.length === 0 ? [none] : [orphanTable(orphans, view), '', `${totalText(orphans)}.`]),
    ...section('Kept by migrations, and no orphans:', of('kept'), view),
    ...section('Unused here, as far as is known, and no orphans for that:', of('not-known'), view),
    ...(notes.length > 0 ? ['', ...notes] : []),
  ].join('\n')
}

// Each with its namesakes below it.
export const sameNameText = (list: OrphanList, view: View): string => {
  const shared = list.orphans.filter(({ alsoOn }) => alsoOn.length > 0)
  const names = [...new Set(shared.map(({ name }) => name))]
  const rows = names.flatMap((name) => {
    const here = shared.filter((orphan) => orphan.name === name)
    const own = here.map((orphan): readonly Cell[] => [
      nameCell(name, view),
      orphan.host,
      orphan.sizeBytes === null ? 'unknown' : formatBytes(orphan.sizeBytes),
      formatAge(orphan.createdAt, view.now),
      orphan.verdict === 'kept' && orphan.migration !== null ? `kept by ${orphan.migration}` : orphan.verdict,
    ])
    const others = (here[0]?.alsoOn ?? [])
      .filter(({ host }) => here.every((orphan) => orphan.host !== host))
      .map((other): readonly Cell[] => [
        nameCell(name, view),
        other.hostState === 'online' ? other.host : `${other.host} (${other.hostState})`,
        other.sizeBytes === null ? 'unknown' : formatBytes(other.sizeBytes),
        formatAge(other.createdAt, view.now),
        other.usedBy.length === 0 ? 'not used, as last reported' : `used by ${other.usedBy.join(', ')}`,
      ])
    return [...own, ...others]
  })
  if (rows.length === 0) return 'No unused volume has a namesake on another host.'
  return renderTable(['VOLUME', 'HOST', 'SIZE', 'CREATED', 'STATE'], rows, view.paint)
}
