// Where the coordinator is and who asks: the flags and variables that every client command takes.
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { readSettings } from '../../shared/config/settings.ts'
import { type ArchiveClient, createArchiveClient } from './archives.ts'
import { type Client, createClient } from './client.ts'

export type ConnectionFlags = {
  readonly url?: string
  readonly token?: string
  readonly tokenFile?: string
}

const httpUrl = (raw: string): string => {
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
const headerText = (raw: string): string => {
  if (!/^[\x21-\x7e]+$/.test(raw)) throw new Error('it has blanks or other characters that no token has')
  return raw
}

const definitions = {
  url: { env: 'DRAYAGE_URL', flag: 'url', default: 'http://127.0.0.1:8440', parse: httpUrl },
  token: { env: 'DRAYAGE_TOKEN', flag: 'token', optional: true, parse: headerText },
  tokenFile: {
    env: 'DRAYAGE_TOKEN_FILE',
    flag: 'tokenFile',
    optional: true,
    parse: (path: string) => headerText(firstLineOf(path)),
  },
} as const

export const addConnectionOptions = (command: Command): Command =>
  command
    .option('--url <url>', 'the coordinator [DRAYAGE_URL, default http://127.0.0.1:8440]')
    .option('--token-file <file>', 'a file with the token [DRAYAGE_TOKEN_FILE]')
    .option('--token <token>', 'the token itself; others on this machine can see it [DRAYAGE_TOKEN]')

// --token, then --token-file, then the environment in the same order.
const settingsOf = (flags: ConnectionFlags): { readonly url: string; readonly token: string } => {
  const settings = readSettings(definitions, { url: flags.url, token: flags.token, tokenFile: flags.tokenFile })
  const fileFirst = flags.token === undefined && flags.tokenFile !== undefined
  const token = fileFirst ? settings.tokenFile : (settings.token ?? settings.tokenFile)
  return { url: settings.url, token: token ?? '' }
}

export const connect = (flags: ConnectionFlags): Client => createClient(settingsOf(flags))
export const connectArchives = (flags: ConnectionFlags): ArchiveClient => createArchiveClient(settingsOf(flags))
