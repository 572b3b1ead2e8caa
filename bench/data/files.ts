// What volumes are filled with. Content is random, so that nobody gains by compressing it.
import { randomFillSync } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { seeded } from './random.ts'

const mebibyte = 1024 * 1024

export const largeFile = (path: string, bytes: number): void => {
  const chunk = Buffer.alloc(Math.min(16 * mebibyte, bytes))
  const file = openSync(path, 'w')
  try {
    for (let written = 0; written < bytes; ) {
      randomFillSync(chunk)
      written += writeSync(file, chunk, 0, Math.min(chunk.length, bytes - written))
    }
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

const words = [
  'GET',
  'POST',
  'the',
  'session',
  'of',
  'user',
  'was',
  'closed',
  'after',
  'order',
  'paid',
  'retry',
  'in',
  'ms',
]

// What a server writes down: lines of words and numbers, of which zstd makes about a quarter.
export const textFile = (path: string, bytes: number): void => {
  const random = seeded(2)
  const pick = (count: number): number => Math.floor(random() * count)
  const lineOf = (number: number): string => {
    const said = Array.from({ length: 6 + pick(6) }, () => words[pick(words.length)]).join(' ')
    return `2026-01-02T03:04:${(number % 60).toFixed(3)}Z ${pick(1e9).toString(16)} ${said} ${pick(100_000)}\n`
  }
  const chunk = Buffer.alloc(Math.min(16 * mebibyte, bytes))
  for (let at = 0, number = 0; at < chunk.length; number++) at += chunk.write(lineOf(number), at)
  const file = openSync(path, 'w')
  try {
    for (let written = 0; written < bytes; ) {
      written += writeSync(file, chunk, 0, Math.min(chunk.length, bytes - written))
    }
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

export type ManyFiles = {
  readonly folders: number
  readonly filesInEach: number
  // Sizes lie between these as those of real files do: as many between 1 and 2 KB as between 2 and 4.
  readonly smallest: number
  readonly largest: number
}

export const manyFiles = (path: string, { folders, filesInEach, smallest, largest }: ManyFiles): void => {
  const content = randomFillSync(Buffer.alloc(16 * mebibyte))
  const random = seeded(1)
  for (let folder = 0; folder < folders; folder++) {
    const inside = join(path, `folder-${folder}`)
    mkdirSync(inside)
    for (let file = 0; file < filesInEach; file++) {
      const size = Math.round(smallest * (largest / smallest) ** random())
      const start = Math.floor(random() * (content.length - size))
      writeFileSync(join(inside, `file-${file}`), content.subarray(start, start + size))
    }
  }
}

export const pageBytes = 8 * 1024

// What a database does between two looks at its file: pages here and there. Answers with how many bytes are new.
export const rewritePages = (path: string, fileBytes: number, part: number): number => {
  const pages = Math.floor(fileBytes / pageBytes)
  const wanted = Math.max(1, Math.round(pages * part))
  const chosen = new Set<number>()
  while (chosen.size < wanted) chosen.add(Math.floor(Math.random() * pages))
  const page = Buffer.alloc(pageBytes)
  const file = openSync(path, 'r+')
  try {
    for (const number of chosen) writeSync(file, randomFillSync(page), 0, pageBytes, number * pageBytes)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  return chosen.size * pageBytes
}
