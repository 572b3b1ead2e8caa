import Table from 'cli-table3'
import type { Paint } from './colour.ts'
import { printable } from './printable.ts'

const noBorders = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

// A cell may hold several lines; the others of its row stay empty beside them.
export type Cell = string | readonly string[]

export const renderTable = (head: readonly string[], rows: readonly (readonly Cell[])[], paint: Paint): string => {
  const table = new Table({
    chars: noBorders,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  table.push(head.map((title) => paint('bold', title)))
  for (const row of rows) {
    table.push(row.map((cell) => (typeof cell === 'string' ? [cell] : cell).map(printable).join('\n')))
  }
  // The last column is filled up like the others; blanks at the end of a line are in the way of those who copy it.
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
