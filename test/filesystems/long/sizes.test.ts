// More of something than is usual: entries in one directory, bytes in a path.
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createVolumeEngine } from '../../../agent/volume/engine.ts'
import { openRounds } from '../../../agent/volume/testing/rounds.ts'
import { run } from '../../lab/command.ts'
import { expectSame } from '../volumes.ts'

const engine = createVolumeEngine()
afterAll(() => engine.close())

test('a directory with 200,000 entries is carried, and then what changes in it', async () => {
  await using rounds = await openRounds(() => engine)
  await mkdir(join(rounds.source, 'many'))
  await run(['sh', '-c', 'seq 200000 | xargs touch'], { cwd: join(rounds.source, 'many') })
  expect(await rounds.round(false, { noteWritten: true })).toMatchObject({ entries: 200_002 })
  await run(['sh', '-c', 'rm many/1*; echo more > many/2'], { cwd: rounds.source })
  const last = await rounds.round(true)
  expect(last.contentBytes).toBe(5)
  expect((await readdir(join(rounds.target, 'many'))).length).toBe(last.entries - 2)
  await expectSame(rounds.source, rounds.target)
})

test('a path of 5,000 bytes is carried, and a change at its end', async () => {
  await using rounds = await openRounds(() => engine)
  // 20 components of 249 bytes and the slashes between them; the shell goes down one by one.
  const component = 'd'.repeat(249)
  const down = `i=0; while [ $i -lt 20 ]; do mkdir -p ${component}; cd -P ${component}; i=$((i + 1)); done`
  await run(['bash', '-e', '-c', `${down}; echo deep > bottom`], { cwd: rounds.source })
  expect(await rounds.round(false)).toMatchObject({ entries: 22, contentBytes: 5 })
  await run(['bash', '-e', '-c', `${down}; echo changed > bottom`], { cwd: rounds.source })
  expect((await rounds.round(true)).contentBytes).toBe(8)
  expect(await run(['bash', '-e', '-c', `${down}; cat bottom`], { cwd: rounds.target })).toBe('changed\n')
})
