import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { Command } from 'commander'
import { AppError } from '../../shared/errors.ts'
import { fetchPinnedAuthority } from '../../shared/identity/pinned-authority.ts'
import { createClient } from '../api/client.ts'
import { certificateIn, headerText, httpUrl, trustAlso } from '../api/connection.ts'
import { contextsFile, readContexts, writeContexts } from '../api/contexts.ts'
import { answering, examples } from './client-command.ts'

type Flags = {
  readonly name?: string
  readonly tokenFile?: string
  readonly caFile?: string
  readonly fingerprint?: string
  readonly json?: true
}

const wrong = (what: string): AppError => new AppError('DRAYAGE_INVALID_REQUEST', `${what} Nothing was kept.`)

const checked = <T>(what: string, read: () => T): T => {
  try {
    return read()
  } catch (thrown) {
    throw wrong(`${what} cannot be used: ${(thrown as Error).message}.`)
  }
}

// What is typed is not shown.
const askFor = async (prompt: string): Promise<string> => {
  process.stderr.write(prompt)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}

const tokenFrom = async (file: string | undefined): Promise<string> => {
  const raw =
    file !== undefined
      ? checked('--token-file', () => readFileSync(file, 'utf8'))
      : process.stdin.isTTY
        ? await askFor('Token: ')
        : readFileSync(0, 'utf8')
  const token = raw.split('\n', 1).join('').trim()
  if (token === '') throw wrong('No token was given: type it, pipe it in, or name a file with --token-file.')
  return checked('The token', () => headerText(token))
}

const authorityFrom = async (url: URL, { caFile, fingerprint }: Flags): Promise<string | null> => {
  if (caFile !== undefined) return checked('--ca-file', () => certificateIn(caFile))
  if (fingerprint === undefined) return null
  const digits = fingerprint.replaceAll(':', '').toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(digits)) throw wrong('--fingerprint is not the SHA-256 of a certificate: 64 hex digits.')
  if (url.protocol !== 'https:') throw wrong(`--fingerprint is for https, and ${url.href} is not.`)
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return fetchPinnedAuthority(`${url.hostname}:${url.port === '' ? 443 : url.port}`, name, digits)
}

export const loginCommand = (): Command =>
  new Command('login')
    .summary('keep where a coordinator is, and a token for it')
    .argument('<url>', 'the coordinator, such as https://coordinator.example:8440')
    .option('--name <name>', 'what to call it [default: the host of the address]')
    .option('--token-file <file>', 'a file with the token [default: it is asked for, or read from a pipe]')
    .option('--ca-file <file>', "the coordinator's authority: a copy of ca.pem from its data directory")
    .option(
      '--fingerprint <sha256>',
      'of that authority, as the coordinator logs it when it starts, instead of the file',
    )
    .option('--json', 'print one JSON document')
    .description(
      'Keep where a coordinator is, its authority, and a token for it, so that no other command needs to be told. The ' +
        'token is tried first; what is kept is in one file that only you can read. The last login is the current context; ' +
        'dray context changes it.\n\nA coordinator that listens beyond loopback has a certificate of its own authority, ' +
        'which no machine trusts by itself: give --ca-file or --fingerprint, unless it has one that your system trusts.',
    )
    .addHelpText(
      'after',
      examples(
        [
          'dray login http://127.0.0.1:8440 --token-file /var/lib/drayage/coordinator/admin-token',
          'dray login https://10.0.0.5:8440 --fingerprint 3f6c…  (the token is asked for)',
          'dray login https://10.0.0.5:8440 --ca-file ca.pem --name office < token',
        ],
        ...([0, 2, 7, 8] as const),
      ),
    )
    .action((raw: string, flags: Flags) =>
      answering(flags, async () => {
        const url = checked('The address', () => httpUrl(raw))
        const parsed = new URL(url)
        const name = flags.name ?? parsed.hostname
        const ca = await authorityFrom(parsed, flags)
        if (ca !== null) trustAlso(ca)
        const token = await tokenFrom(flags.tokenFile)
        const { hosts } = await createClient({ url, token }).hosts()
        const { contexts } = readContexts()
        await writeContexts({ current: name, contexts: { ...contexts, [name]: { url, token, ca } } })
        const json = { name, url, hosts: hosts.length }
        const text = `${name} is the current context: ${url}, which knows ${hosts.length} host${hosts.length === 1 ? '' : 's'}. It is kept in ${contextsFile()}.`
        return { json, text }
      }),
    )
