// A process that sees files of its host where the machine has its own: in a mount namespace, so that the machine's stay as they are.

// own: by where they are seen, what they are called in `dir`.
export const withOwn = (dir: string, own: Readonly<Record<string, string>>): readonly string[] => {
  const mounts = Object.entries(own).map(([place, name]) => `mount --bind "$0/${name}" ${place} && `)
  if (mounts.length === 0) return []
  return ['unshare', '--mount', '--propagation', 'slave', 'sh', '-c', `${mounts.join('')}exec "$@"`, dir]
}
