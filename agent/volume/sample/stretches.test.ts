import { expect, test } from 'vitest'
import { evenly, stretchesOver } from './stretches.ts'

test('stretches lie evenly over all files, as if they were one', () => {
  expect(stretchesOver([1_000], 4, 100)).toEqual([0, 250, 500, 750].map((offset) => ({ file: 0, offset, length: 100 })))
  expect(stretchesOver([600, 0, 400], 2, 100)).toEqual([
    { file: 0, offset: 0, length: 100 },
    { file: 0, offset: 500, length: 100 },
  ])
  expect(stretchesOver([400, 600], 2, 100)).toEqual([
    { file: 0, offset: 0, length: 100 },
    { file: 1, offset: 100, length: 100 },
  ])
})

test('where there is less than was asked for, all of it is read once, and nothing beyond a file', () => {
  expect(stretchesOver([250], 16, 100)).toEqual([
    { file: 0, offset: 0, length: 100 },
    { file: 0, offset: 100, length: 100 },
    { file: 0, offset: 200, length: 50 },
  ])
  expect(stretchesOver([], 16, 100)).toEqual([])
  expect(stretchesOver([0, 0], 16, 100)).toEqual([])
})

test('some of many are taken evenly, and all of a few', () => {
  expect(evenly([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 5)).toEqual([0, 2, 4, 6, 8])
  expect(evenly([0, 1], 5)).toEqual([0, 1])
})
