// Whether a copy is the original, by somebody who had no part in making it.
import { run } from '../test/lab/command.ts'
import { longest } from './stage.ts'

// How many entries rsync finds unlike, by content, kind, owner, mode, times to the nanosecond, links, ACLs and xattrs.
export const differences = async (source: string, target: string): Promise<number> => {
  const compare = ['rsync', '-aHAX', '--numeric-ids', '--delete', '--checksum', '--modify-window=-1']
  const said = await run([...compare, '--dry-run', '--itemize-changes', `${source}/`, `${target}/`], longest)
  return said.split('\n').filter(Boolean).length
}
