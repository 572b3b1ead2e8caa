// What a lab needs on this machine, and getting it. Engines come from Debian's archive by apt, with a sources list and
// a lists folder of their own, and are unpacked into the cache: nothing that apt manages on this machine changes. Small
// tools that are missing (ip, iptables, …) are installed.
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { debianArchive } from './apt.ts'
import { cgroupsMissing } from './cgroups.ts'
import { run, systemPath } from './command.ts'
import { withLock } from './lock.ts'
import { cacheDir } from './places.ts'

export type EngineKind = 'current' | 'legacy'

export type EngineInstall = {
  readonly kind: EngineKind
  // Of dockerd.
  readonly version: string
  // The folder that holds usr/bin, usr/sbin, …
  readonly root: string
  // PATH under which dockerd, docker, containerd and runc are this engine's.
  readonly path: string
}

// Every reason at once why there can be no lab here.
export class LabUnavailable extends Error {
  readonly reasons: readonly string[]

  constructor(reasons: readonly string[]) {
    super(['No lab can run on this machine:', ...reasons.map((reason) => `- ${reason}`)].join('\n'))
    this.name = 'LabUnavailable'
    this.reasons = reasons
  }
}

const say = (line: string) => process.stderr.write(`lab: ${line}\n`)

export const findProgram = (name: string): string | undefined =>
  systemPath
    .split(':')
    .map((directory) => join(directory, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })

// Program → the Debian package that brings it.
const tools = {
  nsenter: 'util-linux',
  unshare: 'util-linux',
  flock: 'util-linux',
  mount: 'mount',
  ip: 'iproute2',
  tc: 'iproute2',
  iptables: 'iptables',
  'mkfs.ext4': 'e2fsprogs',
  'mkfs.xfs': 'xfsprogs',
} as const

const missingTools = () => Object.keys(tools).filter((name) => findProgram(name) === undefined)

const missingHere = async (): Promise<readonly string[]> => {
  const reasons: string[] = []
  if (process.platform !== 'linux') {
    return [`it takes Linux's network namespaces and this is ${process.platform}; a Linux virtual machine will do`]
  }
  if (process.getuid?.() !== 0) reasons.push('it takes root (namespaces, mounts, engines); run it with sudo')
  if (findProgram('apt-get') === undefined || findProgram('dpkg-deb') === undefined) {
    reasons.push("Debian's apt is not here, and the engines come from Debian's archive")
    const missing = missingTools()
    if (missing.length > 0) reasons.push(`these programs are missing: ${missing.join(', ')}`)
  }
  reasons.push(...(await cgroupsMissing()))
  return reasons
}

// Throws LabUnavailable with every reason.
export const requireLab = async (): Promise<void> => {
  const reasons = await missingHere()
  if (reasons.length > 0) throw new LabUnavailable(reasons)
}

const installTools = async (): Promise<void> => {
  const packages = [...new Set(missingTools().map((name) => tools[name as keyof typeof tools]))]
  await installPackages(packages)
}

// Into the system itself; only for tools that start nothing when they are installed.
export const installPackages = async (packages: readonly string[]): Promise<void> => {
  if (packages.length === 0) return
  say(`installing ${packages.join(', ')} with apt-get`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run(['apt-get', 'update', '-q'], { env, timeoutMs: 300_000 })
  await run(['apt-get', 'install', '-q', '-y', '--no-install-recommends', ...packages], { env, timeoutMs: 300_000 })
}

// Where each engine comes from: suites in the order of preference. The first whose programs run here is taken, since a
// newer suite may come to need a newer C library than this machine's. runc and busybox are always of this machine's own.
const recipes = {
  current: {
    suites: ['sid', 'trixie'],
    packages: ['docker.io', 'docker-cli', 'docker-compose', 'containerd', 'tini-static'],
    native: ['runc'],
  },
  legacy: {
    suites: ['bookworm'],
    packages: ['docker.io', 'containerd', 'runc', 'tini'],
    native: [],
  },
} as const satisfies Record<EngineKind, Record<'suites' | 'packages' | 'native', readonly string[]>>

const engineDir = (kind: EngineKind) => join(cacheDir, 'engines', kind)
// Where the docker command line of either engine finds Compose, which is the current one's.
export const composePlugins = join(engineDir('current'), 'usr/libexec/docker/cli-plugins')

const pathOf = (root: string) => `${join(root, 'usr/sbin')}:${join(root, 'usr/bin')}:${systemPath}`

const asInstalled = (kind: EngineKind): EngineInstall | undefined => {
  try {
    const { version } = JSON.parse(readFileSync(join(engineDir(kind), 'installed.json'), 'utf8'))
    return { kind, version: String(version), root: engineDir(kind), path: pathOf(engineDir(kind)) }
  } catch {
    return undefined
  }
}

const unpack = async (suite: string, packages: readonly string[], root: string, scratch: string): Promise<void> => {
  if (packages.length === 0) return
  const folder = await mkdtemp(join(scratch, `${suite}-`))
  const archive = await debianArchive(suite, folder)
  await archive.download(packages, folder)
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.deb'))) {
    await run(['dpkg-deb', '-x', join(folder, file), root])
  }
}

