import { expect, test } from 'vitest'
import { type KnownVolume, matchVolume } from './volume-identity.ts'

const monday = '2026-01-05T08:00:00Z'
const tuesday = '2026-01-06T08:00:00Z'
const volume = (id: number, over: Partial<KnownVolume> = {}): KnownVolume => ({
  id,
  createdAt: monday,
  goneAt: null,
  heldThroughout: false,
  ...over,
})

test('a name that was never seen is a new volume', () => {
  expect(matchVolume([], monday)).toEqual({ kind: 'another', replaces: null })
})

test('the same name and creation time is the same volume', () => {
  expect(matchVolume([volume(1)], monday)).toEqual({ kind: 'same', id: 1 })
})

test('another creation time is another volume, and the one before it is no more', () => {
  expect(matchVolume([volume(1)], tuesday)).toEqual({ kind: 'another', replaces: 1 })
})

test('a volume that a container held throughout is the same, whatever its creation time seems to be', () => {
  expect(matchVolume([volume(1, { heldThroughout: true })], tuesday)).toEqual({ kind: 'same', id: 1 })
})

test('a volume that had gone and is back with its creation time is itself again', () => {
  const known = [volume(1, { goneAt: tuesday }), volume(2, { createdAt: tuesday, goneAt: tuesday })]
  expect(matchVolume(known, monday)).toEqual({ kind: 'same', id: 1 })
  expect(matchVolume(known, '2026-01-07T08:00:00Z')).toEqual({ kind: 'another', replaces: null })
})

test('without creation times a volume that stayed is the same, and one that had gone is another', () => {
  expect(matchVolume([volume(1, { createdAt: '' })], '')).toEqual({ kind: 'same', id: 1 })
  expect(matchVolume([volume(1, { createdAt: '', goneAt: monday })], '')).toEqual({ kind: 'another', replaces: null })
})
