// Stand-ins for the public base images, for a machine that can pull none: same names, same programs, made from Debian's
// archive, the node that runs this, and the npm registry. Whatever is built on them cannot tell them from the originals,
// so that the Dockerfile and docker-compose.yml are the ones that a user gets.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { debianArchive } from '../lab/apt.ts'
import { run } from '../lab/command.ts'
import { type EngineInstall, install } from '../lab/install.ts'
import { debianLayer } from '../lab/layers.ts'
import { withLock } from '../lab/lock.ts'
import { cacheDir } from '../lab/places.ts'

// What `docker import` needs: a root filesystem, and the image's configuration as Dockerfile instructions.
export type StandIn = { readonly ref: string; readonly tarball: string; readonly changes: readonly string[] }

const repository = join(import.meta.dirname, '../..')
const folder = join(cacheDir, 'stand-ins')
// Part of every key: raised whenever a tree comes out differently from the same ingredients.
const recipe = 1

const say = (line: string) => process.stderr.write(`lab: ${line}\n`)

// Made once for a key and kept; an older one of the same name goes.
const kept = async (name: string, ingredients: string, make: (root: string) => Promise<void>): Promise<string> => {
  const key = createHash('sha256').update(`${recipe}\n${ingredients}`).digest('hex').slice(0, 16)
  const tarball = join(folder, `${name}-${key}.tar`)
  if (existsSync(tarball)) return tarball
  return withLock(`stand-in-${name}`, async () => {
    if (existsSync(tarball)) return tarball
    say(`making a stand-in for the ${name} image`)
    await mkdir(folder, { recursive: true })
    const scratch = await mkdtemp(join(folder, `making-${name}-`))
    try {
      const root = join(scratch, 'root')
      await mkdir(root)
      await make(root)
      await run(['tar', '--numeric-owner', '--one-file-system', '-C', root, '-cf', join(scratch, 'root.tar'), '.'])
      for (const old of await readdir(folder)) {
        if (old.startsWith(`${name}-`)) await rm(join(folder, old), { force: true })
      }
      await rename(join(scratch, 'root.tar'), tarball)
      return tarball
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  })
}

// npm's cache, in the image: `npm ci` in it is the real one, and reads what the lock file names from there.
const npmCache = '/opt/npm-cache'

// Next to the npm that the official image has.
const npmVersion = 'npm@11'

const makeNode = async (root: string): Promise<void> => {
  const { file } = await debianLayer()
  await run(['tar', '--numeric-owner', '-C', root, '-xf', file])
  await run(['chroot', root, 'useradd', '--create-home', '--shell', '/bin/bash', '--uid', '1000', 'node'])
  const local = join(root, 'usr/local')
  await copyFile(process.execPath, join(local, 'bin/node'))
  await chmod(join(local, 'bin/node'), 0o755)
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  await run(['npm', 'install', '--global', `--prefix=${local}`, ...quiet, npmVersion], { timeoutMs: 300_000 })
  const project = join(root, '..', 'project')
  await mkdir(project)
  for (const name of ['package.json', 'package-lock.json']) await copyFile(join(repository, name), join(project, name))
  const cache = `--cache=${join(root, npmCache)}`
  await run(['npm', 'ci', '--ignore-scripts', cache, ...quiet], { cwd: project, timeoutMs: 300_000 })
  await rm(join(root, npmCache, '_logs'), { recursive: true, force: true })
}

export const nodeStandIn = async (ref: string): Promise<StandIn> => {
  const lock = await readFile(join(repository, 'package-lock.json'), 'utf8')
  return {
    ref,
    tarball: await kept('node', `${process.version}\n${npmVersion}\n${lock}`, makeNode),
    changes: [
      'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      `ENV NPM_CONFIG_OFFLINE=true NPM_CONFIG_CACHE=${npmCache}`,
      'CMD ["node"]',
    ],
  }
}

const debianSuite = 'bookworm'
const entrypoint = join(import.meta.dirname, 'dockerd-entrypoint.sh')

const enginePrograms = [
  ...['usr/sbin/dockerd', 'usr/sbin/docker-proxy', 'usr/sbin/runc'],
  ...['usr/bin/docker', 'usr/bin/docker-init', 'usr/bin/containerd', 'usr/bin/containerd-shim-runc-v2'],
]

const makeEngine =
  (engine: EngineInstall) =>
  async (root: string): Promise<void> => {
    const scratch = join(root, '..', 'archive')
    const { url } = await debianArchive(debianSuite, scratch)
    await run(['debootstrap', '--variant=minbase', '--include=iptables', debianSuite, root, url], {
      timeoutMs: 580_000,
    })
    await rm(join(root, 'var/cache/apt/archives'), { recursive: true, force: true })
    await rm(join(root, 'var/lib/apt/lists'), { recursive: true, force: true })
    const bin = join(root, 'usr/local/bin')
    for (const program of enginePrograms) await copyFile(join(engine.root, program), join(bin, basename(program)))
    await copyFile(entrypoint, join(bin, 'dockerd-entrypoint.sh'))
    await chmod(join(bin, 'dockerd-entrypoint.sh'), 0o755)
    // Debian has `/var/run -> /run`; the official image keeps its socket's path too.
    if (!existsSync(join(root, 'var/run'))) await symlink('/run', join(root, 'var/run'))
  }

export const engineStandIn = async (ref: string): Promise<StandIn> => {
  const engine = (await install(['current'])).get('current')
  if (engine === undefined) throw new Error('The current engine was not installed.')
  const script = await readFile(entrypoint, 'utf8')
  return {
    ref,
    tarball: await kept('engine', `${engine.version}\n${script}`, makeEngine(engine)),
    changes: [
      'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'ENV DOCKER_TLS_CERTDIR=/certs',
      'VOLUME /var/lib/docker',
      'ENTRYPOINT ["dockerd-entrypoint.sh"]',
    ],
  }
}

// Whatever can run the docker command line of a host.
type ImageHost = { readonly docker: (args: readonly string[]) => Promise<string> }

export const importStandIn = async (host: ImageHost, { ref, tarball, changes }: StandIn): Promise<void> => {
  const configuration = changes.flatMap((change) => ['--change', change])
  await host.docker(['import', ...configuration, tarball, ref])
}
