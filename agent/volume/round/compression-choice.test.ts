// A reader, a line and a processor that are made up: how long sending takes with what is chosen, against never and always.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Compression, createCompressionChoice } from './compression-choice.ts'

const mebibyte = 1024 * 1024
const pieces = 2_000

type World = {
  // Milliseconds for a piece: reading it, compressing it, and sending it as it is.
  readonly readMs: number
  readonly packMs: number
  readonly lineMs: number
  // What a piece becomes.
  readonly ratio: number
}

// The line takes pieces in order while the reader makes the next ones, a few ahead.
const ahead = 6
const timeToSend = (mode: Compression, { readMs, packMs, lineMs, ratio }: World): number => {
  const choice = createCompressionChoice(mode)
  const doneAt: number[] = []
  let nowMs = 0
  for (let piece = 0; piece < pieces; piece++) {
    nowMs += readMs
    let part = 1
    if (choice.wanted()) {
      nowMs += packMs / 16
      if (choice.sampled(mebibyte / 16, (mebibyte / 16) * ratio, packMs / 16)) {
        nowMs += packMs
        choice.packed(mebibyte, packMs)
        part = Math.min(1, ratio)
      }
    }
    const room = doneAt[piece - ahead] ?? 0
    const waited = Math.max(0, room - nowMs)
    nowMs += waited
    choice.waited(mebibyte, waited)
    doneAt.push(Math.max(nowMs, doneAt[piece - 1] ?? 0) + lineMs * part)
  }
  return doneAt.at(-1) ?? 0
}

const world = fc.record({
  readMs: fc.double({ min: 0.5, max: 4, noNaN: true }),
  packMs: fc.double({ min: 0.3, max: 4, noNaN: true }),
  lineMs: fc.double({ min: 0.1, max: 200, noNaN: true }),
  ratio: fc.double({ min: 0.05, max: 1.01, noNaN: true }),
})

test('left to itself it is never slower than sending everything as it is, but for what trying costs', () => {
  fc.assert(
    fc.property(world, (made) => {
      expect(timeToSend('auto', made)).toBeLessThanOrEqual(timeToSend('none', made) * 1.02 + 50)
    }),
    { numRuns: 1_000 },
  )
})

test('a fast line is sent what was read, without even trying', () => {
  fc.assert(
    fc.property(world, (made) => {
      const fast = { ...made, lineMs: made.readMs }
      expect(timeToSend('auto', fast)).toBe(timeToSend('none', fast))
    }),
  )
})

test('on a slow line, what shrinks takes not much longer than if all of it were compressed', () => {
  fc.assert(
    fc.property(world, (made) => {
      const slow = { ...made, lineMs: 20 + 6 * (made.readMs + made.packMs), ratio: Math.min(made.ratio, 0.7) }
      expect(timeToSend('auto', slow)).toBeLessThanOrEqual(timeToSend('zstd', slow) * 1.3)
    }),
  )
})

test('what does not shrink goes as it is, however slow the line', () => {
  const choice = createCompressionChoice('zstd')
  expect(choice.sampled(65_536, 65_000, 1)).toBe(false)
})

test('who asks for none gets none', () => {
  const choice = createCompressionChoice('none')
  for (let piece = 0; piece < 100; piece++) choice.waited(mebibyte, 10_000)
  expect(choice.wanted()).toBe(false)
})
