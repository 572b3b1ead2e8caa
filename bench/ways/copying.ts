// The ways to bring a volume to another host.
import { run } from '../../test/lab/command.ts'
import type { Part } from '../meters/groups.ts'
import { createContainer, idle, longest, removeContainer, type Stage } from '../stage.ts'
import { dockerCpPipe, rsyncCommand, tarPipe } from './commands.ts'
import type { CopyWay, Source } from './copy-way.ts'
import { openRounds } from './drayage-rounds.ts'
import { ways } from './names.ts'

type Copy = { readonly source: Source; readonly target: string; readonly targetContainer: string }

// Into an empty volume of a container on the target, by a command that runs on the source.
const byCommand = (
  name: string,
  memoryOf: readonly Part[],
  commandOf: (stage: Stage, copy: Copy) => readonly string[],
): CopyWay => ({
  name,
  memoryOf,
  open: async (stage, source) => {
    const targetContainer = `copy-${name.replaceAll(/[^a-z]+/g, '-')}`
    const target = await createContainer(stage.to, targetContainer, stage.image, idle)
    const command = stage.groups.from.command(commandOf(stage, { source, target, targetContainer }))
    return {
      target,
      once: async () => {
        await run(command, longest)
        return {}
      },
      discard: () => removeContainer(stage.to, targetContainer),
    }
  },
})

// One live round and what goes with it: hashed on both sides, over mutual TLS, the digests compared, all of it on the disk
// when it ends, and then read back from there. The others do none of that.
const drayage: CopyWay = { name: ways.drayage, memoryOf: ['agent'], open: openRounds }

const tar = byCommand(ways.tar, ['peer'], ({ shell }, { source, target }) => tarPipe(shell, source.folder, target))

const rsync = byCommand(ways.rsync, ['peer'], ({ shell }, { source, target }) =>
  rsyncCommand(shell, source.folder, target),
)

// What is advised for databases: it writes changed blocks where they are, and not the whole file anew.
const rsyncInPlace = byCommand(ways.rsyncInPlace, ['peer'], ({ shell }, { source, target }) =>
  rsyncCommand(shell, source.folder, target, ['--inplace']),
)

const dockerCp = byCommand(ways.dockerCp, ['peer', 'engine'], (stage, { source, targetContainer }) =>
  dockerCpPipe(stage, source.name, targetContainer),
)

// Not a way to another host: what the disk and the system calls alone cost.
const cp = byCommand(ways.cp, ['peer'], (_, { source, target }) => [
  ...['cp', '-a', '--reflink=never', `${source.folder}/.`, target],
])

export const toCopy: readonly CopyWay[] = [drayage, tar, rsync, dockerCp, cp]
export const toCopyAgain: readonly CopyWay[] = [drayage, rsync, rsyncInPlace]
