import { expect, test } from 'vitest'
import { moved, rolledBack, running, stepsUpTo } from '../testing/samples.ts'
import { currentStep, stepLines } from './steps.ts'

const texts = (lines: ReturnType<typeof stepLines>): string[] => lines.map(({ text }) => text)

test('each step is said once, when it has passed', () => {
  const atImage = running('image')
  expect(texts(stepLines(null, atImage))).toEqual([
    'lock      taking the lease on web (1.00 s)',
    'plan      checking host-1 and host-2 (1.00 s)',
  ])
  expect(texts(stepLines(atImage, running('hold')))).toEqual(['image     bringing the image to host-2 (1.00 s)'])
  expect(stepLines(atImage, atImage)).toEqual([])
})

test('events that were missed leave no step out', () => {
  const lines = texts(stepLines(running('image'), moved()))
  expect(lines.map((line) => line.split(' ')[0])).toEqual([
    'image',
    'hold',
    'precopy',
    'fence',
    'stop',
    'isolate',
    'finalcopy',
    'commit',
    'start',
    'retain',
  ])
  expect(lines[2]).toBe('precopy   copying while web runs, 5.00 GiB in 1 round (1.00 s)')
  expect(lines[6]).toBe('finalcopy copying what host-2 has not got yet, and comparing both sides, 64.0 KiB (1.00 s)')
})

test('a move that copied nothing before the stop does not look as if it had', () => {
  const rounds = moved().rounds.filter(({ final }) => final)
  const lines = texts(stepLines(running('precopy'), moved({ rounds })))
  expect(lines[0]).toBe('precopy   nothing was copied while web ran (1.00 s)')
})

test('what is undone is told from the last step back to the first', () => {
  const lines = texts(stepLines(running('image'), rolledBack('DRAYAGE_TARGET_FULL', 'host-2 is full')))
  expect(lines[0]).toBe('finalcopy undone')
  expect(lines.at(-1)).toBe('lock      undone')
})

test('what a migration waits for is told once for each reason', () => {
  const waiting = (message: string) =>
    running('precopy', { waiting: { code: 'DRAYAGE_AGENT_UNREACHABLE', message, step: 'precopy', reasons: [] } })
  const first = stepLines(running('precopy'), waiting('host-2 does not answer'))
  expect(first).toEqual([{ kind: 'waiting', text: 'waiting   DRAYAGE_AGENT_UNREACHABLE: host-2 does not answer' }])
  expect(stepLines(waiting('host-2 does not answer'), waiting('host-2 does not answer'))).toEqual([])
  expect(stepLines(waiting('host-2 does not answer'), waiting('host-1 does not answer'))).toHaveLength(1)
})

test('the current step is the one that runs or is undone', () => {
  expect(currentStep(running('stop'))?.name).toBe('stop')
  expect(currentStep({ ...running('stop'), steps: stepsUpTo('stop', 'undoing') })?.state).toBe('undoing')
  expect(currentStep(moved())).toBeNull()
})

test('a wait for a turn is said once for each reason, and a pause once', () => {
  const waits = { ...running('lock'), steps: [], queue: { position: 2, waitsFor: 'host-2 is busy' } }
  expect(texts(stepLines(null, waits))).toEqual(['queued    host-2 is busy'])
  expect(stepLines(waits, { ...waits, queue: { position: 1, waitsFor: 'host-2 is busy' } })).toEqual([])
  const paused = { ...running('precopy'), state: 'paused' as const }
  expect(texts(stepLines(running('precopy'), paused))).toEqual([
    `paused    until somebody resumes it: dray resume ${paused.id}`,
  ])
  expect(stepLines(paused, paused)).toEqual([])
})
