// Whether a volume may be removed, by all that is known here: pure. Its host's agent asks the engine again afterwards.
import type { RemoveVolume } from '../../shared/api/orphans.ts'
import { AppError } from '../../shared/errors.ts'
import { isReliable, orphansAmong, refersTo } from './classify.ts'
import type { Known } from './ports.ts'

type Place = { readonly host: string; readonly volume: string }

export const requireOrphan = (known: Known, { host, volume }: Place, listed: RemoveVolume): void => {
  const where = known.hosts.find(({ name }) => name === host)
  if (where === undefined || !isReliable(where)) {
    throw new AppError(
      'DRAYAGE_HOST_OFFLINE',
      `What ${host} has is not known now: its agent or its engine is away, or was just back. ${volume} was not removed.`,
    )
  }
  const found = known.volumes.find((one) => one.host === host && one.name === volume && one.goneAt === null)
  if (found === undefined) {
    throw new AppError('DRAYAGE_VOLUME_NOT_FOUND', `There is no volume ${volume} on ${host}, as far as is known.`)
  }
  const users = known.containers
    .filter((container) => container.host === host && container.goneAt === null && refersTo(container, found))
    .filter(({ movedTo }) => movedTo === null)
    .map(({ name }) => name)
  if (users.length > 0) {
    throw new AppError(
      'DRAYAGE_VOLUME_IN_USE',
      `The volume ${volume} on ${host} is used by ${users.join(', ')}: it was not removed.`,
      {
        details: { containers: users },
      },
    )
  }
  const orphan = orphansAmong(known).find((one) => one.host === host && one.name === volume)
  if (orphan === undefined || orphan.verdict === 'kept' || orphan.verdict === 'not-known') {
    throw new AppError('DRAYAGE_VOLUME_NOT_ORPHANED', `${volume} on ${host} was not removed. ${orphan?.reason ?? ''}`, {
      details: { migration: orphan?.migration ?? null },
    })
  }
  const same =
    orphan.driver === listed.driver && orphan.mountpoint === listed.mountpoint && orphan.createdAt === listed.createdAt
  if (same) return
  throw new AppError(
    'DRAYAGE_VOLUME_CHANGED',
    `The volume ${volume} on ${host} is another one than was listed: it was made at ${orphan.createdAt}, and not at ` +
      `${listed.createdAt}. It was not removed. List the orphans again.`,
  )
}
