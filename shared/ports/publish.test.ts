import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  formatPublish,
  formatWanted,
  NotAPort,
  type Published,
  parsePublish,
  parseWanted,
  republished,
} from './publish.ts'

const one = (hostPort: number, containerPort: number, more: Partial<Published> = {}): Published => ({
  ...{ protocol: 'tcp', hostIp: '', hostPort, containerPort },
  ...more,
})

test.each<[string, readonly Published[]]>([
  ['8080:80', [one(8080, 80)]],
  ['80', [one(0, 80)]],
  ['53:53/udp', [one(53, 53, { protocol: 'udp' })]],
  ['127.0.0.1:8080:80/sctp', [one(8080, 80, { hostIp: '127.0.0.1', protocol: 'sctp' })]],
  ['127.0.0.1::80', [one(0, 80, { hostIp: '127.0.0.1' })]],
  ['[::1]:8080:80', [one(8080, 80, { hostIp: '::1' })]],
  ['8000-8001:80-81', [one(8000, 80), one(8001, 81)]],
])('%s is read as docker reads it', (raw, ports) => {
  expect(parsePublish(raw)).toEqual(ports)
})

test.each([
  ...['', ':', '8080:', 'a:80', '8080:0', '65536:80', '8080:80/', '8080:80/http', '8080:80/tcp/udp', '1:2:3:4'],
  ...['8000-8001:80', '80-79', '1-2-3', '::1:80:80', '[127.0.0.1]:80:80', 'localhost:80:80', '-1:80', '8080: 80'],
])('%j is refused', (raw) => {
  expect(() => parsePublish(raw)).toThrow(NotAPort)
})

test('what is written is read as it was', () => {
  const port = fc.integer({ min: 1, max: 65_535 })
  const published = fc.record({
    protocol: fc.constantFrom('tcp', 'udp', 'sctp'),
    hostIp: fc.constantFrom('', '10.0.0.1', '::1'),
    hostPort: fc.oneof(fc.constant(0), port),
    containerPort: port,
  })
  fc.assert(
    fc.property(published, (wanted) => {
      expect(parsePublish(formatPublish(wanted))).toEqual([wanted])
    }),
  )
})

test('what is wanted of one of several is read with its name, and written as it was', () => {
  expect(parseWanted('blog-web-1=8080-8081:80-81')).toEqual([
    { container: 'blog-web-1', port: one(8080, 80) },
    { container: 'blog-web-1', port: one(8081, 81) },
  ])
  // A name that looks like an address is a name all the same.
  for (const text of ['10.0.0.1=127.0.0.1:8080:80/udp', 'web=[::1]:8080:80/tcp', '127.0.0.1::80/tcp']) {
    expect(parseWanted(text).map(formatWanted)).toEqual([text])
  }
  for (const wrong of ['=80', 'web=', '-web=80', 'a b=80', 'web=api=80', 'web=8080']) {
    if (wrong === 'web=8080') expect(parseWanted(wrong)).toEqual([{ container: 'web', port: one(0, 8080) }])
    else expect(() => parseWanted(wrong)).toThrow(NotAPort)
  }
})

test('what is wanted takes the place of all that was published of the port, and of no other', () => {
  const before = [
    one(8080, 80),
    one(8081, 80, { hostIp: '127.0.0.1' }),
    one(53, 80, { protocol: 'udp' }),
    one(9000, 90),
  ]
  expect(republished(before, [one(7070, 80), one(7071, 81)])).toEqual([before[2], before[3], one(7070, 80)])
  expect(republished(before, [])).toEqual(before)
})
