// A file system of each kind for the tests of one file, and directories on them that go with each test.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { createVolumeEngine, type VolumeEngine } from '../../agent/volume/engine.ts'
import { extremesOfXfs, makeZoo } from '../../agent/volume/testing/zoo.ts'
import { run } from '../lab/command.ts'
import { type Kind, type Mounted, mountImage, requireTools, workplace } from './mounts.ts'
import { allocatedKiB, describeTree, treeDifferences } from './referee.ts'

export const kinds: readonly Kind[] = ['ext4', 'xfs', 'btrfs']

export type Volumes = AsyncDisposable & {
  readonly engine: VolumeEngine
  // A directory for what is neither.
  readonly place: string
  on(kind: Kind): Mounted
  // A source on one and a target on the other, both empty.
  pair(from: Kind, to: Kind): Promise<AsyncDisposable & { readonly source: string; readonly target: string }>
}

export const openVolumes = async (mebibytes = 512): Promise<Volumes> => {
  await requireTools()
  const place = await workplace()
  const mounted = new Map<Kind, Mounted>()
  for (const kind of kinds) mounted.set(kind, await mountImage(place.path, kind, kind, mebibytes))
  const engine = createVolumeEngine()
  const on = (kind: Kind): Mounted => {
    const mount = mounted.get(kind)
    if (mount === undefined) throw new Error(`there is no ${kind} here`)
    return mount
  }
  return {
    engine,
    place: place.path,
    on,
    pair: async (from, to) => {
      const [source, target] = [join(on(from).path, 'source'), join(on(to).path, 'target')]
      await mkdir(source)
      await mkdir(target)
      return { source, target, [Symbol.asyncDispose]: async () => void (await run(['rm', '-rf', source, target])) }
    },
    [Symbol.asyncDispose]: async () => {
      await engine.close()
      for (const mount of mounted.values()) await mount[Symbol.asyncDispose]()
      await place[Symbol.asyncDispose]()
    },
  }
}

// The zoo, without what one of these file systems cannot hold.
export const zooFor = (root: string, ...held: Kind[]): Promise<void> =>
  makeZoo(root, held.includes('xfs') ? extremesOfXfs : undefined)

export const expectSame = async (source: string, target: string): Promise<void> => {
  expect(treeDifferences(await describeTree(source), await describeTree(target))).toEqual([])
}

// The whole zoo from one to the other, compared by the referee, and no larger there than here.
export const copyZoo = async ({ engine, pair }: Volumes, from: Kind, to: Kind): Promise<void> => {
  await using directories = await pair(from, to)
  const { source, target } = directories
  await zooFor(source, from, to)
  const { pieces, summary } = engine.read(source, { final: true })
  const written = await engine.write(target, pieces)
  expect(written.digest).toBe((await summary).digest)
  await expectSame(source, target)
  expect(await allocatedKiB(target)).toBeLessThan((await allocatedKiB(source)) * 1.2 + 4096)
}
