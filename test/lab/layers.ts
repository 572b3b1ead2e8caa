// The layers that the lab's images are made of: tar files in the cache, each known by its digest.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { type Header, pack } from 'tar-stream'
import { debianArchive } from './apt.ts'
import { run } from './command.ts'
import { findProgram, installBusybox, installPackages } from './install.ts'
import { withLock } from './lock.ts'
import { cacheDir } from './places.ts'

export type Layer = {
  // Of the tar file, in hexadecimal: its diff id.
  readonly digest: string
  readonly file: string
  // For the image's history.
  readonly what: string
}

// Path, without a slash at its start → content, or what else there is to say. A path that ends in a slash is a
// directory; parents that are not named are root's, 0755.
export type FileTree = Readonly<Record<string, string | FileEntry>>
export type FileEntry = {
  readonly content?: string | Buffer
  readonly linkTo?: string
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
}

const folder = join(cacheDir, 'layers')

// Always the same, so that the same tree always has the same digest.
const mtime = new Date('2025-01-01T00:00:00Z')

const headerOf = (
  path: string,
  { content, linkTo, mode, uid = 0, gid = 0 }: FileEntry,
): Partial<Header> & { name: string } => {
  const common = { name: path, mtime, uid, gid }
  if (linkTo !== undefined) return { ...common, type: 'symlink', linkname: linkTo, mode: 0o777 }
  if (path.endsWith('/')) return { ...common, type: 'directory', mode: mode ?? 0o755 }
  return { ...common, type: 'file', mode: mode ?? 0o644, size: Buffer.byteLength(content ?? '') }
}

const parentsOf = (path: string): readonly string[] => {
  const parts = path.replace(/\/$/, '').split('/')
  return parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join('/')}/`)
}

const tarOf = (tree: FileTree): Promise<Buffer> => {
  const archive = pack()
  const parents = Object.keys(tree).flatMap(parentsOf)
  const whole: FileTree = { ...Object.fromEntries(parents.map((path) => [path, {}])), ...tree }
  for (const path of Object.keys(whole).toSorted()) {
    const entry = whole[path] ?? {}
    const full = typeof entry === 'string' ? { content: entry } : entry
    archive.entry(headerOf(path, full), full.content ?? '')
  }
  archive.finalize()
  return buffer(archive)
}

export const filesLayer = async (tree: FileTree, what = 'files'): Promise<Layer> => {
  const tar = await tarOf(tree)
  const digest = createHash('sha256').update(tar).digest('hex')
  const file = join(folder, `${digest}.tar`)
  if (!existsSync(file)) {
    await mkdir(folder, { recursive: true })
    const scratch = await mkdtemp(join(folder, 'making-'))
    await writeFile(join(scratch, 'layer.tar'), tar)
    await rename(join(scratch, 'layer.tar'), file)
    await rm(scratch, { recursive: true })
  }
  return { digest, file, what }
}

// One static program, and a link to it for every command that it knows.
export const busyboxLayer = async (): Promise<Layer> => {
  const busybox = await installBusybox()
  const commands = execFileSync(busybox, ['--list-full'], { encoding: 'utf8' }).split('\n').filter(Boolean)
  const links = commands.filter((path) => path !== 'bin/busybox').map((path) => [path, { linkTo: '/bin/busybox' }])
  return filesLayer(
    {
      ...Object.fromEntries(links),
      'bin/busybox': { content: await readFile(busybox), mode: 0o755 },
      'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n',
      'etc/group': 'root:x:0:\napp:x:1000:\n',
      'home/app/': { uid: 1000, gid: 1000 },
      'root/': { mode: 0o700 },
      'tmp/': { mode: 0o1777 },
      'var/tmp/': { mode: 0o1777 },
    },
    'busybox',
  )
}

const debianSuite = 'bookworm'

const digestOf = async (file: string): Promise<string> => {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

type DebianTree = { readonly packages: readonly string[]; readonly file: string; readonly digestFile: string }

// Services are configured and not started: debootstrap(8) sees to that.
const makeDebianLayer = async ({ packages, file, digestFile }: DebianTree): Promise<void> => {
  if (findProgram('debootstrap') === undefined) await installPackages(['debootstrap'])
  await mkdir(folder, { recursive: true })
  const scratch = await mkdtemp(join(folder, 'making-'))
  try {
    const { url } = await debianArchive(debianSuite, scratch)
    process.stderr.write(`lab: making ${describeTree(packages)} with debootstrap\n`)
    const root = join(scratch, 'root')
    const included = packages.length === 0 ? [] : [`--include=${packages.join(',')}`]
    await run(['debootstrap', '--variant=minbase', ...included, debianSuite, root, url], { timeoutMs: 580_000 })
    await rm(join(root, 'var/cache/apt/archives'), { recursive: true, force: true })
    await rm(join(root, 'var/lib/apt/lists'), { recursive: true, force: true })
    const tar = join(scratch, 'layer.tar')
    await run(['tar', '--sort=name', '--numeric-owner', '--one-file-system', '-C', root, '-cf', tar, '.'])
    await writeFile(digestFile, await digestOf(tar))
    await rename(tar, file)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

const describeTree = (packages: readonly string[]): string =>
  [`a Debian ${debianSuite}`, ...(packages.length === 0 ? [] : [packages.join(', ')])].join(' with ')

// Debian's minimal base, with some packages and all that they need.
export const debianLayer = async (packages: readonly string[] = []): Promise<Layer> => {
  const file = join(folder, `${['debian', debianSuite, ...packages].join('-')}.tar`)
  const digestFile = `${file}.sha256`
  if (!existsSync(file)) {
    await withLock('debian', async () => {
      if (!existsSync(file)) await makeDebianLayer({ packages, file, digestFile })
    })
  }
  return { digest: (await readFile(digestFile, 'utf8')).trim(), file, what: describeTree(packages) }
}
