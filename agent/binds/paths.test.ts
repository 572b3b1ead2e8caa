import { expect, test } from 'vitest'
import { allowedBinds, isWithin, relationOf, unclear, withoutEnd } from './paths.ts'

test('a path is compared by its components: what only begins alike is apart', () => {
  expect(isWithin('/srv/data', '/srv/data')).toBe(true)
  expect(isWithin('/srv/data/web', '/srv/data/')).toBe(true)
  expect(isWithin('/srv/database', '/srv/data')).toBe(false)
  expect(isWithin('/srv', '/srv/data')).toBe(false)
  expect([relationOf('/srv', '/srv/data'), relationOf('/', '/srv'), relationOf('/srv/a', '/srv/b')]).toEqual([
    'above',
    'above',
    'apart',
  ])
})

test.each(['srv/data', '/srv/../etc', '/srv/./data', '/srv//data', ''])(
  'what %j names, its text does not say',
  (path) => {
    expect(unclear(path)).not.toBeNull()
  },
)

test('a slash at the end says nothing', () => {
  expect(unclear(withoutEnd('/srv/data/'))).toBeNull()
  expect(withoutEnd('/')).toBe('/')
})

test('what may be copied is set as one directory or several, and is never the whole host', () => {
  expect(allowedBinds('/srv/data/:/home')).toEqual(['/srv/data', '/home'])
  for (const wrong of ['/', 'srv', '/srv/..', '/srv:', '/srv:/'])
    expect(() => allowedBinds(wrong)).toThrow('no directory')
})
