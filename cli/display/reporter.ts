// What a person sees while a migration runs: on a terminal a line that is redrawn under the steps that have passed;
// elsewhere plain lines, few enough for a log. Everything goes to the stream that it is given, which is stderr.
import progressBars from 'cli-progress'
import type { Migration, Progress } from '../../shared/api/migrations.ts'
import { drawnBar } from './bar.ts'
import { type Paint, paintFor } from './colour.ts'
import { shortName } from './names.ts'
import { printable } from './printable.ts'
import { advance, fractionOf, type ProgressState, progressText } from './progress.ts'
import { currentStep, doingText, type StepLine, stepLines } from './steps.ts'

export type Reporter = {
  migration(migration: Migration): void
  progress(progress: Progress): void
  // A line of its own, whatever is being drawn.
  say(text: string): void
  // Takes the redrawn line away. Nothing is written afterwards.
  close(): void
}

export type ReporterStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }

const plainProgressEveryMs = 5_000

const marks: Readonly<Record<StepLine['kind'], { readonly mark: string; readonly colour: Parameters<Paint>[0] }>> = {
  done: { mark: '✓', colour: 'green' },
  failed: { mark: '✗', colour: 'red' },
  undone: { mark: '↩', colour: 'yellow' },
  waiting: { mark: '…', colour: 'yellow' },
}

const createPlainReporter = (stream: ReporterStream, now: () => number): Reporter => {
  let last: Migration | null = null
  let state: ProgressState | null = null
  let saidAt = Number.NEGATIVE_INFINITY
  const say = (text: string): void => {
    stream.write(`${printable(text)}\n`)
  }
  return {
    say,
    migration: (migration) => {
      for (const { text } of stepLines(last, migration)) say(text)
      last = migration
    },
    progress: (progress) => {
      state = advance(state, progress, now())
      if (now() - saidAt < plainProgressEveryMs) return
      saidAt = now()
      say(`${progress.step.padEnd(10)}${shortName(progress.what)}: ${progressText(state)}`)
    },
    close: () => {},
  }
}

const createTerminalReporter = (stream: ReporterStream, now: () => number): Reporter => {
  const paint = paintFor(stream)
  let last: Migration | null = null
  let state: ProgressState | null = null
  let drawing = false
  let closed = false

  const underway = (): string => {
    const step = last === null ? null : currentStep(last)
    if (last === null || step === null) return ''
    if (step.state === 'undoing') return `putting back: ${step.name}`
    if (state === null || state.step !== step.name) return doingText(last, step.name)
    const fraction = fractionOf(state)
    return `${fraction === null ? '' : `${drawnBar(fraction)}  `}${progressText(state)}  ${step.name}: ${shortName(state.what)}`
  }

  // One column is left free: a full line makes some terminals wrap, and the next redraw then leaves a copy behind.
  const bar = new progressBars.SingleBar({
    stream,
    fps: 8,
    clearOnComplete: true,
    linewrap: true,
    format: () => printable(underway()).slice(0, Math.max(10, (stream.columns ?? 80) - 1)),
  })
  const draw = (): void => {
    if (closed || last === null || last.endedAt !== null) return
    if (!drawing) bar.start(1, 0)
    drawing = true
    bar.update(0)
  }
  const erase = (): void => {
    if (drawing) bar.stop()
    drawing = false
  }
  const write = (line: string): void => {
    erase()
    stream.write(`${line}\n`)
  }

  return {
    say: (text) => {
      write(printable(text))
      draw()
    },
    migration: (migration) => {
      for (const { kind, text } of stepLines(last, migration)) {
        const { mark, colour } = marks[kind]
        write(`${paint(colour, mark)} ${printable(text)}`)
      }
      last = migration
      draw()
    },
    progress: (progress) => {
      state = advance(state, progress, now())
      draw()
    },
    close: () => {
      erase()
      closed = true
    },
  }
}

export const createReporter = (stream: ReporterStream, now: () => number = () => performance.now()): Reporter =>
  stream.isTTY === true ? createTerminalReporter(stream, now) : createPlainReporter(stream, now)
