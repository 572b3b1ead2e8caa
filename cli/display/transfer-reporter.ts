// What a person sees while a volume is exported, imported or copied: on a terminal a line that is redrawn, elsewhere a line
// now and then. Everything goes to the stream that it is given, which is stderr.
import progressBars from 'cli-progress'
import { drawnBar } from './bar.ts'
import { printable } from './printable.ts'
import { advance, fractionOf, type ProgressState, progressText } from './progress.ts'
import type { ReporterStream } from './reporter.ts'

export type TransferReporter = {
  // totalBytes: null where nobody knows; an estimate may be passed by what comes.
  progress(bytes: number, totalBytes: number | null): void
  // A line of its own, whatever is being drawn.
  say(text: string): void
  // Takes the redrawn line away. Nothing is drawn afterwards.
  close(): void
}

const plainEveryMs = 5_000

// what: "export host-1/data".
export const createTransferReporter = (
  stream: ReporterStream,
  what: string,
  now: () => number = () => performance.now(),
): TransferReporter => {
  let state: ProgressState | null = null
  let saidAt = now()
  let drawing = false
  let closed = false

  const line = (): string => {
    if (state === null) return what
    const fraction = fractionOf(state)
    return `${fraction === null ? '' : `${drawnBar(fraction)}  `}${progressText(state)}  ${what}`
  }
  // One column is left free: a full line makes some terminals wrap, and the next redraw then leaves a copy behind.
  const bar = new progressBars.SingleBar({
    stream,
    fps: 8,
    clearOnComplete: true,
    linewrap: true,
    format: () => printable(line()).slice(0, Math.max(10, (stream.columns ?? 80) - 1)),
  })
  const erase = (): void => {
    if (drawing) bar.stop()
    drawing = false
  }
  const draw = (): void => {
    if (closed || stream.isTTY !== true) return
    if (!drawing) bar.start(1, 0)
    drawing = true
    bar.update(0)
  }

  return {
    say: (text) => {
      erase()
      stream.write(`${printable(text)}\n`)
      draw()
    },
    progress: (bytes, totalBytes) => {
      state = advance(state, { step: what, what, bytes, totalBytes }, now())
      if (stream.isTTY === true) {
        draw()
        return
      }
      if (now() - saidAt < plainEveryMs) return
      saidAt = now()
      stream.write(`${printable(`${what}: ${progressText(state)}`)}\n`)
    },
    close: () => {
      erase()
      closed = true
    },
  }
}
