// Which of the orphans are meant. What is asked for all applies; what is not known of one is not taken for granted.
import { type Orphan, type OrphansQuery, standsFor } from '../../shared/api/orphans.ts'

export const selectOrphans = (orphans: readonly Orphan[], query: OrphansQuery, now: Date): Orphan[] => {
  const { host, name, anonymous, project, unusedForSeconds, largerThanBytes } = query
  const names = name === undefined ? null : [name].flat()
  const unusedBefore = unusedForSeconds === undefined ? null : now.getTime() - Number(unusedForSeconds) * 1000
  return orphans.filter(
    (orphan) =>
      (host === undefined || orphan.host === host) &&
      (names === null || names.some((one) => standsFor(one, orphan.name))) &&
      (anonymous === undefined || orphan.anonymous === (anonymous === 'true')) &&
      (project === undefined || orphan.project === project) &&
      (unusedBefore === null || Date.parse(orphan.unusedSince) <= unusedBefore) &&
      (largerThanBytes === undefined || (orphan.sizeBytes ?? 0) > Number(largerThanBytes)),
  )
}
