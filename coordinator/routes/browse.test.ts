import { describe, expect, test } from 'vitest'
import { restInterface } from '../testing/rest-interface.ts'
import { audited } from '../testing/stand-in-parts.ts'

const { call } = restInterface()

describe('what is in a volume', () => {
  test('is listed a page at a time, and read as it was asked for, and the audit says of what', async () => {
    const listed = await call('/v1/volumes/host-1/data/entries?path=logs&after=a&limit=2')
    expect(listed.json()).toMatchObject({ path: 'logs', entries: [{ name: 'after a, 2 at most' }], more: true })
    const read = await call('/v1/volumes/host-1/data/file?path=logs%2Ftoday&offset=2&length=3')
    expect([read.payload, read.headers['content-length'], read.headers['drayage-file-size']]).toEqual([
      '234',
      '3',
      '10',
    ])
    expect(audited.map(({ action, subject }) => [action, subject])).toEqual([
      ['listVolumeEntries', 'host-1/data:logs'],
      ['readVolumeFile', 'host-1/data:logs/today'],
    ])
    for (const query of ['', '?path=a&offset=-1', '?path=a&length=1M'])
      expect((await call(`/v1/volumes/host-1/data/file${query}`)).statusCode).toBe(400)
  })
})
