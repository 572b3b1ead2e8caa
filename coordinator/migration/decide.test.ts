import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StepName } from '../../shared/api/migrations.ts'
import { decide, type Entry, isCommitted, protocols, stepOrder } from './decide.ts'

const { pivot } = protocols.move
const indexOf = (step: StepName): number => protocols.move.order.indexOf(step)

// A run in which step `failing` fails (or none does), the process dying after each entry that `crashes` says.
type Run = {
  readonly failing: StepName | null
  readonly cancelAfter: number | null
  readonly crashes: readonly boolean[]
  // After so many entries somebody asks for a pause, and resumes it once it is paused.
  readonly pauseAfter: number | null
}

const runs: fc.Arbitrary<Run> = fc.record({
  failing: fc.option(fc.constantFrom(...stepOrder.slice(0, indexOf(pivot) + 1))),
  cancelAfter: fc.option(fc.nat({ max: 60 })),
  crashes: fc.array(fc.boolean(), { minLength: 0, maxLength: 60 }),
  pauseAfter: fc.option(fc.nat({ max: 60 })),
})

const play = ({ failing, cancelAfter, crashes, pauseAfter }: Run) => {
  let resumed = false
  const pausedAt: Entry[][] = []
  const entries: Entry[] = []
  let turn = 0
  const write = (entry: Entry): 'dead' | 'alive' => {
    entries.push(entry)
    return crashes[entries.length] ? 'dead' : 'alive'
  }
  for (; turn < 1_000; turn++) {
    const pauseRequested = pauseAfter !== null && entries.length >= pauseAfter && !resumed
    const cancelRequested = cancelAfter !== null && entries.length >= cancelAfter
    const decision = decide(entries, { cancelRequested, pauseRequested })
    if (decision.kind === 'end') return { entries, outcome: decision.outcome, pausedAt }
    if (decision.kind === 'pause') {
      pausedAt.push([...entries])
      resumed = true
      continue
    }
    const { step } = decision
    if (decision.kind === 'do') {
      if (write({ step, phase: 'started' }) === 'dead') continue
      write({ step, phase: step === failing ? 'failed' : 'done' })
    } else {
      if (write({ step, phase: 'undo-started' }) === 'dead') continue
      write({ step, phase: 'undone' })
    }
  }
  throw new Error('it never ends')
}

test('every migration ends, moved or put back, wherever the coordinator dies, fails or is cancelled', () => {
  fc.assert(
    fc.property(runs, (run) => {
      const { entries, outcome } = play(run)
      expect(outcome).toBe(isCommitted(entries) ? 'done' : 'put-back')
    }),
    { numRuns: 3_000 },
  )
})

test('nothing is undone once it is committed, and nothing is done once undoing began', () => {
  fc.assert(
    fc.property(runs, (run) => {
      const { entries } = play(run)
      const committedAt = entries.findIndex(({ step, phase }) => step === pivot && phase === 'done')
      const undoAt = entries.findIndex(({ phase }) => phase === 'undo-started' || phase === 'undone')
      expect(committedAt === -1 || undoAt === -1).toBe(true)
      if (undoAt !== -1) {
        expect(entries.slice(undoAt).every(({ phase }) => phase === 'undo-started' || phase === 'undone')).toBe(true)
      }
    }),
    { numRuns: 3_000 },
  )
})

test('what was started and not committed is undone, in reverse', () => {
  fc.assert(
    fc.property(runs, (run) => {
      const { entries, outcome } = play(run)
      if (outcome === 'done') return
      const started = stepOrder.filter((step) => entries.some((entry) => entry.step === step))
      const undone = entries.filter(({ phase }) => phase === 'undone').map(({ step }) => step)
      expect(undone).toEqual(started.toReversed())
    }),
    { numRuns: 3_000 },
  )
})

test('a step is done only after every step above it', () => {
  fc.assert(
    fc.property(runs, (run) => {
      const { entries } = play(run)
      const done = new Set<StepName>()
      for (const { step, phase } of entries) {
        if (phase === 'started') {
          const above = stepOrder.slice(0, indexOf(step))
          expect(above.every((earlier) => done.has(earlier))).toBe(true)
        }
        if (phase === 'done') done.add(step)
      }
    }),
    { numRuns: 3_000 },
  )
})

test('it is paused only while the source runs untouched, never while it is put back, and goes on when it is resumed', () => {
  fc.assert(
    fc.property(runs, (run) => {
      for (const paused of play(run).pausedAt) {
        expect(paused.some(({ step }) => indexOf(step) >= indexOf('fence'))).toBe(false)
        expect(paused.every(({ phase }) => phase === 'started' || phase === 'done')).toBe(true)
      }
    }),
    { numRuns: 3_000 },
  )
  const before = { failing: null, cancelAfter: null, crashes: [], pauseAfter: 9 }
  expect(play(before)).toMatchObject({ outcome: 'done', pausedAt: [expect.anything()] })
})
