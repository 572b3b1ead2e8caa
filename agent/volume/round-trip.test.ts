import { execFile } from 'node:child_process'
import { access, chmod, link, mkdir, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { createVolumeEngine } from './engine.ts'
import { archive, inPieces, mountTmpfs, rsyncDifferences, temporaryDirectory } from './testing/streams.ts'
import { makeAbyss, makeZoo } from './testing/zoo.ts'

const run = promisify(execFile)
const engine = createVolumeEngine()
afterAll(() => engine.close())

// Of 100 GiB without data: rsync --checksum and tar read every byte of the hole.
const withoutHugeHoles = ['--exclude', 'huge, nearly empty']

const sourceAndTarget = async () => {
  const directory = await temporaryDirectory()
  const source = join(directory.path, 'source')
  const target = join(directory.path, 'target')
  await mkdir(source)
  await mkdir(target)
  return { source, target, [Symbol.asyncDispose]: directory[Symbol.asyncDispose] }
}

describe('a copy of a volume', () => {
  test('has everything that the volume has, by its digest and by the word of rsync', async () => {
    await using place = await sourceAndTarget()
    await makeZoo(place.source)
    const { bytes, summary } = await archive(engine, place.source)
    const written = await engine.write(place.target, inPieces(bytes))
    expect(written).toEqual({ ...summary, skipped: [] })
    expect(summary.tarBytes).toBe(bytes.length)
    expect(await rsyncDifferences(place.source, place.target, withoutHugeHoles)).toEqual([])
    expect((await archive(engine, place.target)).summary.digest).toBe(summary.digest)
  })

  test('takes no more space than the volume: holes stay holes', async () => {
    await using place = await sourceAndTarget()
    await makeZoo(place.source)
    await engine.write(place.target, engine.read(place.source, { final: true }).pieces)
    const [source, target] = [await engine.measure(place.source), await engine.measure(place.target)]
    expect(target.apparentBytes).toBe(source.apparentBytes)
    expect(target.apparentBytes).toBeGreaterThan(100 * 1024 ** 3)
    expect(target.diskBytes).toBeLessThanOrEqual(source.diskBytes * 1.05)
  })

  test('reaches paths longer than PATH_MAX and thousands of directories deep', async () => {
    await using place = await sourceAndTarget()
    await makeAbyss(place.source, 3000)
    const { pieces, summary } = engine.read(place.source, { final: true })
    const written = await engine.write(place.target, pieces)
    expect(written.digest).toBe((await summary).digest)
    expect(written.entries).toBe(1 + 20 + 1 + 3000 + 1)
    await engine.write(place.target, inPieces((await archive(engine, await emptyDirectory(place.source))).bytes))
    expect(await readdir(place.target)).toEqual([])
  })

  test('replaces what was in the directory before, without following its symlinks', async () => {
    await using place = await sourceAndTarget()
    await writeFile(join(place.source, 'new'), 'new')
    const outside = await temporaryDirectory()
    await using _ = outside
    await writeFile(join(outside.path, 'precious'), 'stays')
    await makeZoo(place.target)
    await symlink(outside.path, join(place.target, 'new'))
    await run('setfacl', ['-d', '-m', 'u:77:rwx', place.target])
    const { bytes, summary } = await archive(engine, place.source)
    expect((await engine.write(place.target, inPieces(bytes))).digest).toBe(summary.digest)
    expect(await readdir(place.target)).toEqual(['new'])
    expect(await readFile(join(outside.path, 'precious'), 'utf8')).toBe('stays')
  })

  test('leaves out sockets and says so', async () => {
    await using place = await sourceAndTarget()
    const server = createServer().listen(join(place.source, 'socket'))
    await using _ = server
    const { bytes, summary } = await archive(engine, place.source, false)
    expect(summary.skipped).toEqual([{ path: Buffer.from('socket'), reason: expect.stringMatching(/socket/) }])
    expect((await engine.write(place.target, inPieces(bytes))).digest).toBe(summary.digest)
    expect(await readdir(place.target)).toEqual([])
  })

  test('stops at what is mounted inside the volume, and says so', async () => {
    await using place = await sourceAndTarget()
    await mkdir(join(place.source, 'mounted'))
    await using _ = await mountTmpfs(join(place.source, 'mounted'), 'size=1m')
    await writeFile(join(place.source, 'mounted', 'secret'), 'not of the volume')
    const { bytes, summary } = await archive(engine, place.source)
    expect(summary.skipped).toEqual([{ path: Buffer.from('mounted'), reason: expect.stringMatching(/mounted/) }])
    expect(bytes.includes('not of the volume')).toBe(false)
  })

  test('leaves attributes of the host behind, and says so once', async () => {
    await using place = await sourceAndTarget()
    for (const name of ['a', 'b']) {
      await writeFile(join(place.source, name), 'x')
      await run('setfattr', [
        '-n',
        'security.selinux',
        '-v',
        'system_u:object_r:container_file_t:s0',
        join(place.source, name),
      ])
    }
    const { bytes, summary } = await archive(engine, place.source)
    expect(summary.skipped).toHaveLength(1)
    expect(summary.skipped[0]?.reason).toMatch(/security\.selinux/)
    expect((await engine.write(place.target, inPieces(bytes))).digest).toBe(summary.digest)
    const { stdout } = await run('getfattr', ['-d', '-m', '-', join(place.target, 'a')])
    expect(stdout).toBe('')
  })
})

const emptyDirectory = async (beside: string): Promise<string> => {
  const path = `${beside}-empty`
  await mkdir(path)
  return path
}

describe('GNU tar, as a referee', () => {
  const tarFlags = ['--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner']

  test('restores the stream to exactly the volume', async () => {
    await using place = await sourceAndTarget()
    await makeZoo(place.source)
    const { bytes, summary } = await archive(engine, place.source)
    const file = `${place.source}.tar`
    await writeFile(file, bytes)
    await run('tar', [...tarFlags, '-C', place.target, '-xpf', file])
    expect(await rsyncDifferences(place.source, place.target, withoutHugeHoles)).toEqual([])
    expect((await archive(engine, place.target)).summary.digest).toBe(summary.digest)
  })

  test('makes archives that are restored exactly', async () => {
    await using place = await sourceAndTarget()
    await makeZoo(place.source)
    const file = `${place.source}.tar`
    await run('tar', [...tarFlags, '--format=posix', '--sparse', '-C', place.source, '-cf', file, '.'])
    const written = await engine.write(place.target, inPieces(await readFile(file)))
    expect(written.entries).toBe((await engine.measure(place.source)).entries)
    // GNU tar makes two of a FIFO with two names.
    const differences = await rsyncDifferences(place.source, place.target, withoutHugeHoles)
    expect(differences).toEqual([expect.stringMatching(/^hS .* links\/one\/fifo/)])
  })
})

describe('the digest', () => {
  const change = async (what: (root: string) => Promise<unknown>): Promise<boolean> => {
    await using place = await sourceAndTarget()
    const { source } = place
    await mkdir(join(source, 'directory'))
    await writeFile(join(source, 'file'), 'content')
    await link(join(source, 'file'), join(source, 'other name'))
    await symlink('file', join(source, 'symlink'))
    await run('setfacl', ['-m', 'u:5:r', join(source, 'directory')])
    await writeFile(join(source, 'sparse'), Buffer.alloc(3_000_000))
    const before = (await archive(engine, source)).summary.digest
    // Everything that changes a directory's entries changes its time too: put it back, so that only the change counts.
    await run('touch', ['-d', '@1000', source])
    const reference = (await archive(engine, source)).summary.digest
    expect(reference).not.toBe(before)
    await what(source)
    await run('touch', ['-d', '@1000', source])
    return (await archive(engine, source)).summary.digest !== reference
  }
  const shell = (command: string) => (root: string) => run('sh', ['-c', command], { cwd: root })

  test.each([
    ['one byte of content', 'touch -r file ../t; printf C | dd of=file conv=notrunc status=none; touch -r ../t file'],
    ['a nanosecond', "touch -d '2020-01-01 00:00:00.000000001' file"],
    ['permissions', 'chmod u+s file'],
    ['an owner', 'chown 1 file'],
    ['a group', 'chgrp 1 file'],
    ["a link's text", 'touch ../t; touch -h -r symlink ../t; ln -sfn other symlink; touch -h -r ../t symlink'],
    ['an attribute', 'setfattr -n user.a -v b file'],
    ['an ACL', 'setfacl -m u:5:w directory'],
    ['a default ACL', 'setfacl -d -m u:5:w directory'],
    ['a name', 'mv file file2'],
    ['a new entry', 'mkfifo fifo'],
    ['a missing entry', 'rm symlink'],
    ['a hard link become a copy', "cp -p file f2; mv f2 'other name'"],
  ])('tells %s', async (_, command) => {
    expect(await change(shell(command))).toBe(true)
  })

  test.each([
    [
      'zeros become a hole',
      (root: string) => shell('touch -r sparse ../t; fallocate -d sparse; touch -r ../t sparse')(root),
    ],
    ['an access time', (root: string) => shell('touch -a file')(root)],
    [
      'names made again in another order',
      (root: string) => shell('mv file x; mv symlink y; mv y symlink; mv x file')(root),
    ],
  ])('does not tell %s', async (_, what) => {
    expect(await change(what)).toBe(false)
  })
})

describe('the engine', () => {
  test('identifies a directory by device and inode', async () => {
    await using directory = await temporaryDirectory()
    const { stdout } = await run('stat', ['-c', '%d:%i', directory.path])
    expect(await engine.identify(directory.path)).toBe(stdout.trim())
    await expect(engine.identify(join(directory.path, 'none'))).rejects.toMatchObject({
      code: 'DRAYAGE_VOLUME_NOT_FOUND',
    })
  })

  test('reads only the directory that it is told to expect', async () => {
    await using place = await sourceAndTarget()
    const expectIdentity = await engine.identify(place.target)
    const { pieces, summary } = engine.read(place.source, { final: false, expectIdentity })
    const collect = async () => {
      for await (const piece of pieces) throw new Error(`${piece.length} bytes were read`)
    }
    await expect(collect()).rejects.toMatchObject({ code: 'DRAYAGE_VOLUME_ROOT_CHANGED' })
    await expect(summary).rejects.toMatchObject({ code: 'DRAYAGE_VOLUME_ROOT_CHANGED' })
    await archive(engine, place.target).then(({ summary }) => expect(summary.entries).toBe(1))
  })

  test('measures names, content and blocks, a file with two names once', async () => {
    await using place = await sourceAndTarget()
    await writeFile(join(place.source, 'file'), Buffer.alloc(10_000, 1))
    await link(join(place.source, 'file'), join(place.source, 'again'))
    await writeFile(join(place.source, 'sparse'), '')
    await truncate(join(place.source, 'sparse'), 1_000_000)
    const usage = await engine.measure(place.source)
    expect(usage).toMatchObject({ entries: 4, apparentBytes: 1_010_000 })
    expect(usage.diskBytes).toBeLessThan(100_000)
  })

  test('gives pieces of at most a mebibyte, and each in memory of its own', async () => {
    await using place = await sourceAndTarget()
    await writeFile(join(place.source, 'file'), Buffer.alloc(5_000_000, 'abc'))
    const kept: Buffer[] = []
    const { pieces, summary } = engine.read(place.source, { final: true })
    for await (const piece of pieces) {
      expect(piece.length).toBeLessThanOrEqual(1024 * 1024)
      kept.push(piece)
    }
    expect(new Set(kept.map(({ buffer }) => buffer)).size).toBe(kept.length)
    expect((await engine.write(place.target, inPieces(Buffer.concat(kept)))).digest).toBe((await summary).digest)
  })

  test('says that there is no volume where there is none', async () => {
    const nowhere = '/nonexistent/volume'
    await expect(engine.read(nowhere, { final: true }).summary).rejects.toMatchObject({
      code: 'DRAYAGE_VOLUME_NOT_FOUND',
    })
    await expect(engine.write(nowhere, inPieces(Buffer.alloc(0)))).rejects.toMatchObject({
      code: 'DRAYAGE_VOLUME_NOT_FOUND',
    })
    await expect(engine.measure(nowhere)).rejects.toMatchObject({ code: 'DRAYAGE_VOLUME_NOT_FOUND' })
    await expect(access(nowhere)).rejects.toThrow()
  })

  test('reads what its owner may not: modes do not stop root', async () => {
    await using place = await sourceAndTarget()
    await mkdir(join(place.source, 'closed'))
    await writeFile(join(place.source, 'closed', 'file'), 'x')
    await chmod(join(place.source, 'closed'), 0)
    expect((await archive(engine, place.source)).summary.entries).toBe(3)
  })
})
