import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEventStreamParser, type ServerSentEvent } from './event-stream.ts'

const parse = (pieces: readonly string[]): ServerSentEvent[] => {
  const parser = createEventStreamParser()
  return pieces.flatMap((piece) => [...parser.push(piece)])
}

const wire = [
  ': a heartbeat\n\n',
  'event: migration\ndata: {"a":1}\n\n',
  'event:progress\r\nid: 7\r\ndata: one\r\ndata: two\r\n\r\n',
  'data: alone\r\r',
  'event: empty\n\n',
  'data\n\n',
].join('')

const expected: readonly ServerSentEvent[] = [
  { event: 'migration', data: '{"a":1}' },
  { event: 'progress', data: 'one\ntwo' },
  { event: 'message', data: 'alone' },
  { event: 'message', data: '' },
]

test('events are read as the standard has them, whichever way their lines end', () => {
  expect(parse([wire])).toEqual(expected)
})

test('where the stream is cut into pieces makes no difference', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: wire.length })), (cuts) => {
      const edges = [0, ...cuts.toSorted((a, b) => a - b), wire.length]
      expect(parse(edges.slice(1).map((edge, index) => wire.slice(edges[index], edge)))).toEqual(expected)
    }),
  )
})

test('an event that was cut off is none', () => {
  expect(parse(['event: migration\ndata: {"state":"compl'])).toEqual([])
})
