// What the two ends of a round take of memory, each in a process of its own. An agent that is installed has some 60 MB of
// other things beside; what runs here are the sources as they are, with a compiler in every thread that takes about as much.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Place, roundOfTwo } from '../../../agent/volume/testing/two-processes.ts'
import { run } from '../../lab/command.ts'
import { workplace } from '../mounts.ts'

const megabyte = 1_000_000

const placeIn = async (path: string): Promise<Place> => {
  const at = (name: string) => join(path, name)
  const memory = { source: at('memory-of-source'), target: at('memory-of-target') }
  for (const one of [at('source'), at('target'), memory.source, memory.target]) await mkdir(one)
  return { source: at('source'), target: at('target'), memory }
}

// The first round, one that carries a change, and the last.
const mostOfRounds = async (place: Place): Promise<number> => {
  let most = 0
  for (const kind of ['first', 'later', 'final']) {
    await writeFile(join(place.source, kind), kind)
    const { read, written } = await roundOfTwo(place, kind === 'final')
    most = Math.max(most, read.mostBytes, written.mostBytes)
  }
  return most
}

test('a volume of more than a gigabyte takes no more than 250 MB on either side', async () => {
  await using directory = await workplace()
  const place = await placeIn(directory.path)
  await run(['dd', 'if=/dev/urandom', 'of=large', 'bs=1M', 'count=1500'], { cwd: place.source })
  expect(await mostOfRounds(place)).toBeLessThan(250 * megabyte)
})
