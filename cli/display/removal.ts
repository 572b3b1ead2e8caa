import type { Problem } from '../../shared/api/common.ts'
import type { Orphan } from '../../shared/api/orphans.ts'
import type { View } from './inventory.ts'
import { leftAloneText, orphanTable, totalText } from './orphans.ts'
import { printable } from './printable.ts'

type Outcome = {
  readonly dryRun: boolean
  readonly removed: readonly (Orphan & { readonly archive: { readonly file: string } | null })[]
  readonly failed: readonly (Orphan & { readonly problem: Problem })[]
  readonly leftAlone: readonly Orphan[]
}

const removedLine = ({ host, name, archive }: Outcome['removed'][number]): string =>
  printable(`${host}/${name} was removed${archive === null ? '' : `; ${archive.file} has what it held`}`)

const failedLine = ({ host, name, problem }: Outcome['failed'][number]): string =>
  printable(`${host}/${name} is still there: ${problem.code}: ${problem.detail}`)

export const removalText = ({ dryRun, removed, failed, leftAlone }: Outcome, view: View): string => {
  const apart = leftAlone.length === 0 ? [] : ['', view.paint('bold', 'Left alone:'), ...leftAloneText(leftAlone, view)]
  if (removed.length === 0 && failed.length === 0) return ['Nothing is to be removed.', ...apart].join('\n')
  if (dryRun) {
    const end = `${totalText(removed)}. Nothing was removed: add --yes to remove them for good, --export-to FOLDER to keep a tarball of each.`
    return [orphanTable(removed, view), '', end, ...apart].join('\n')
  }
  return [
    ...removed.map(removedLine),
    ...failed.map((one) => view.paint('red', failedLine(one))),
    ...(removed.length === 0 ? [] : [`${totalText(removed)} removed.`]),
    ...apart,
  ].join('\n')
}
