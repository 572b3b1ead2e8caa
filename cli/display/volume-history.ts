// What a volume is, and what it was for.
import type { Volume, VolumeUser } from '../../shared/api/inventory.ts'
import type { Orphan } from '../../shared/api/orphans.ts'
import { fact, factsText } from './facts.ts'
import type { View } from './inventory.ts'
import { formatAge, formatBytes } from './quantities.ts'

const userLine = (user: VolumeUser, { now }: View): string => {
  const notes = [
    ...(user.readOnly ? ['read-only'] : []),
    ...(user.project === null ? [] : [`Compose project ${user.project}`]),
    ...(user.movedTo === null ? [] : [`moved to ${user.movedTo}`]),
    `seen since ${user.firstSeen}`,
    ...(user.goneAt === null ? [] : [`gone ${formatAge(user.goneAt, now)} (${user.goneAt})`]),
  ]
  return `${user.name} (${user.image}) at ${user.destination}: ${notes.join(', ')}; ${user.containerId.slice(0, 12)}`
}

const stateText = ({ goneAt }: Volume, unused: Orphan | null, now: Date): string => {
  if (goneAt !== null) return `gone ${formatAge(goneAt, now)} (${goneAt})`
  return unused === null ? 'there' : `there, used by nothing: ${unused.verdict}. ${unused.reason}`
}

export const volumeHistoryText = (volume: Volume & { readonly unused: Orphan | null }, view: View): string => {
  const { now, paint } = view
  const { createdAt, sizeBytes, sizeMeasuredAt, users, unused } = volume
  const pairs = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([key, value]) => `${key}=${value}`)
  const size =
    sizeBytes === null ? 'never measured' : `${formatBytes(sizeBytes)}, measured ${formatAge(sizeMeasuredAt, now)}`
  return factsText(
    `${volume.host}/${volume.name}`,
    [
      fact('state', stateText(volume, unused, now)),
      fact('size', size),
      fact('driver', `${volume.driver}${volume.anonymous ? ', named by Docker itself' : ''}`, ...pairs(volume.options)),
      fact('made', createdAt === null ? 'not known when' : `${formatAge(createdAt, now)} (${createdAt})`),
      fact('known', `since ${volume.firstSeen}, last seen ${formatAge(volume.lastSeen, now)}`),
      ...(unused?.project ? [fact('project', `${unused.project} (Compose)`)] : []),
      fact('labels', ...pairs(volume.labels)),
      fact('used by', ...(users.length === 0 ? ['nobody that was seen'] : users.map((user) => userLine(user, view)))),
    ],
    paint,
  )
}
