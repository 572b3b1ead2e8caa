import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { moved, running } from '../testing/samples.ts'
import { createReporter, type ReporterStream } from './reporter.ts'

const sink = (isTTY: boolean): { stream: ReporterStream; text: () => string } => {
  let written = ''
  const stream = new Writable({
    write: (piece, _encoding, done) => {
      written += piece
      done()
    },
  })
  return { stream: Object.assign(stream, { isTTY, columns: 100 }), text: () => written }
}

const report = (bytes: number) => ({ step: 'precopy' as const, what: 'data', bytes, totalBytes: 1_000 })

test('outside a terminal there is a line for each step and one progress line in five seconds', () => {
  let now = 0
  const { stream, text } = sink(false)
  const reporter = createReporter(stream, () => now)
  reporter.migration(running('precopy'))
  for (let second = 0; second <= 11; second += 1) {
    now = second * 1_000
    reporter.progress(report(second * 50))
  }
  reporter.migration(moved())
  reporter.close()
  const lines = text().trimEnd().split('\n')
  expect(lines.filter((line) => line.startsWith('precopy   data:'))).toEqual([
    'precopy   data: 0 B of 1000 B',
    'precopy   data: 250 B of 1000 B, 50 B/s, ETA 0:15',
    'precopy   data: 500 B of 1000 B, 50 B/s, ETA 0:10',
  ])
  expect(lines).toHaveLength(3 + 12)
  expect(text()).not.toContain('\u001b')
})

test('on a terminal one line is redrawn under the steps that have passed, and is gone at the end', () => {
  let now = 0
  const { stream, text } = sink(true)
  const reporter = createReporter(stream, () => now)
  reporter.migration(running('precopy'))
  reporter.progress(report(250))
  now = 1_000
  reporter.progress(report(500))
  reporter.say('The coordinator is back.')
  reporter.migration(moved())
  reporter.close()
  const plain = stripVTControlCharacters(text())
  expect(plain).toContain('✓ hold      making the container and its volumes on host-2 (1.00 s)\n')
  expect(plain).toContain('████████████░░░░░░░░░░░░  50 %  500 B of 1000 B, 250 B/s, ETA 0:02  precopy: data')
  expect(plain).toContain('The coordinator is back.\n')
  expect(plain).toMatch(/✓ retain .*\n$/)
})

test('once closed, nothing more is drawn', () => {
  const { stream, text } = sink(true)
  const reporter = createReporter(stream, () => 0)
  reporter.migration(running('precopy'))
  reporter.progress(report(250))
  reporter.close()
  const before = text()
  reporter.progress(report(500))
  expect(text()).toBe(before)
})
