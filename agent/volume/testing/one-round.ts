// For tests: both ends of one live round in a process of its own, which may be killed at any moment:
// node one-round.ts SOURCE TARGET MEMORY-OF-SOURCE MEMORY-OF-TARGET LEAST-BYTES-BETWEEN-CHECKPOINTS.
// Writes a line for every piece that crosses: bytes so far; and 'done' when the round is whole on both.
import { createVolumeEngine } from '../engine.ts'

const [source, target, memoryOfSource, memoryOfTarget, leastBytes] = process.argv.slice(2)
if (!source || !target || !memoryOfSource || !memoryOfTarget) throw new Error('usage: one-round.ts S T MS MT BYTES')
const engine = createVolumeEngine()

async function* counted(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const piece of pieces) {
    bytes += piece.length
    process.stdout.write(`${bytes}\n`)
    yield piece
  }
}

const checkpoints = { everyMs: 0, leastBytes: Number(leastBytes) }
await engine.receive(
  target,
  (holding) => {
    const { pieces, limits } = engine.read(source, { final: false, memory: memoryOfSource, holding, checkpoints })
    return { pieces: counted(pieces), limits }
  },
  { memory: memoryOfTarget },
)
process.stdout.write('done\n')
await engine.close()
