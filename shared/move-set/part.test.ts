import { expect, test } from 'vitest'
import { arePartsOfOne, migrationOfPart, partId } from './part.ts'

test('the parts of a migration are told apart, and lead back to it', () => {
  const parts = [1, 2, 13].map((number) => partId('01JB', number))
  expect(parts).toEqual(['01JB', '01JB.2', '01JB.13'])
  expect(parts.map(migrationOfPart)).toEqual(['01JB', '01JB', '01JB'])
  expect(arePartsOfOne('01JB.2', '01JB')).toBe(true)
  expect(arePartsOfOne('01JB.2', '01JC.2')).toBe(false)
})
