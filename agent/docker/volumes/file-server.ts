// The server that a volume of a network file system is mounted from, as its options name it. Pure.
import type { StringMap } from '../api/answers.ts'

export type FileServer = { readonly host: string; readonly port: number }

// nfs(5): "the default is the standard port 2049", by TCP; with version 3 the mount asks a portmapper besides. mount.cifs(8):
// port 445. Of other kinds of file system the servers are many, or not told by options.
const ports: readonly (readonly [RegExp, number])[] = [
  [/^nfs4?$/, 2049],
  [/^(cifs|smb3?)$/, 445],
]

// server:/path, [2001:db8::1]:/path, //server/share, \\server\share
const hostIn = (device: string): string | undefined =>
  /^\[([^\]]+)\]:/.exec(device)?.[1] ?? /^(?:\/\/|\\\\)([^/\\]+)/.exec(device)?.[1] ?? /^([^:/]+):/.exec(device)?.[1]

// null: none is named.
export const fileServerOf = ({ type = '', o = '', device = '' }: StringMap): FileServer | null => {
  const usual = ports.find(([pattern]) => pattern.test(type))?.[1]
  if (usual === undefined) return null
  const options = o.split(',')
  const optional = (name: string) =>
    options.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1) || undefined
  const host = optional('addr') ?? optional('ip') ?? hostIn(device)
  return host === undefined ? null : { host, port: Number(optional('port') ?? usual) }
}
