// Our archives read by other people's programs, and theirs by us, for what each can carry. GNU tar's part is in
// agent/volume/round-trip.test.ts, where it stands as a referee: it can carry everything.
import { lstat, mkdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import * as tarStream from 'tar-stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createVolumeEngine } from '../../agent/volume/engine.ts'
import { archive, inPieces } from '../../agent/volume/testing/streams.ts'
import { makeZoo } from '../../agent/volume/testing/zoo.ts'
import { run } from '../lab/command.ts'
import { requireTools, workplace } from './mounts.ts'
import { describeTree, treeDifferences } from './referee.ts'

const engine = createVolumeEngine()
beforeAll(() => requireTools())
afterAll(() => engine.close())

const directories = async () => {
  const place = await workplace()
  const [source, target] = [join(place.path, 'source'), join(place.path, 'target')]
  await mkdir(source)
  await mkdir(target)
  const file = join(place.path, 'archive.tar')
  return { source, target, file, [Symbol.asyncDispose]: place[Symbol.asyncDispose] }
}

const differences = async (source: string, target: string): Promise<string[]> =>
  treeDifferences(await describeTree(source), await describeTree(target))

describe('bsdtar', () => {
  const flags = ['--numeric-owner', '--acls', '--xattrs']
  // libarchive takes the fraction of a time before 1970 for one after the whole second, and ids beyond 31 bits in an ACL
  // for others (archive_read_support_format_tar.c, archive_acl.c).
  const beyondIt = [
    'touch -d @100 times/before\\ 1970\\ with\\ nanoseconds times/just\\ before\\ 1970',
    'touch -h -d @100 times/symlink',
    'touch -d @100 times; setfacl -x u:4000000000 attributes/acl',
  ].join('; ')

  test('restores our archive: all but the root’s time and the escaped name of an attribute', async () => {
    await using place = await directories()
    const { source, target, file } = place
    await makeZoo(source)
    await run(['sh', '-e', '-c', `${beyondIt}; setfattr -x 'user.a=b%c' attributes/user`], { cwd: source })
    await writeFile(file, (await archive(engine, source)).bytes)
    await run(['bsdtar', ...flags, '-xpf', file, '-C', target])
    // It is in the directory that it restores, and does not set that one's time.
    expect(await differences(source, target)).toEqual([expect.stringMatching(/^"": d 1771 999 998 /)])
  })

  test('makes archives that we restore exactly', async () => {
    await using place = await directories()
    const { source, target, file } = place
    await makeZoo(source)
    await run(['sh', '-e', '-c', beyondIt], { cwd: source })
    await run(['bsdtar', '--format', 'pax', ...flags, '-C', source, '-cf', file, '.'])
    const written = await engine.write(target, inPieces(await readFile(file)))
    expect(written.entries).toBe((await engine.measure(source)).entries)
    expect(await differences(source, target)).toEqual([])
  })
})

describe('tar-stream', () => {
  // It knows UTF-8 names, ids of 21 bits, whole seconds, and files that are stored whole; no attributes.
  const make = async (root: string): Promise<void> => {
    const long = `${'directory'.repeat(12)}/${'name'.repeat(40)}`
    const script = [
      `mkdir -p sub/empty '${'directory'.repeat(12)}' && printf content > sub/file && head -c 3000000 /dev/urandom > large`,
      `printf long > '${long}' && printf ü > 'umlaut ü' && ln -s sub/file link && ln -s '${'l'.repeat(200)}' 'long link'`,
      "ln large 'large again' && mkfifo fifo && mknod null c 1 3 && chmod 4755 sub/file && chown 70000:2097151 large",
      'find . -exec touch -h -d @1500000000 {} +',
    ]
    await run(['sh', '-e', '-c', script.join('\n')], { cwd: root })
  }

  test('reads our archive, entry by entry', async () => {
    await using place = await directories()
    const { source } = place
    await make(source)
    const { bytes, summary } = await archive(engine, source)
    const extract = tarStream.extract()
    Readable.from([bytes]).pipe(extract)
    const seen: string[] = []
    for await (const entry of extract) {
      const { name, type, size, mode, uid, gid, mtime, linkname, devmajor, devminor } = entry.header
      const content = await buffer(entry)
      const path = join(source, name)
      const stat = await lstat(path)
      seen.push(name)
      expect([mode, uid, gid, mtime?.getTime()]).toEqual([stat.mode & 0o7777, stat.uid, stat.gid, stat.mtimeMs])
      if (type === 'file') {
        expect(size).toBe(stat.size)
        expect(content.equals(await readFile(path))).toBe(true)
      } else if (type === 'symlink') expect(linkname).toBe(await readlink(path))
      else if (type === 'link') expect((await lstat(join(source, linkname ?? ''))).ino).toBe(stat.ino)
      else if (type === 'character-device') expect([devmajor, devminor]).toEqual([1, 3])
      else expect(type).toBe(stat.isDirectory() ? 'directory' : 'fifo')
    }
    expect(seen).toHaveLength(summary.entries)
  })

  test('makes archives that we restore', async () => {
    await using place = await directories()
    const { source, target } = place
    const mtime = new Date(1_500_000_000_000)
    await make(source)
    const pack = tarStream.pack()
    const common = { mtime, uid: 5, gid: 6 }
    pack.entry({ name: './', type: 'directory', mode: 0o1755, ...common })
    pack.entry({ name: './sub/', type: 'directory', mode: 0o700, ...common })
    pack.entry({ name: './sub/file', mode: 0o4711, ...common }, 'content')
    pack.entry({ name: `./sub/${'n'.repeat(200)} ü`, mode: 0o600, ...common }, Buffer.alloc(3_000_000, 'x'))
    pack.entry({ name: './hard', type: 'link', linkname: './sub/file', ...common })
    pack.entry({ name: './soft', type: 'symlink', linkname: 'l'.repeat(300), ...common })
    pack.entry({ name: './fifo', type: 'fifo', mode: 0o600, ...common })
    pack.finalize()
    const written = await engine.write(target, inPieces(await buffer(pack)))
    expect(written.entries).toBe(7)
    const tree = await describeTree(target)
    const time = '1500000000.0000000000'
    expect([...tree.keys()]).toHaveLength(7)
    expect(tree.get('')).toBe(`d 1755 5 6 ${time}   `)
    expect(tree.get('sub/file')).toMatch(new RegExp(`^f 4711 5 6 ${time} 7  the inode of hard `))
    expect(tree.get('soft')).toBe(`l 777 5 6 ${time} 300 ${'l'.repeat(300)} `)
    expect(tree.get('fifo')).toMatch(/^p 600 5 6/)
    expect((await lstat(join(target, 'sub', `${'n'.repeat(200)} ü`))).size).toBe(3_000_000)
  })
})

describe('an import', () => {
  const foreign = { foreign: { stripComponents: 0 } }
  // No fractions of seconds, attributes or ACLs: GNU tar's own format has none.
  const plainTree = async (root: string): Promise<void> => {
    const long = `${'directory'.repeat(14)}/${'name'.repeat(40)}`
    const script = [
      `mkdir -p sub/empty '${'directory'.repeat(14)}' && printf content > sub/file && head -c 3000000 /dev/urandom > large`,
      `printf long > '${long}' && ln '${long}' 'hard link' && ln -s '${'l'.repeat(200)}' 'long link' && mkfifo fifo`,
      'truncate -s 9G holes && for n in 1 2 3 4 5 6 7; do printf data | dd of=holes bs=4 seek=$((n * 250000000)) conv=notrunc status=none; done',
      'mknod null c 1 3 && chmod 4755 sub/file && chown 3000000:4000000000 large && touch -d @10000000000 sub/file',
      "touch -d '1960-01-01 UTC' old && printf x > 'umlaut ü' && chmod 1777 . && find . -newermt 2000-01-01 ! -newermt 2200-01-01 -exec touch -h -d @1500000000 {} +",
    ]
    await run(['sh', '-e', '-c', script.join('\n')], { cwd: root })
  }

  test.each([
    ['GNU tar', ['tar', '--format=gnu', '--sparse', '--label=backup', '--numeric-owner']],
    ['bsdtar', ['bsdtar', '--format=pax', '--numeric-owner', '--read-sparse']],
  ])('of what %s makes when left to itself is what it was made from', async (_, command) => {
    await using place = await directories()
    const { source, target, file } = place
    await plainTree(source)
    await run([...command, '-C', source, '-cf', file, '.'])
    expect((await lstat(file)).size).toBeLessThan(8_000_000)
    await engine.write(target, inPieces(await readFile(file)), foreign)
    expect(await differences(source, target)).toEqual([])
  })
})
