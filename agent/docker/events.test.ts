import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type DockerEvent, touchedBy } from './events.ts'

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
