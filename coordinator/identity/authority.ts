// The certificate authority: the root that the coordinator and all its agents trust, and while it is changed for another, both
// of them. It lives in one file of the data directory and never leaves it; only certificates do. Each stage of a change is
// one replacement of that file, so that whatever is cut off, and whatever a backup holds, is one stage or the next.
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile } from '../../shared/disk/durable-file.ts'
import { AppError } from '../../shared/errors.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'
import { createRoot, openRoot, type Root } from './root.ts'

// settled: one root. spreading: the next one is to be trusted, and the first still issues. renewing: the next one issues, and
// the previous one is still trusted.
export type Stage = 'settled' | 'spreading' | 'renewing'

export type Authority = Pick<
  Root,
  'certificate' | 'fingerprint' | 'issueForRest' | 'issueForTickets' | 'issueForAgent'
> & {
  readonly stage: Stage
  // Of all that are trusted, the one that issues first. PEM.
  readonly trusted: readonly string[]
  readonly issuing: Root
  // The next one while spreading, the previous one while renewing.
  readonly other: Root | null
  issueOwn(at: Date): Promise<TlsIdentity>
  // From settled to spreading, from there to renewing, and from there to settled: on the disk when it resolves. Nothing is
  // done where that has been done.
  prepare(at: Date): Promise<void>
  change(): Promise<void>
  // The key of the previous one is removed with it.
  retire(): Promise<void>
}

type Roots = { readonly issuing: Root; readonly next?: Root; readonly previous?: Root }
type Place = keyof Roots

type Options = {
  readonly agentLifetimeMs?: number | undefined
  // Those that trust the one that there was.
  readonly enrolledHosts?: () => Promise<readonly string[]>
}

const nobody = async (): Promise<readonly string[]> => []

// Makes it when there is none, and nobody trusts another.
export const openAuthority = async (
  dataDir: string,
  at: Date,
  { agentLifetimeMs, enrolledHosts = nobody }: Options = {},
): Promise<Authority> => {
  const file = join(dataDir, 'authority.pem')
  const open = (secret: string) => openRoot(secret, agentLifetimeMs)
  if (isAbsent(file)) {
    const hosts = await enrolledHosts()
    if (hosts.length > 0) {
      throw unusable(
        file,
        `it is not there, and ${hosts.length} enrolled hosts trust it (${hosts.slice(0, 3).join(', ')})`,
      )
    }
    await replaceFile(file, await createRoot(at))
  }
  let roots = await readRoots(file, open)
  const all = () => [roots.issuing, roots.next, roots.previous].filter((root) => root !== undefined)
  const trusted = () => all().map(({ certificate }) => certificate)
  await publish(join(dataDir, 'ca.pem'), trusted())

  const replace = async (next: Roots): Promise<void> => {
    await replaceFile(file, textOf(next))
    roots = next
    await publish(join(dataDir, 'ca.pem'), trusted())
  }

  return {
    get stage() {
      if (roots.next !== undefined) return 'spreading'
      return roots.previous === undefined ? 'settled' : 'renewing'
    },
    get trusted() {
      return trusted()
    },
    get issuing() {
      return roots.issuing
    },
    get other() {
      return roots.next ?? roots.previous ?? null
    },
    get certificate() {
      return roots.issuing.certificate
    },
    get fingerprint() {
      return roots.issuing.fingerprint
    },
    issueOwn: async (now) => ({
      authority: trusted()
        .map((pem) => `${pem}\n`)
        .join(''),
      ...(await roots.issuing.issueOwn(now)),
    }),
    // Whoever asks there learns of the next root from what the first one vouches for (docs/adr/0024).
    issueForRest: (names, now) => (roots.previous ?? roots.issuing).issueForRest(names, now),
    issueForTickets: (now) => roots.issuing.issueForTickets(now),
    issueForAgent: (host, request, now) => roots.issuing.issueForAgent(host, request, now),

    prepare: async (now) => {
      if (roots.next !== undefined || roots.previous !== undefined) return
      await replace({ issuing: roots.issuing, next: await open(await createRoot(now)) })
    },
    change: async () => {
      if (roots.next === undefined) return
      await replace({ issuing: roots.next, previous: roots.issuing })
    },
    retire: async () => {
      if (roots.previous === undefined) return
      await replace({ issuing: roots.issuing })
    },
  }
}

// A key and its certificate after the word for its place; a line that belongs to no block is none of PEM's (RFC 7468, 2). A
// single root has no word, as in every version of Drayage.
const root = /(?:^(issuing|next|previous)\n)?(-----BEGIN PRIVATE KEY-----[\s\S]+?-----END CERTIFICATE-----)/gm

const textOf = ({ issuing, next, previous }: Roots): string => {
  const places: [Place, Root | undefined][] = [
    ['issuing', issuing],
    ['next', next],
    ['previous', previous],
  ]
  const there = places.flatMap(([place, one]) => (one === undefined ? [] : [[place, one.secret.trim()] as const]))
  return there.map(([place, secret]) => `${there.length === 1 ? '' : `${place}\n`}${secret}\n`).join('')
}

const readRoots = async (file: string, open: (secret: string) => Promise<Root>): Promise<Roots> => {
  try {
    const found: Partial<Record<Place, Root>> = {}
    for (const [, place = 'issuing', secret = ''] of readFileSync(file, 'utf8').matchAll(root)) {
      found[place as Place] = await open(secret)
    }
    const { issuing, next, previous } = found
    if (issuing === undefined) throw new Error('it has no key with a certificate')
    if (next !== undefined) return { issuing, next }
    return previous === undefined ? { issuing } : { issuing, previous }
  } catch (thrown) {
    throw unusable(file, `it cannot be read: ${(thrown as Error).message}`, thrown)
  }
}

// A link that leads nowhere is there: what it leads to may be away for now.
const isAbsent = (file: string): boolean => {
  try {
    lstatSync(file)
    return false
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw unusable(file, `it cannot be read: ${(thrown as Error).message}`, thrown)
  }
}

const unusable = (file: string, why: string, cause?: unknown): AppError =>
  new AppError(
    'DRAYAGE_CONFIG_INVALID',
    `The certificate authority in ${file} cannot be used: ${why}. Put that file back from a backup (dray coordinator restore ` +
      'makes a data directory from one), or mount what it is on. Without either, begin with an empty --data-dir: with another ' +
      'authority every host has to be added anew.',
    cause === undefined ? {} : { cause },
  )

// What others trust, for whoever sets them up: no secret.
const publish = async (file: string, certificates: readonly string[]): Promise<void> => {
  const content = certificates.map((pem) => `${pem}\n`).join('')
  if (existsSync(file) && readFileSync(file, 'utf8') === content) return
  await replaceFile(file, content, 0o644)
}
