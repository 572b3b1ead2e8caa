// Debian's archive, of any suite, by this machine's own apt: its mirror, its proxy settings and its keys, and none of
// its state.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'

export type DebianArchive = {
  // Of the mirror, as debootstrap(8) takes it.
  readonly url: string
  download(packages: readonly string[], into: string): Promise<void>
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

type Source = { readonly url: string; readonly suites: readonly string[] }

// The deb822 form and the one-line form, both in sources.list(5).
export const parseSources = (text: string): readonly Source[] => {
  const oneLine = text.matchAll(/^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/gm)
  const stanzas = text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string) =>
      new RegExp(`^${name}:(.*)$`, 'mi').exec(stanza)?.[1]?.trim().split(/\s+/).filter(Boolean) ?? []
    if (!field('Types').includes('deb')) return []
    return field('URIs').map((url) => ({ url, suites: field('Suites') }))
  })
  return [...[...oneLine].map(([, url = '', suite = '']) => ({ url, suites: [suite] })), ...stanzas]
}

const configuredSources = async (): Promise<readonly Source[]> => {
  const folder = '/etc/apt/sources.list.d'
  const names = await readdir(folder).catch(() => [])
  const files = ['/etc/apt/sources.list', ...names.map((name) => join(folder, name))]
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))
  return texts.flatMap(parseSources)
}

const debianSuite = /^(?:buster|bullseye|bookworm|trixie|forky|sid|oldoldstable|oldstable|stable|testing|unstable)$/

const mirrorUrl = async (): Promise<string> => {
  const chosen = process.env.DRAYAGE_LAB_MIRROR
  if (chosen !== undefined && chosen !== '') return chosen
  const source = (await configuredSources()).find(({ suites }) => suites.some((suite) => debianSuite.test(suite)))
  if (source !== undefined) return source.url
  throw new Error(
    'No source in /etc/apt/sources.list or /etc/apt/sources.list.d is a Debian archive. Set DRAYAGE_LAB_MIRROR to the ' +
      'base URL of a Debian mirror (the folder that holds dists/ and pool/).',
  )
}

// `scratch` takes the package lists.
export const debianArchive = async (suite: string, scratch: string): Promise<DebianArchive> => {
  const url = await mirrorUrl()
  const list = join(scratch, 'sources.list')
  await mkdir(join(scratch, 'lists', 'partial'), { recursive: true })
  await writeFile(list, `deb [signed-by=${keyring}] ${url} ${suite} main\n`)
  const options = [
    `Dir::Etc::sourcelist=${list}`,
    'Dir::Etc::sourceparts=/nonexistent',
    `Dir::State::Lists=${join(scratch, 'lists')}`,
    `Dir::Cache::pkgcache=${join(scratch, 'pkgcache.bin')}`,
    `Dir::Cache::srcpkgcache=${join(scratch, 'srcpkgcache.bin')}`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option])
  await run(['apt-get', 'update', '-q', '--error-on=any', ...options], { timeoutMs: 300_000 })
  return {
    url,
    async download(packages, into) {
      await run(['apt-get', 'download', '-q', ...options, ...packages], { cwd: into, timeoutMs: 300_000 })
    },
  }
}
