import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { largeFile, manyFiles, pageBytes, rewritePages } from './files.ts'
import { downtimeOf } from './writer.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-bench-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('exactly the pages that are said to be new are other than they were', () => {
  const [file, pages] = [join(folder, 'file'), 500]
  largeFile(file, pages * pageBytes)
  const before = readFileSync(file)
  const bytes = rewritePages(file, pages * pageBytes, 0.01)
  const after = readFileSync(file)
  const page = (content: Buffer, number: number) => content.subarray(number * pageBytes, (number + 1) * pageBytes)
  const changed = Array.from({ length: pages }).filter((_, number) => !page(before, number).equals(page(after, number)))
  expect(bytes).toBe(5 * pageBytes)
  expect(changed).toHaveLength(5)
  expect(after).toHaveLength(before.length)
})

test('a large file has the size that was asked for, whatever it is written in', () => {
  largeFile(join(folder, 'file'), 17 * 1024 * 1024 + 3)
  expect(statSync(join(folder, 'file')).size).toBe(17 * 1024 * 1024 + 3)
})

test('many files are the same number, and of the same sizes, every time', () => {
  const sizes = ['one', 'two'].map((name) => {
    const path = mkdtempSync(join(folder, name))
    manyFiles(path, { folders: 3, filesInEach: 20, smallest: 200, largest: 16_000 })
    const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    return files.map((file) => [file.name, statSync(join(file.parentPath, file.name)).size].join(' ')).toSorted()
  })
  expect(sizes[0]).toHaveLength(60)
  expect(sizes[0]).toEqual(sizes[1])
  const bytes = (sizes[0] ?? []).map((line) => Number(line.split(' ')[1]))
  expect(Math.min(...bytes)).toBeGreaterThanOrEqual(200)
  expect(Math.max(...bytes)).toBeLessThanOrEqual(16_000)
})

test('downtime is from the last line before the last start to the first after it, and no other gap', () => {
  const ledger = ['1 10.00 x', '2 17.00 x', '3 17.10 x', '4 18.35 x', '5 18.40 x', ''].join('\n')
  expect(downtimeOf(ledger, '0\n3\n')).toBe(1_250)
  expect(() => downtimeOf(ledger, '0\n5\n')).toThrow('line 5')
})
