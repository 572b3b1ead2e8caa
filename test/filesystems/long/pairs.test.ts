// Every pair of file systems; live rounds on each; and thousands of generated changes between rounds that are cut
// anywhere, with the referee's word at the end of each.
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mutations } from '../../../agent/volume/testing/mutations.ts'
import { openRounds } from '../../../agent/volume/testing/rounds.ts'
import { makeAbyss } from '../../../agent/volume/testing/zoo.ts'
import { run } from '../../lab/command.ts'
import { copyZoo, expectSame, kinds, openVolumes, type Volumes, zooFor } from '../volumes.ts'

let volumes: Volumes
beforeAll(async () => {
  volumes = await openVolumes(1024)
})
afterAll(() => volumes?.[Symbol.asyncDispose]())

const everyPair = kinds.flatMap((from) => kinds.map((to) => [from, to] as const))

test.each(everyPair)('the whole zoo is the same on the other side, from %s to %s', (from, to) =>
  copyZoo(volumes, from, to),
)

describe.each(kinds)('on %s', (kind) => {
  const open = () => openRounds(() => volumes.engine, volumes.on(kind).path)

  test('the zoo is the same after live rounds that change it, and was read back', async () => {
    const { engine } = volumes
    await using rounds = await open()
    await zooFor(rounds.source, kind)
    await rounds.round(false, { noteWritten: true })
    expect(await engine.readBack(rounds.target, rounds.memory.target)).toMatchObject({ differing: [] })
    const change = [
      'mv contents/1048576\\ bytes moved; rm -r times; chown -hR 12:13 links; chmod 0 names/-rf',
      'printf more >> contents/511\\ bytes; setfattr -n user.new -v new attributes/user; ln moved links/hard',
      'fallocate --punch-hole --offset 0 --length 4096 contents/stored\\ zeros; ln -s new links/new',
      'setfacl -m u:99:rwx attributes/acl; setfacl -b attributes/default\\ acl',
    ]
    await run(['sh', '-e', '-c', change.join('; ')], { cwd: rounds.source })
    await rounds.round(false, { noteWritten: true })
    expect(await engine.readBack(rounds.target, rounds.memory.target)).toMatchObject({ differing: [] })
    const last = await rounds.round(true, { everything: true })
    expect((await engine.digest(rounds.target)).digest).toBe(last.digest)
    await expectSame(rounds.source, rounds.target)
  })

  test('paths beyond PATH_MAX and thousands of levels go both ways', async () => {
    await using rounds = await open()
    await makeAbyss(rounds.source)
    const { digest, entries } = await rounds.round(true)
    expect(entries).toBe(1 + 20 + 1 + 2000 + 1)
    expect((await volumes.engine.digest(rounds.target)).digest).toBe(digest)
  })

  test('whatever is changed between rounds, cut or whole, the last one makes the target the same', async () => {
    await using rounds = await open()
    await zooFor(rounds.source, kind)
    await run(['rm', join(rounds.source, 'contents', 'huge, nearly empty')])
    await rounds.round(false, { noteWritten: true })
    const steps = fc.array(
      fc.tuple(fc.array(mutations, { minLength: 1, maxLength: 15 }), fc.option(fc.nat(4 * 1024 * 1024))),
      { minLength: 1, maxLength: 5 },
    )
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        for (const [changes, cutAfter] of all) {
          for (const change of changes) change.do(rounds.source)
          if (cutAfter === null) await rounds.round(false, { noteWritten: true })
          else await rounds.cutAfter(cutAfter, false, { noteWritten: true })
        }
        await rounds.round(true)
        await expectSame(rounds.source, rounds.target)
      }),
      { numRuns: Number(process.env['DRAYAGE_TEST_RUNS'] ?? 60), endOnFailure: true },
    )
  })
})
