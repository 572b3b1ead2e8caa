// Which of the orphans are meant. What is asked for all applies; what is not known of one is not taken for granted.
import type { Orphan, OrphansQuery } from '../../shared/api/orphans.ts'

const isShortened = /^[0-9a-f]{12,63}$/

const isNamed = (name: string, wanted: readonly string[]): boolean =>
  wanted.some((one) => one === name || (/^[0-9a-f]{64}$/.test(name) && isShortened.test(one) && name.startsWith(one)))

export const selectOrphans = (orphans: readonly Orphan[], query: OrphansQuery, now: Date): Orphan[] => {
  const { host, name, anonymous, project, unusedForSeconds, largerThanBytes } = query
  const names = name === undefined ? null : [name].flat()
  const unusedBefore = unusedForSeconds === undefined ? null : now.getTime() - Number(unusedForSeconds) * 1000
  return orphans.filter(
    (orphan) =>
      (host === undefined || orphan.host === host) &&
      (names === null || isNamed(orphan.name, names)) &&
      (anonymous === undefined || orphan.anonymous === (anonymous === 'true')) &&
      (project === undefined || orphan.project === project) &&
      (unusedBefore === null || Date.parse(orphan.unusedSince) <= unusedBefore) &&
      (largerThanBytes === undefined || (orphan.sizeBytes ?? 0) > Number(largerThanBytes)),
  )
}
