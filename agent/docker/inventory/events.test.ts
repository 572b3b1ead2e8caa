import fc from 'fast-check'
import { expect, test } from 'vitest'
import { standIn } from '../testing/stand-in.ts'
import { type DockerEvent, touchedBy, watch } from './events.ts'

const event = (Type: string, Action: string, ID: string): DockerEvent => ({ Type, Action, Actor: { ID } })

test('each thing that changed is looked up once, and every start is told', () => {
  const events = [
    event('volume', 'create', 'data'),
    event('container', 'create', 'a'),
    event('container', 'start', 'a'),
    event('container', 'die', 'a'),
    event('container', 'start', 'a'),
    event('volume', 'destroy', 'data'),
  ]
  expect(touchedBy(events)).toEqual({ containers: ['a'], volumes: ['data'], started: ['a', 'a'] })
})

test('what changes nothing in the inventory is not looked up', () => {
  const events = [
    event('container', 'exec_create: sh', 'a'),
    event('container', 'exec_start: sh', 'a'),
    event('container', 'health_status: healthy', 'a'),
    event('volume', 'mount', 'data'),
    event('network', 'create', 'net'),
  ]
  expect(touchedBy(events)).toEqual({ containers: [], volumes: [], started: [] })
})

test('an event of any shape is survived', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record(
          { Type: fc.string(), Action: fc.string(), Actor: fc.option(fc.record({ ID: fc.string() })) },
          { requiredKeys: [] },
        ),
      ),
      (events) => {
        expect(() => touchedBy(events)).not.toThrow()
      },
    ),
  )
})

// An engine that shuts down refuses for a moment what it is asked, before its stream ends.
test('a look-up that the engine refuses ends the watch as a stream that breaks does, with the reason', async () => {
  const { client } = await standIn((request, response) => {
    if (request.url?.includes('/info')) response.end(JSON.stringify({ SystemTime: new Date().toISOString() }))
    else if (request.url?.includes('/events')) response.write(`${JSON.stringify(event('volume', 'create', 'data'))}\n`)
    else response.writeHead(500).end('{"message":"shutting down"}')
  })
  const changes = watch(client, new AbortController().signal)
  expect((await changes.next()).done).toBe(false)
  await expect(changes.next()).rejects.toMatchObject({
    code: 'DRAYAGE_ENGINE_UNREACHABLE',
    message: expect.stringContaining('shutting down'),
  })
})
