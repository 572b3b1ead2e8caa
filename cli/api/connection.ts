// Where the coordinator is and who asks: flags first, then the environment, then what `dray login` has kept.
import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import type { Command } from 'commander'
import { readSettings, text } from '../../shared/config/settings.ts'
import { AppError } from '../../shared/errors.ts'
import { fingerprintsIn, rootsIn } from '../../shared/identity/roots.ts'
import { type ArchiveClient, createArchiveClient } from './archives.ts'
import { type Client, createClient, type KeptAuthorities } from './client.ts'
import { type Context, contextNamed, readContexts, writeContexts } from './contexts.ts'

export type ConnectionFlags = {
  readonly context?: string
  readonly url?: string
  readonly token?: string
  readonly tokenFile?: string
  readonly caFile?: string
}

export type Connection = { readonly url: string; readonly token: string; readonly kept?: KeptAuthorities }

export const httpUrl = (raw: string): string => {
  const url = URL.parse(raw)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new Error(`"${raw}" is not an address like http://127.0.0.1:8440`)
  }
  if (url.username !== '' || url.password !== '') throw new Error('it holds a password; give --token-file instead')
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

const firstLineOf = (path: string): string => {
  const [line = ''] = readFileSync(path, 'utf8').split('\n')
  if (line.trim() === '') throw new Error(`"${path}" is empty`)
  return line.trim()
}

// A token becomes a header, where a control character or a letter outside ASCII is refused with a message that names
// neither the token nor where it came from.
export const headerText = (raw: string): string => {
  if (!/^[\x21-\x7e]+$/.test(raw)) throw new Error('it has blanks or other characters that no token has')
  return raw
}

export const certificateIn = (path: string): string => {
  const pem = readFileSync(path, 'utf8')
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new Error(`"${path}" holds no certificate in PEM`)
  return pem
}

const definitions = {
  context: { env: 'DRAYAGE_CONTEXT', flag: 'context', optional: true, parse: text },
  url: { env: 'DRAYAGE_URL', flag: 'url', optional: true, parse: httpUrl },
  token: { env: 'DRAYAGE_TOKEN', flag: 'token', optional: true, parse: headerText },
  tokenFile: {
    env: 'DRAYAGE_TOKEN_FILE',
    flag: 'tokenFile',
    optional: true,
    parse: (path: string) => headerText(firstLineOf(path)),
  },
  ca: { env: 'DRAYAGE_CA_FILE', flag: 'caFile', optional: true, parse: certificateIn },
} as const

const defaultUrl = 'http://127.0.0.1:8440'

export const addConnectionOptions = (command: Command): Command =>
  command
    .option('--context <name>', 'another than the current one of dray context list [DRAYAGE_CONTEXT]')
    .option('--url <url>', `the coordinator [DRAYAGE_URL, default that of the context, else ${defaultUrl}]`)
    .option('--token-file <file>', 'a file with the token [DRAYAGE_TOKEN_FILE]')
    .option('--token <token>', 'the token itself; others on this machine can see it [DRAYAGE_TOKEN]')
    .option('--ca-file <file>', "the coordinator's authority, its ca.pem, to be trusted too [DRAYAGE_CA_FILE]")

// --token, then --token-file, then the environment in the same order. What a context has is for its own coordinator alone:
// its token goes to no other.
export const connectionOf = (flags: ConnectionFlags): Connection => {
  const { context, url, token, tokenFile, caFile } = flags
  const settings = readSettings(definitions, { context, url, token, tokenFile, caFile })
  const name = settings.context ?? readContexts().current
  const kept = contextFor(name, settings.url)
  const fileFirst = token === undefined && tokenFile !== undefined
  const given = fileFirst ? settings.tokenFile : (settings.token ?? settings.tokenFile)
  const ca = settings.ca ?? kept?.ca ?? null
  if (ca !== null) trustAlso(ca)
  return {
    url: settings.url ?? kept?.url ?? defaultUrl,
    token: given ?? kept?.token ?? '',
    ...(name !== null && kept?.ca && settings.ca === undefined ? { kept: keptFor(name, kept.ca) } : {}),
  }
}

const contextFor = (name: string | null, url: string | undefined): Context | null => {
  if (name === null) return null
  const context = contextNamed(readContexts(), name)
  return url === undefined || url === context.url ? context : null
}

const keptFor = (name: string, ca: string): KeptAuthorities => ({
  fingerprints: fingerprintsIn(ca),
  replace: async (certificates) => {
    const { current, contexts } = readContexts()
    const context = contextNamed({ current, contexts }, name)
    const next = { ...context, ca: certificates.map((pem) => `${pem.trim()}\n`).join('') }
    await writeContexts({ current, contexts: { ...contexts, [name]: next } })
  },
})

// For every connection of this process, which has one coordinator.
export const trustAlso = (ca: string): void => {
  // Since Node 24.5.
  if (typeof tls.setDefaultCACertificates !== 'function') {
    throw new AppError(
      'DRAYAGE_CONFIG_INVALID',
      `Node ${process.versions.node} cannot be told of an authority at run time. Take Node 24.5 or newer, or set NODE_EXTRA_CA_CERTS to the coordinator's ca.pem.`,
    )
  }
  const roots = rootsIn(ca).map((root) => root.toString())
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), ...roots])
}

export const connect = (flags: ConnectionFlags): Client => createClient(connectionOf(flags))
export const connectArchives = (flags: ConnectionFlags): ArchiveClient => createArchiveClient(connectionOf(flags))
