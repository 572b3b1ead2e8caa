import { expect, test } from 'vitest'
import type { RoundSummary } from '../volume/engine.ts'
import { checkCopy } from './check-copy.ts'

const summary = (digest: string): RoundSummary => ({
  ...{ digest, entries: 1, changedEntries: 1, contentBytes: 7, volumeBytes: 7, tarBytes: 10240, skipped: [] },
})

// What a check asks the engine for.
const check = async (
  verification: 'written' | 'reread' | 'full',
  final: boolean,
  { incomplete = false, found = 'd' } = {},
) => {
  const asked: string[] = []
  const volumes = {
    readBack: async () => {
      asked.push('readBack')
      return { files: 1, bytes: 7, differing: incomplete ? [] : [Buffer.from('bad')], incomplete }
    },
    digest: async () => {
      asked.push('digest')
      return { ...summary(found), differing: [] }
    },
  }
  const copy = { volume: 'data', root: '/v', memory: '/m', final, verification, written: summary('d') }
  const outcome = await checkCopy(volumes, copy, new AbortController().signal).catch((error) => error)
  return { asked, outcome }
}

test('nothing is read back where that was not asked for', async () => {
  expect(await check('written', false)).toMatchObject({ asked: [], outcome: { bytes: 0 } })
  expect(await check('written', true)).toMatchObject({ asked: [], outcome: { bytes: 0 } })
  expect(await check('reread', true)).toMatchObject({ asked: [], outcome: { bytes: 0 } })
})

test('after a live round what it wrote is read back; where that is not known, everything', async () => {
  expect(await check('reread', false)).toMatchObject({ asked: ['readBack'], outcome: { bytes: 7, differing: ['bad'] } })
  const all = await check('full', false, { incomplete: true })
  expect(all).toMatchObject({ asked: ['readBack', 'digest'], outcome: { differing: [] } })
})

test('in the last round everything is, and a target that gives back anything else is not used', async () => {
  expect(await check('full', true)).toMatchObject({ asked: ['digest'], outcome: { bytes: 7 } })
  expect(await check('full', true, { found: 'other' })).toMatchObject({
    asked: ['digest'],
    outcome: { code: 'DRAYAGE_DIGEST_MISMATCH', details: { written: 'd', found: 'other' } },
  })
})
