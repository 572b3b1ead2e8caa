// For tests: one end of a round in a process of its own, as an agent would have it, to see what it takes of memory. Pieces
// come by stdin or go by stdout; the parent hears of what is held, and of the end.
//   node one-side.ts source ROOT MEMORY DIGEST FINAL
//   node one-side.ts target ROOT MEMORY FINAL
import { once } from 'node:events'
import { createVolumeEngine, type RoundSummary } from '../engine.ts'

export type Told =
  | { readonly held: string }
  | { readonly summary: RoundSummary; readonly mostBytes: number; readonly tookMs: number; readonly cpuMs: number }

const [side, root = '', memory = '', ...rest] = process.argv.slice(2)
const engine = createVolumeEngine()
const tell = (told: Told): void => void process.send?.(told)

const read = async ([digest = '', final]: string[]): Promise<RoundSummary> => {
  const options = { final: final === 'final', memory, holding: { digest, lacking: [] } }
  const { pieces, giveBack, summary } = engine.read(root, options)
  for await (const piece of pieces) {
    if (!process.stdout.write(piece, () => giveBack(piece))) await once(process.stdout, 'drain')
  }
  process.stdout.end()
  return summary
}
const write = (): Promise<RoundSummary> =>
  engine.receive(
    root,
    ({ digest, lacking }) => {
      if (lacking.length > 0) throw new Error('something of the target is not as it was left')
      tell({ held: digest })
      return { pieces: process.stdin, limits: () => undefined }
    },
    { memory },
  )

const startedAtMs = performance.now()
const summary = await (side === 'source' ? read(rest) : write())
const tookMs = performance.now() - startedAtMs
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
tell({ summary, mostBytes: maxRSS * 1024, tookMs, cpuMs: (userCPUTime + systemCPUTime) / 1000 })
process.disconnect?.()
await engine.close()