// Runs every program once: a library that is missing or too old shows here and not in the middle of a test.
const probe = async (root: string): Promise<string> => {
  const env = { ...process.env, PATH: pathOf(root) }
  for (const program of ['containerd', 'runc', 'docker', 'docker-init']) await run([program, '--version'], { env })
  const said = await run(['dockerd', '--version'], { env })
  return /version ([0-9.]+)/.exec(said)?.[1] ?? said.trim()
}

const codename = async (): Promise<string> =>
  /^VERSION_CODENAME=(.*)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1] ?? 'stable'

const build = async (kind: EngineKind, scratch: string): Promise<void> => {
  const recipe = recipes[kind]
  const failures: string[] = []
  for (const suite of recipe.suites) {
    const root = await mkdtemp(join(scratch, 'root-'))
    say(`fetching the ${kind} engine (${recipe.packages.join(', ')} of Debian ${suite})`)
    try {
      await unpack(suite, recipe.packages, root, scratch)
      await unpack(await codename(), recipe.native, root, scratch)
      // The package links docker-init to tini by an absolute path, which leads out of this folder.
      const init = join(root, 'usr/bin/docker-init')
      await rm(init, { force: true })
      await symlink('tini-static', init)
      const version = await probe(root)
      await writeFile(join(root, 'installed.json'), JSON.stringify({ version, suite }))
      await rm(engineDir(kind), { recursive: true, force: true })
      await rename(root, engineDir(kind))
      say(`the ${kind} engine is Docker ${version}, kept in ${engineDir(kind)}`)
      return
    } catch (error) {
      failures.push(`the ${kind} engine of Debian ${suite}: ${error instanceof Error ? error.message : error}`)
    }
  }
  throw new LabUnavailable(failures)
}

// The engines asked for and the tools to run them. Quick where they are there already; otherwise says on stderr what it
// does. Safe to call from several processes at once.
export const install = async (kinds: readonly EngineKind[]): Promise<ReadonlyMap<EngineKind, EngineInstall>> => {
  await requireLab()
  const complete = () => kinds.every((kind) => asInstalled(kind) !== undefined) && missingTools().length === 0
  if (!complete()) {
    await withLock('install', async () => {
      await installTools()
      await mkdir(join(cacheDir, 'engines'), { recursive: true })
      const scratch = await mkdtemp(join(cacheDir, 'engines', 'installing-'))
      try {
        for (const kind of new Set(kinds)) if (asInstalled(kind) === undefined) await build(kind, scratch)
      } finally {
        await rm(scratch, { recursive: true, force: true })
      }
    })
  }
  return new Map(
    kinds.map((kind) => {
      const found = asInstalled(kind)
      if (found === undefined) throw new LabUnavailable([`the ${kind} engine could not be installed`])
      return [kind, found]
    }),
  )
}

// A program of one of Debian's packages, alone. Answers its path.
const installProgram = async (name: string, debianPackage: string): Promise<string> => {
  const kept = join(cacheDir, name, name)
  if (existsSync(kept)) return kept
  await requireLab()
  return withLock('install', async () => {
    if (existsSync(kept)) return kept
    say(`fetching ${debianPackage}`)
    await mkdir(join(cacheDir, name), { recursive: true })
    const scratch = await mkdtemp(join(cacheDir, name, 'installing-'))
    try {
      await unpack(await codename(), [debianPackage], join(scratch, 'root'), scratch)
      const merged = join(scratch, 'root/usr/bin', name)
      await rename(existsSync(merged) ? merged : join(scratch, 'root/bin', name), kept)
      return kept
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  })
}

// The static busybox that the images are made of.
export const installBusybox = (): Promise<string> => installProgram('busybox', 'busybox-static')
export const installRegistry = (): Promise<string> => installProgram('docker-registry', 'docker-registry')
