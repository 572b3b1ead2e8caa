import type { Verification, VerifiedCopy } from '../../shared/api/verifications.ts'
import type { Paint } from './colour.ts'
import { fact, factsText } from './facts.ts'
import { shortDigest, shortName } from './names.ts'
import { printable } from './printable.ts'
import { formatBytes, plural } from './quantities.ts'

const titleOf = ({ copies, sourceIsWhole, migration }: Verification): string => {
  if (sourceIsWhole) return `What the source keeps of migration ${migration} is what its receipt says.`
  return copies.some(({ side, verdict }) => side === 'source' && verdict === 'differs')
    ? `What the source keeps of migration ${migration} is NOT what its receipt says.`
    : `Not everything that the source kept of migration ${migration} could be read.`
}

const mostPaths = 20

const differingLines = (paths: readonly string[]): readonly string[] => {
  const lines = paths.slice(0, mostPaths).map((path) => `  ${printable(path)}`)
  const more = paths.length - lines.length
  return more > 0 ? [...lines, `  and ${more} more, which --json names`] : lines
}

const linesOf = ({
  volume,
  host,
  verdict,
  foundDigest,
  expectedDigest,
  entries,
  contentBytes,
  message,
  differing,
}: VerifiedCopy) => {
  const digest = foundDigest === null ? '' : `, ${shortDigest(foundDigest)}`
  const against = verdict === 'differs' ? ` against ${shortDigest(expectedDigest)}` : ''
  const size =
    entries === null || contentBytes === null
      ? ''
      : ` (${formatBytes(contentBytes)} in ${plural(entries, 'entry', 'entries')})`
  return [
    `${shortName(volume)} on ${host}: ${verdict}${digest}${against}${size}`,
    `  ${message}`,
    ...differingLines(differing),
  ]
}

export const verificationText = (verification: Verification, paint: Paint): string => {
  const of = (side: VerifiedCopy['side']) => verification.copies.filter((copy) => copy.side === side).flatMap(linesOf)
  return factsText(titleOf(verification), [fact('source', ...of('source')), fact('target', ...of('target'))], paint)
}
