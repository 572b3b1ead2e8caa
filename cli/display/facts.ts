import type { Paint } from './colour.ts'
import { printable } from './printable.ts'

// One line of "  label     text"; further lines of the same label are indented under it.
export type Fact = { readonly label: string; readonly lines: readonly string[] }

export const fact = (label: string, ...lines: readonly string[]): Fact => ({ label, lines })

export const factsText = (title: string, facts: readonly Fact[], paint: Paint): string => {
  const width = Math.max(0, ...facts.flatMap(({ label, lines }) => (lines.length > 0 ? [label.length] : []))) + 2
  const rows = facts.flatMap(({ label, lines }) =>
    lines.map((line, index) => `  ${paint('dim', (index === 0 ? label : '').padEnd(width))}${printable(line)}`),
  )
  return [paint('bold', printable(title)), ...rows].join('\n')
}
