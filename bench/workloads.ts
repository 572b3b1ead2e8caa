// What is moved. Sizes and counts are those of the figures to reach; a scale below 1 makes them that part.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { largeFile, type ManyFiles, manyFiles, rewritePages } from './data/files.ts'

const mebibyte = 1024 * 1024

type Named = {
  readonly name: string
  readonly says: (scale: number) => string
  // Makes the data in an empty folder.
  readonly fill: (folder: string, scale: number) => void
}

// copy: everything, to a host that has none of it.
// again: once more, to a host that has what there was the last time. `change` is made before, and answers with the bytes
// that are new.
// live: with a process that writes all the time, which is stopped here and started there.
export type Workload =
  | (Named & { readonly kind: 'copy'; readonly optIn?: true })
  | (Named & { readonly kind: 'again'; readonly change?: (folder: string, scale: number) => number })
  | (Named & { readonly kind: 'live' })

const count = (whole: number, scale: number) => Math.max(1, Math.round(whole * scale))
const grouped = (figure: number) => figure.toLocaleString('en-US')
const mib = (figure: number) => (figure % 1024 === 0 ? `${figure / 1024} GiB` : `${figure} MiB`)

const small = (scale: number): ManyFiles => ({
  folders: count(1_000, scale),
  filesInEach: 100,
  smallest: 200,
  largest: 16_000,
})
const tiny = (scale: number): ManyFiles => ({
  folders: count(1_000, scale),
  filesInEach: 1_000,
  smallest: 1,
  largest: 200,
})
const saysFiles = ({ folders, filesInEach }: ManyFiles, sizes: string) =>
  `${grouped(folders * filesInEach)} files of ${sizes} in ${grouped(folders)} folders`

const databaseMib = (scale: number) => count(2_048, scale)
const databaseFile = (folder: string) => join(folder, 'database')
const dirtied = 0.01

// What the writer of a live move writes to: ways/writer.ts.
export const live = {
  bigFile: 'big',
  bigMib: (scale: number) => count(512, scale),
  smallFolder: 'small',
  smallFiles: 1_000,
}

export const workloads: readonly Workload[] = [
  {
    kind: 'copy',
    name: 'large',
    says: (scale) => `4 files of ${mib(count(512, scale))}, incompressible`,
    fill: (folder, scale) => {
      for (let file = 1; file <= 4; file++) largeFile(join(folder, `file-${file}`), count(512, scale) * mebibyte)
    },
  },
  {
    kind: 'copy',
    name: 'small',
    says: (scale) => saysFiles(small(scale), '0.2–16 KB'),
    fill: (folder, scale) => manyFiles(folder, small(scale)),
  },
  {
    kind: 'again',
    name: 'database',
    says: (scale) => `the second round of a file of ${mib(databaseMib(scale))}, 1 % of its 8 KiB pages rewritten since`,
    fill: (folder, scale) => largeFile(databaseFile(folder), databaseMib(scale) * mebibyte),
    change: (folder, scale) => rewritePages(databaseFile(folder), databaseMib(scale) * mebibyte, dirtied),
  },
  {
    kind: 'again',
    name: 'unchanged',
    says: (scale) => `the second round of ${saysFiles(small(scale), '0.2–16 KB')}, nothing changed`,
    fill: (folder, scale) => manyFiles(folder, small(scale)),
  },
  {
    kind: 'live',
    name: 'live',
    says: (scale) =>
      `a process that keeps writing and fsyncing to small files and pages of one of ${mib(live.bigMib(scale))}`,
    fill: (folder, scale) => {
      mkdirSync(join(folder, live.smallFolder))
      largeFile(join(folder, live.bigFile), live.bigMib(scale) * mebibyte)
    },
  },
  {
    kind: 'copy',
    name: 'million',
    optIn: true,
    says: (scale) => saysFiles(tiny(scale), '1–200 bytes'),
    fill: (folder, scale) => manyFiles(folder, tiny(scale)),
  },
]
