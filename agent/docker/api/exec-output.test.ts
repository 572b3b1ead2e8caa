import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tailOf, unframe } from './exec-output.ts'

const frame = (stream: number, text: string): Buffer => {
  const head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}

async function* inPieces(whole: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, turn = 0; at < whole.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    yield whole.subarray(at, at + size)
    at += size
  }
}

test('what both streams carried comes out in its order, however the frames were cut on their way', async () => {
  const pieces = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.string()))
  await fc.assert(
    fc.asyncProperty(pieces, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), async (written, sizes) => {
      const read: Buffer[] = []
      const whole = Buffer.concat(written.map(([stream, text]) => frame(stream, text)))
      for await (const piece of unframe(inPieces(whole, sizes))) read.push(Buffer.from(piece))
      expect(Buffer.concat(read).toString()).toBe(written.map(([, text]) => text).join(''))
    }),
  )
})

test('of more than is kept the newest is, from a whole character on, and that there was more is told', () => {
  const tail = tailOf(8)
  for (let index = 0; index < 1_000; index++) tail.add(Buffer.from('ä'))
  tail.add(Buffer.from('end'))
  expect(tail.read()).toEqual({ output: 'ääend', truncated: true })
  const short = tailOf(8)
  short.add(Buffer.from('12345678'))
  expect(short.read()).toEqual({ output: '12345678', truncated: false })
})
