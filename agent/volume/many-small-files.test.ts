// Volumes of so many small files that two threads make them.
import { execFileSync } from 'node:child_process'
import { chmod, chown, link, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { createVolumeEngine } from './engine.ts'
import { close, open, openAt, openRoot, setAttribute } from './linux/libc.ts'
import { directory, end, file, hardLink, root } from './testing/hostile.ts'
import { openRounds } from './testing/rounds.ts'
import { inPieces, rsyncDifferences, temporaryDirectory } from './testing/streams.ts'

const engine = createVolumeEngine()
afterAll(() => engine.close())

const content = Buffer.alloc(80_000, 'some content, the same for all, from another place in it for each; ')

const kinds = ['plain', 'plain', 'plain', 'owned', 'setuid', 'linked', 'large', 'symlink', 'attribute'] as const

const note = (path: string): void => {
  const dir = openRoot(dirname(path))
  const fd = openAt(dir, basename(path), open.readOnly)
  setAttribute({ fd, pathOnly: false }, 'user.note', 'kept')
  close(fd)
  close(dir)
}

// Entries of all kinds, each kind of which takes its own way through the writer, in any order.
const makeTree = async (root: string, order: readonly (typeof kinds)[number][]): Promise<void> => {
  for (let number = 0; number < 900; number++) {
    const folder = join(root, `folder-${number % 9}`)
    const path = join(folder, `${number}`)
    if (number < 9) await mkdir(folder)
    const kind = order[number % order.length]
    if (kind === 'linked' && number > 9) await link(join(root, `folder-${(number - 1) % 9}`, `${number - 1}`), path)
    else if (kind === 'symlink') await symlink('nowhere', path)
    else await writeFile(path, content.subarray(number, number + (kind === 'large' ? 70_000 : number)))
    if (kind === 'owned') await chown(path, 12, 13)
    if (kind === 'setuid') await chmod(path, 0o6755)
    if (kind === 'attribute') note(path)
  }
}

test('whatever they are, and wherever the rounds are cut, the target ends equal', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...kinds], { minLength: kinds.length }),
      fc.array(fc.integer({ min: 1, max: 3_000_000 }), { maxLength: 2 }),
      async (order, cuts) => {
        await using rounds = await openRounds(() => engine)
        rounds.pace({ everyMs: 0, leastBytes: 200_000 })
        await makeTree(rounds.source, order)
        for (const bytes of cuts) await rounds.cutAfter(bytes, false)
        await rounds.round(true)
        expect(await rsyncDifferences(rounds.source, rounds.target)).toEqual([])
      },
    ),
    { numRuns: 2, endOnFailure: true },
  )
}, 300_000)

test('those in a directory with a default ACL have what they had, and not what they would inherit', async () => {
  await using rounds = await openRounds(() => engine)
  const folder = join(rounds.source, 'folder')
  await mkdir(folder)
  await rounds.round(false)
  execFileSync('setfacl', ['-d', '-m', 'u:7:rwx', folder])
  await rounds.round(false)
  for (let number = 0; number < 700; number++) await writeFile(join(folder, `${number}`), `${number}`)
  execFileSync('sh', ['-c', 'setfacl -b "$0"/*5', folder])
  await rounds.round(true)
  expect(await rsyncDifferences(rounds.source, rounds.target)).toEqual([])
}, 120_000)

describe('what a hostile stream says of files that are on their way is refused', () => {
  const many = Array.from({ length: 700 }, (_, number) => file(`f${number}`, 'content'))
  const write = async (...hostile: readonly Buffer[]) => {
    await using target = await temporaryDirectory()
    await engine.write(target.path, inPieces(Buffer.concat([root, ...many, ...hostile, end])))
    return { files: await readdir(target.path), last: await readFile(join(target.path, 'linked'), 'utf8') }
  }
  const refused = { code: 'DRAYAGE_STREAM_DAMAGED' }

  test('as of any others', async () => {
    await expect(write(file('f699', 'again'))).rejects.toMatchObject(refused)
    await expect(write(directory('f699'))).rejects.toMatchObject(refused)
    await expect(write(file('f699/below'))).rejects.toMatchObject(refused)
    await expect(write(hardLink('f698', 'f699'))).rejects.toMatchObject(refused)
  })

  test('and what it may say is done once they are there', async () => {
    const { files, last } = await write(hardLink('linked', 'f699'))
    expect(files).toHaveLength(701)
    expect(last).toBe('content')
  })
})
