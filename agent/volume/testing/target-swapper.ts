// For tests, a process of its own: puts symlinks to a directory outside in the place of a target's directories, and takes
// them away again, as fast as it can, until it is killed. Arguments: the target, and the directory outside.
import { renameSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'

const [root = '', outside = ''] = process.argv.slice(2)

const attempt = (change: () => void): void => {
  try {
    change()
  } catch {
    // Not there at the moment, or taken.
  }
}

for (let turn = 0; ; turn++) {
  const place = join(root, `directory-${turn % 10}`)
  const aside = join(root, '..', 'taken')
  attempt(() => renameSync(place, aside))
  attempt(() => symlinkSync(outside, place))
  attempt(() => symlinkSync(join(outside, 'precious'), join(root, `file-${turn % 100}`)))
  attempt(() => unlinkSync(place))
  attempt(() => renameSync(aside, place))
  if (turn === 40) process.stdout.write('begun\n')
}
