// For the documentation.
import type { Results } from '../results.ts'
import { judge } from '../targets.ts'
import { columnsOf, saysOfJudgement, saysOfMachine, saysOfRuns } from './words.ts'

const escaped = (cell: string) => cell.replaceAll('|', '\\|')

const asTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(escaped).join(' | ')} |`).join('\n')

export const asMarkdown = (results: Results): string => {
  const judged = judge(results.measured).map((judgement) => [
    judgement.workload,
    judgement.says,
    ...saysOfJudgement(judgement),
  ])
  return `${[
    '# Results',
    'Written by `npm run bench -- --out`; what was measured and how is in [benchmarks.md](../benchmarks.md).',
    `${saysOfMachine(results.machine)}. ${saysOfRuns(results)}.`,
    '![Drayage beside what people use now](chart.svg)',
    ...(judged.length === 0
      ? []
      : ['## The figures to reach', asTable(['workload', 'figure', 'to reach', 'measured', ''], judged)]),
    ...results.measured.flatMap((measured) => [
      `## ${measured.workload}`,
      `${measured.says[0]?.toUpperCase()}${measured.says.slice(1)}.`,
      asTable(
        columnsOf(measured).map(({ title }) => title),
        measured.rows.map((row) => columnsOf(measured).map(({ cell }) => cell(row))),
      ),
    ]),
  ].join('\n\n')}\n`
}
