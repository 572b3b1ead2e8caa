// The results, for people.
import { faults } from './faults.ts'
import { journeys } from './journeys.ts'
import type { Result } from './play.ts'
import type { Ending } from './verdict.ts'

export type Outcome = Result | { readonly id: string; readonly broken: string }

export const isGreen = (outcome: Outcome): boolean => !('broken' in outcome) && outcome.breaches.length === 0

const seconds = (ms: number) => (ms / 1000).toFixed(1)
const parts = (id: string) => {
  const [journey = '', step = '', where = '', fault = ''] = id.split('/')
  return { journey, step, where, fault }
}

const signs: Readonly<Record<Ending, string>> = {
  arrived: '→',
  'put-back': '←',
  'went-back': '↩',
  removed: '✓',
  kept: '←',
  unended: 'unended',
  failed: 'failed',
}

const cell = (outcome: Outcome | undefined): string => {
  if (outcome === undefined) return ''
  if ('broken' in outcome) return '**broken**'
  const text = `${signs[outcome.ending]} ${seconds(outcome.recoveryMs)}`
  const violated = [...new Set(outcome.breaches.map(({ invariant }) => invariant))]
  return violated.length === 0 ? text : `**${violated.join(' ')}** ${text}`
}

const words: Readonly<Record<string, string>> = { before: 'before', middle: 'in', hook: 'after the hook of' }

const distinct = (values: readonly string[]) => [...new Set(values)]

const journeyTable = (name: string, outcomes: readonly Outcome[]): string => {
  const own = outcomes.filter(({ id }) => parts(id).journey === name)
  if (own.length === 0) return ''
  const rows = distinct(own.map(({ id }) => `${parts(id).step}/${parts(id).where}`))
  const columns = faults.map((fault) => fault.name).filter((fault) => own.some(({ id }) => parts(id).fault === fault))
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const { what } = journeys.find((journey) => journey.name === name) ?? { what: '' }
  return [
    `## ${name}: ${what}\n`,
    line(['struck', ...columns]),
    line(['---', ...columns.map(() => '---')]),
    ...rows.map((row) => {
      const [step, where] = row.split('/')
      return line([
        `${words[where ?? ''] ?? where} \`${step}\``,
        ...columns.map((fault) => cell(own.find(({ id }) => id === `${name}/${row}/${fault}`))),
      ])
    }),
    '',
  ].join('\n')
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

const summary = (outcomes: readonly Outcome[]): string => {
  const rows = faults.flatMap(({ name, what }) => {
    const own = outcomes.filter(({ id }) => parts(id).fault === name)
    if (own.length === 0) return []
    const times = own.flatMap((outcome) => ('broken' in outcome ? [] : [outcome.recoveryMs]))
    const held = own.filter(isGreen).length
    return [
      `| \`${name}\` | ${what} | ${held} of ${own.length} | ${seconds(median(times))} | ${seconds(Math.max(0, ...times))} |`,
    ]
  })
  return ['| fault | what happens | held | median s | longest s |', '|---|---|---|---|---|', ...rows, ''].join('\n')
}

export const markdown = (outcomes: readonly Outcome[], facts: readonly string[]): string => {
  const red = outcomes.filter((outcome) => !isGreen(outcome))
  const wrong = red.map((outcome) => {
    const why =
      'broken' in outcome ? [outcome.broken] : outcome.breaches.map(({ invariant, what }) => `${invariant}: ${what}`)
    return [`- \`${outcome.id}\``, ...why.map((line) => `  - ${line}`)].join('\n')
  })
  return [
    '# Faults\n',
    'Everything that a move depends on, killed, frozen, cut off or filled up, before each step and in its middle, on real',
    'Docker engines; written by `npm run test:faults`, never by hand. After each case the invariants of',
    '[ARCHITECTURE.md](../ARCHITECTURE.md) are checked from outside of both engines: a lock that the container holds in the',
    "machine's memory, every write that it acknowledged, what both hosts hold, and what the container is.\n",
    '`→ 4.2`: the container had moved 4.2 s after the blow. `← 7.0`: everything was put back after 7.0 s. `↩ 9.1`: it had been',
    'handed over, did not come up, and was back after 9.1 s. `✓ 2.0`: the old copy was removed. A fault that lasts (a frozen',
    'process, a cut link, a full disk) is in these times.\n',
    ...facts.map((fact) => `- ${fact}`),
    '',
    summary(outcomes),
    ...journeys.map(({ name }) => journeyTable(name, outcomes)),
    ...(wrong.length === 0 ? [] : ['## What did not hold\n', ...wrong, '']),
  ].join('\n')
}
