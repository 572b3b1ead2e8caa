import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  failpoint,
  failpointFolder,
  permission,
  streamWithFailpoints,
  switchOnFailpoints,
  withFailpoints,
} from './failpoints.ts'

let folder: string
const tell = (name: string, what: string) => writeFile(join(folder, name), what)
const collected = async <T>(stream: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const one of stream) all.push(one)
  return all
}
const untell = (name: string) => rm(join(folder, name), { force: true })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drayage-failpoints-'))
})
afterAll(() => rm(folder, { recursive: true }))
beforeEach(() => switchOnFailpoints(folder))

test('a folder that does not say it is for tests is refused, whatever it holds', async () => {
  await tell('stop.before', 'exit')
  expect(() => failpointFolder(folder)).toThrow(permission)
  expect(() => failpointFolder('relative')).toThrow('absolute')
  await tell(permission, '')
  expect(failpointFolder(folder)).toBe(folder)
  await untell('stop.before')
})

test('a place that nothing is said of does nothing', async () => {
  await failpoint('quiet')
  expect(await withFailpoints('quiet', async () => 7)).toBe(7)
  expect(existsSync(join(folder, 'quiet.reached'))).toBe(false)
})

test('a place hangs until its file is gone, and says that it was reached', async () => {
  await tell('step.before', 'hang')
  let done = false
  const effect = withFailpoints('step', async () => {
    done = true
  })
  while (!existsSync(join(folder, 'step.before.reached'))) await new Promise(setImmediate)
  expect(done).toBe(false)
  await untell('step.before')
  await effect
  expect(done).toBe(true)
})

test('a place fails with the code it is told, and an effect that is skipped answers what it is told', async () => {
  await tell('inside', 'error DRAYAGE_TARGET_FULL no room')
  await expect(failpoint('inside')).rejects.toMatchObject({ code: 'DRAYAGE_TARGET_FULL', message: 'no room' })
  await untell('inside')
  await tell('Stop', 'skip {"wasRunning":true}')
  const never = async () => {
    throw new Error('it was not skipped')
  }
  expect(await withFailpoints('Stop', never)).toEqual({ wasRunning: true })
  const stream = streamWithFailpoints('Stop', async function* () {
    yield await never()
  })
  expect(await collected(stream)).toEqual([{ wasRunning: true }])
  await untell('Stop')
  await tell('Stop.after', 'explode')
  await expect(withFailpoints('Stop', async () => 1)).rejects.toThrow('no action')
  await untell('Stop.after')
})

test('a trace names every place in its order', async () => {
  await tell('trace', '')
  await withFailpoints('one', async () => failpoint('within'))
  await collected(streamWithFailpoints('two', async function* () {}))
  const lines = (await readFile(join(folder, 'trace'), 'utf8')).trimEnd().split('\n')
  expect(lines.map((line) => line.split(' ')[1])).toEqual([
    'one.before',
    'within',
    'one.after',
    'two.before',
    'two.after',
  ])
  const times = lines.map((line) => BigInt(line.split(' ')[0] ?? ''))
  expect(times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0n))).toBe(true)
})
