// For a terminal.
import Table from 'cli-table3'
import type { Results } from '../results.ts'
import { judge } from '../targets.ts'
import { columnsOf, saysOfJudgement, saysOfMachine, saysOfRuns } from './words.ts'

const style = { head: [], border: [] }

export const asTables = (results: Results): string => {
  const parts: string[] = []
  for (const measured of results.measured) {
    const columns = columnsOf(measured)
    const table = new Table({ head: columns.map(({ title }) => title), style })
    for (const row of measured.rows) table.push(columns.map(({ cell }) => cell(row)))
    parts.push(`${measured.workload}: ${measured.says}\n${table.toString()}`)
  }
  const judged = new Table({ head: ['', 'figure', 'to reach', 'measured', ''], style })
  for (const judgement of judge(results.measured)) {
    judged.push([judgement.workload, judgement.says, ...saysOfJudgement(judgement)])
  }
  if (judged.length > 0) parts.push(`The figures to reach\n${judged.toString()}`)
  parts.push(`${saysOfMachine(results.machine)}\n${saysOfRuns(results)}`)
  return parts.join('\n\n')
}
