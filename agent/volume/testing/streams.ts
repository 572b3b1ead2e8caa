// For tests: directories that go away with the test, streams held in memory, and archives made by hand.
import { execFile } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { RoundSummary, VolumeEngine } from '../engine.ts'

const run = promisify(execFile)

export type TemporaryDirectory = AsyncDisposable & { readonly path: string }

export const temporaryDirectory = async (parent = tmpdir()): Promise<TemporaryDirectory> => {
  const path = await mkdtemp(join(parent, 'drayage-volume-'))
  // rm(1), because Node's fails on paths longer than PATH_MAX.
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await run('rm', ['-rf', path])
    },
  }
}

// A file system of its own in `path`, for as long as the test runs.
export const mountTmpfs = async (path: string, options: string): Promise<AsyncDisposable> => {
  await run('mount', ['-t', 'tmpfs', '-o', options, 'drayage-test', path])
  return {
    [Symbol.asyncDispose]: async () => {
      await run('umount', [path])
    },
  }
}

export type Archived = { readonly bytes: Buffer; readonly summary: RoundSummary }

export const archive = async (engine: VolumeEngine, root: string, final = true): Promise<Archived> => {
  const { pieces, summary } = engine.read(root, { final })
  const parts: Buffer[] = []
  for await (const piece of pieces) parts.push(piece)
  return { bytes: Buffer.concat(parts), summary: await summary }
}

export async function* inPieces(bytes: Buffer, size = 65_537): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

// What rsync would still have to do to make `to` the same as `from`: names, content, owners, modes, times, links,
// devices, ACLs and attributes. An empty list is its word that they are equal. Options exclude what it cannot do.
export const rsyncDifferences = async (from: string, to: string, options: string[] = []): Promise<string[]> => {
  const flags = ['-aHAXni', '--numeric-ids', '--checksum', '--delete', ...options]
  const { stdout } = await run('rsync', [...flags, `${from}/`, `${to}/`])
  return stdout.split('\n').filter((line) => line !== '')
}
