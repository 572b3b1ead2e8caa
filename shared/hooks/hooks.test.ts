import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { completeOptions } from '../api/migration-options.ts'
import { NotACommand, readCommand } from './command.ts'
import { readHookLabels } from './labels.ts'

describe('the command of a hook', () => {
  test.each([
    ['pg_ctl stop -m fast', ['pg_ctl', 'stop', '-m', 'fast']],
    ['  nginx   -s quit ', ['nginx', '-s', 'quit']],
    [`sh -c 'sync && echo "done" > /tmp/x'`, ['sh', '-c', 'sync && echo "done" > /tmp/x']],
    [`echo "a \\"b\\" \\n" c\\ d ''`, ['echo', 'a "b" \\n', 'c d', '']],
    [`curl -fsS 'http://localhost/drain?x=1&y=2'`, ['curl', '-fsS', 'http://localhost/drain?x=1&y=2']],
    ['["echo", "two words", "$HOME", ""]', ['echo', 'two words', '$HOME', '']],
    [' ["true"]', ['true']],
  ])('%s is read into its words', (text, words) => expect(readCommand(text)).toEqual(words))

  test.each([
    ['', 'names no program'],
    ['   ', 'names no program'],
    [`'' x`, 'names no program'],
    ['[]', 'names no program'],
    ['["a", 1]', 'something else than strings'],
    ['[a]', 'no JSON array'],
    ['sync && true', `"&" means something to a shell alone`],
    ['echo $HOME', 'sh -c'],
    ['rm /data/*.tmp', 'sh -c'],
    [`echo 'open`, 'has no end'],
    ['echo \\', 'ends in a backslash'],
    ['["a\\u0000"]', 'NUL'],
  ])('%s is refused, with why', (text, why) => {
    expect(() => readCommand(text)).toThrow(NotACommand)
    expect(() => readCommand(text)).toThrow(why)
  })

  test('any words that are quoted come out as they went in', () => {
    const word = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))
    const words = fc.array(word, { minLength: 1 }).filter(([first]) => first !== '')
    fc.assert(
      fc.property(words, (given) => {
        const quoted = given.map((text) => `'${text.replaceAll("'", `'"'"'`)}'`).join(' ')
        expect(readCommand(quoted)).toEqual(given)
        expect(readCommand(JSON.stringify(given))).toEqual(given)
      }),
    )
  })
})

describe('hooks by label', () => {
  test('are the labels of their names, with a time-out of 30 s, and fail, unless they say otherwise', () => {
    expect(readHookLabels({ 'drayage.hook.pre-stop': 'nginx -s quit', other: 'x' })).toEqual({
      hooks: { 'pre-stop': { command: ['nginx', '-s', 'quit'], timeoutMs: 30_000, onError: 'fail' } },
      faults: [],
    })
    const labels = {
      'drayage.hook.post-start': '["/warm", "up"]',
      'drayage.hook.post-start.timeout': '2m',
      'drayage.hook.post-start.on-error': 'continue',
    }
    expect(readHookLabels(labels).hooks).toEqual({
      'post-start': { command: ['/warm', 'up'], timeoutMs: 120_000, onError: 'continue' },
    })
  })

  test('that cannot be understood are named, all at once', () => {
    const labels = {
      'drayage.hook.pre-stop': 'a | b',
      'drayage.hook.pre-stop.timeout': 'soon',
      'drayage.hook.post-start.timeout': '11m',
      'drayage.hook.post-start.on-error': 'panic',
    }
    expect(readHookLabels(labels).faults).toEqual([
      expect.stringContaining('drayage.hook.pre-stop: "|"'),
      expect.stringContaining('drayage.hook.pre-stop.timeout: "soon"'),
      expect.stringContaining('drayage.hook.post-start.timeout: "11m" is more than 10 minutes'),
      expect.stringContaining('drayage.hook.post-start.on-error: "panic"'),
    ])
  })
})

test('a hook of a request is read once, so that the same wish is the same request', () => {
  const one = completeOptions({ preStop: { command: 'nginx -s quit' } })
  const other = completeOptions({ preStop: { onError: 'fail', command: ['nginx', '-s', 'quit'], timeoutMs: 30_000 } })
  expect(JSON.stringify(one)).toBe(JSON.stringify(other))
  expect(completeOptions(one)).toEqual(one)
  expect(() => completeOptions({ postStart: { command: 'a > b' } })).toThrow(/postStart cannot be understood/)
})
