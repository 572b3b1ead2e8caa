// A drawing of the medians, as SVG: a panel for each workload, a bar for each way. It brings its own ground, so that it is
// legible on any page, and follows the reader's choice of light or dark.
import { median, ratioOf, rowOf, type Spread, spreadOf } from '../figures.ts'
import type { Measured, Results, Row } from '../results.ts'
import { targets } from '../targets.ts'
import { ways } from '../ways/names.ts'
import { saysOfMachine, saysOfRuns } from './words.ts'

const width = 860
const margin = 24
const names = { left: margin, width: 216 }
const bars = { left: margin + names.width + 8, width: 400 }
const rowHeight = 24
const barHeight = 15
const panelHead = 50
const panelGap = 18
const head = 90
const foot = 52

const style = `
  .ground { fill: #ffffff; stroke: #d0d7de }
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
  .title { font-size: 18px; font-weight: 600 }
  .panel { font-size: 14px; font-weight: 600 }
  .quiet { fill: #59636e; font-size: 12px; font-weight: 400 }
  .ours { font-weight: 600 }
  .bar { fill: #afb8c1 }
  .bar.ours { fill: #0969da }
  .bar.after { fill: #b6d4fe }
  .spread { stroke: #1f2328; stroke-width: 1 }
  .halo { stroke: #ffffff; stroke-width: 5 }
  .target { stroke: #bc4c00; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; stroke: #3d444d }
    text { fill: #f0f6fc }
    .quiet { fill: #9198a1 }
    .bar { fill: #656c76 }
    .bar.ours { fill: #4493f8 }
    .bar.after { fill: #1f4b85 }
    .spread { stroke: #f0f6fc }
    .halo { stroke: #0d1117 }
    .target { stroke: #f0883e }
  }`

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const text = (x: number, y: number, content: string, classes = '', more = '') =>
  `<text x="${x}" y="${y}"${classes === '' ? '' : ` class="${classes}"`}>${escaped(content)}${more}</text>`

const round = (figure: number) => Math.round(figure * 10) / 10

const secondsOf = ({ compares }: Measured, { runs }: Row) =>
  spreadOf(runs.flatMap((run) => run[compares] ?? []).map((ms) => ms / 1000))

// How long ours may take at most for every target that compares it with another: that part of the other's bar.
const allowed = (measured: Measured): number | undefined => {
  const limits = targets
    .filter(({ workload, unit }) => workload === measured.workload && unit === '×')
    .flatMap(({ says, limit }) => {
      const other = measured.rows.find(({ way }) => says.endsWith(`against ${way}`))
      const spread = other && secondsOf(measured, other)
      return spread === undefined ? [] : [spread.median * limit]
    })
  return limits.length === 0 ? undefined : Math.min(...limits)
}

type Drawn = {
  readonly row: Row
  readonly spread: Spread
  // Reading back, after what is compared.
  readonly after: number
}

const bar = (classes: string, from: number, to: number, y: number) =>
  `<rect class="bar${classes}" x="${from}" y="${y}" width="${round(to - from)}" height="${barHeight}" rx="2"/>`

const panel = (measured: Measured, top: number): string[] => {
  const rows = measured.rows.flatMap((row): Drawn[] => {
    const spread = secondsOf(measured, row)
    const after = median(row.runs.flatMap(({ rereadMs }) => rereadMs ?? [])) ?? 0
    return spread === undefined ? [] : [{ row, spread, after: after / 1000 }]
  })
  const limit = allowed(measured)
  const longest = Math.max(...rows.map(({ spread, after }) => spread.highest + after), limit ?? 0)
  const x = (seconds: number) => round(bars.left + (seconds / longest) * bars.width)
  const ours = rowOf(measured, ways.drayage)?.runs ?? []
  const drawn = rows.flatMap(({ row, spread, after }, index) => {
    const y = top + panelHead + index * rowHeight
    const own = row.way === ways.drayage ? ' ours' : ''
    const ratio = own ? undefined : ratioOf(ours, row.runs, (run) => run[measured.compares])
    const more = own ? (after > 0 ? `+ ${after.toFixed(2)} s` : '') : `drayage × ${ratio?.median.toFixed(2)}`
    const [middle, end] = [round(y + barHeight / 2), spread.median + after]
    return [
      text(names.left, y + 12, row.way, own.trim()),
      ...(after >= 0.01 ? [bar(' after', x(spread.median), x(end), y)] : []),
      bar(own, bars.left, x(spread.median), y),
      ...(spread.highest > spread.lowest
        ? [`<path class="spread" d="M${x(spread.lowest)} ${middle}H${x(spread.highest)}"/>`]
        : []),
      text(
        Math.max(x(end), x(spread.highest)) + 8,
        y + 12,
        `${spread.median.toFixed(2)} s`,
        own.trim(),
        more === '' ? '' : `<tspan class="quiet" dx="10">${more}</tspan>`,
      ),
      ...(own && limit !== undefined
        ? ['halo', 'target'].map((stroke) => `<path class="${stroke}" d="M${x(limit)} ${y - 4}V${y + barHeight + 4}"/>`)
        : []),
    ]
  })
  const what = measured.compares === 'downtimeMs' ? 'downtime' : 'time'
  return [
    text(names.left, top + 16, `${measured.workload}: ${what}`, 'panel'),
    text(names.left, top + 34, measured.says, 'quiet'),
    ...drawn,
  ]
}

export const asChart = (results: Results): string => {
  const parts: string[] = []
  let top = head
  for (const measured of results.measured) {
    parts.push(...panel(measured, top))
    top += panelHead + measured.rows.length * rowHeight + panelGap
  }
  const height = top + foot - panelGap
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Drayage beside what people use now: shorter is better">
<style>${style}
</style>
<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${text(margin, 34, 'Drayage beside what people use now', 'title')}
${text(margin, 54, 'Seconds; shorter is better. The line across a blue bar: what it is to stay below. +: reading back from the disk afterwards.', 'quiet')}
${text(margin, 70, 'drayage ×: how long it takes against the other, run by run.', 'quiet')}
${parts.join('\n')}
${text(margin, height - 30, saysOfMachine(results.machine), 'quiet')}
${text(margin, height - 13, saysOfRuns(results), 'quiet')}
</svg>
`
}
