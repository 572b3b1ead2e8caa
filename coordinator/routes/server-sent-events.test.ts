import { expect, test } from 'vitest'
import { eventStream, type ServerSentEvent } from './server-sent-events.ts'

const collect = async (stream: AsyncIterable<string>): Promise<string[]> => {
  const all: string[] = []
  for await (const block of stream) all.push(block)
  return all
}

test('each event is one block with its name and its data on one line, after a comment that opens the stream', async () => {
  const events = async function* (): AsyncGenerator<ServerSentEvent> {
    yield { event: 'progress', data: { what: 'line\nbreak' } }
    yield { event: 'migration', data: { id: 'm1' } }
  }
  expect(await collect(eventStream(events()))).toEqual([
    ': heartbeat\n\n',
    'event: progress\ndata: {"what":"line\\nbreak"}\n\n',
    'event: migration\ndata: {"id":"m1"}\n\n',
  ])
})

test('while nothing happens a comment says that the stream lives', async () => {
  const bell = Promise.withResolvers<void>()
  const events = async function* (): AsyncGenerator<ServerSentEvent> {
    await bell.promise
    yield { event: 'migration', data: {} }
  }
  const stream = eventStream(events(), { everyMs: 5 })
  for (let beats = 0; beats < 3; beats += 1) expect((await stream.next()).value).toBe(': heartbeat\n\n')
  bell.resolve()
  const rest = await collect(stream)
  expect(rest.at(-1)).toBe('event: migration\ndata: {}\n\n')
})

test('an event that fails ends the stream with its error', async () => {
  const events = async function* (): AsyncGenerator<ServerSentEvent> {
    yield { event: 'migration', data: {} }
    throw new Error('the journal is gone')
  }
  await expect(collect(eventStream(events()))).rejects.toThrow('the journal is gone')
})
