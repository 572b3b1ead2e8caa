// A description of a directory tree by find, stat, sha256sum and getfattr alone: two trees are the same where their
// descriptions are. Nothing of the volume engine takes part.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const exec = promisify(execFile)

// Names are bytes.
const run = async (cwd: string, command: string): Promise<string> => {
  const { stdout } = await exec('bash', ['-o', 'pipefail', '-c', command], {
    cwd,
    encoding: 'latin1',
    maxBuffer: 1024 ** 3,
    env: { ...process.env, LC_ALL: 'C' },
  })
  return stdout
}

const records = (text: string): string[] => text.split('\0').filter((record) => record !== '')

// Larger files are not read whole: what they hold is told by their blocks.
const readWhole = '-size -1048577k'

export type Tree = ReadonlyMap<string, string>

// By path: everything that a copy must keep. Files with several names have the first of them in their description.
export const describeTree = async (root: string): Promise<Tree> => {
  const tree = new Map<string, string>()
  const firstName = new Map<string, string>()
  for (const entry of await entriesOf(root)) {
    const [path = '', type, mode, uid, gid, time, size, text, inode = '', links] = entry
    if (type === 's') continue
    const length = type === 'd' ? '' : size
    const several = type !== 'd' && links !== '1'
    if (several && !firstName.has(inode)) firstName.set(inode, path)
    const shared = several ? `the inode of ${firstName.get(inode)}` : ''
    tree.set(path, [type, mode, uid, gid, time, length, text, shared].join(' '))
  }
  const add = (path: string, what: string): void => {
    tree.set(path, `${tree.get(path) ?? 'missing'} ${what}`)
  }
  for (const line of records(await run(root, `find . -type f ${readWhole} -print0 | xargs -0r sha256sum -z --`))) {
    add(line.slice(68), line.slice(0, 64))
  }
  for (const line of records(
    await run(root, "find . \\( -type c -o -type b \\) -print0 | xargs -0r stat --printf '%t:%T %n\\0'"),
  )) {
    const at = line.indexOf(' ')
    add(line.slice(at + 3), line.slice(0, at))
  }
  for (const block of (await run(root, 'getfattr -R -P -h -d -m - -e hex .')).split('\n\n')) {
    const [name, ...values] = block.split('\n').filter((line) => line !== '')
    // The host's own; and XFS's form of an ACL that is there under its own name as well.
    const kept = values.filter((line) => !/^(security\.selinux|trusted\.SGI_ACL_)/.test(line))
    if (name !== undefined && kept.length > 0) tree.set(`attributes of ${name}`, kept.toSorted().join(' '))
  }
  return tree
}

const entriesOf = async (root: string): Promise<string[][]> => {
  const fields = ['%P', '%y', '%m', '%U', '%G', '%T@', '%s', '%l', '%D:%i', '%n']
  const flat = (await run(root, `find . -printf '${fields.join('\\0')}\\0'`)).split('\0')
  const entries: string[][] = []
  for (let at = 0; at + fields.length <= flat.length; at += fields.length)
    entries.push(flat.slice(at, at + fields.length))
  return entries.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1))
}

// Empty: the two are the same.
export const treeDifferences = (one: Tree, other: Tree): string[] => [
  ...[...one].flatMap(([path, what]) => {
    const there = other.get(path)
    return there === what ? [] : [`${JSON.stringify(path)}: ${what} against ${there ?? 'nothing'}`]
  }),
  ...[...other.keys()].filter((path) => !one.has(path)).map((path) => `${JSON.stringify(path)}: nothing against it`),
]

// The bytes that are allocated to everything below, in KiB.
export const allocatedKiB = async (root: string): Promise<number> => {
  const { stdout } = await exec('du', ['-sk', '--one-file-system', root])
  return Number.parseInt(stdout, 10)
}
