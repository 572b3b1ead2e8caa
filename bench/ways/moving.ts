// The ways to move what runs: each stops a container of a given name on one host, and starts it on the other.
import { setTimeout as pause } from 'node:timers/promises'
import { hasEnded, type Migration } from '../../shared/api/migrations.ts'
import { run } from '../../test/lab/command.ts'
import type { Part } from '../meters/groups.ts'
import { createContainer, longest, mountpointOf, type Stage } from '../stage.ts'
import { dockerCpPipe, rsyncCommand, tarPipe } from './commands.ts'
import { ways } from './names.ts'

export type Moving = { readonly container: string; readonly command: readonly string[] }

export type MoveWay = {
  readonly name: string
  readonly memoryOf: readonly Part[]
  // Answers with what there is to say of how it went; '': nothing.
  readonly move: (stage: Stage, moving: Moving) => Promise<string>
  // Where it runs then.
  readonly to: 'from' | 'to'
}

type Passes = {
  readonly before: number
  readonly command: (stage: Stage, source: string, target: string, container: string) => readonly string[]
}

// A script as people write them: the container is made on the other host first, so that only what must wait does.
const script = (name: string, memoryOf: readonly Part[], { before, command }: Passes): MoveWay => ({
  name,
  memoryOf,
  to: 'to',
  move: async (stage, { container, command: runs }) => {
    const { from, to, image, groups } = stage
    const source = await mountpointOf(from, container)
    const target = await createContainer(to, container, image, runs)
    const pass = () => run(groups.from.command(command(stage, source, target, container)), longest)
    for (let made = 0; made < before; made++) await pass()
    await from.docker(['stop', container])
    await pass()
    await to.docker(['start', container])
    return ''
  },
})

const rsync = (stage: Stage, source: string, target: string) => rsyncCommand(stage.shell, source, target)

const describe = ({ rounds, steps, downtimeMs, liveCopy }: Migration): string => {
  const took = steps.map(({ name, startedAt, endedAt }) =>
    startedAt === null || endedAt === null ? name : `${name} ${Date.parse(endedAt) - Date.parse(startedAt)}`,
  )
  const carried = rounds.map(({ bytesSent, durationMs }) => `${(bytesSent / 1e6).toFixed(1)} MB in ${durationMs}`)
  return (
    `rounds: ${carried.join(', ')} ms (${liveCopy?.stopped}); steps, ms: ${took.join(', ')}; ` +
    `its own word for the downtime: ${downtimeMs} ms`
  )
}

// Its time goes on until the container is known to stay up (three seconds, where it has no health check), which the
// others do not wait for.
const drayage: MoveWay = {
  name: ways.drayage,
  memoryOf: ['agent'],
  to: 'to',
  move: async ({ lab, from, to }, { container }) => {
    const asked = { container, from: from.name, to: to.name }
    const { id } = (await lab.coordinator.call('POST', '/v1/migrations', asked)) as Migration
    for (;;) {
      const migration = (await lab.coordinator.call('GET', `/v1/migrations/${id}`)) as Migration
      if (hasEnded(migration.state)) {
        if (migration.state === 'awaiting-finalize') return describe(migration)
        throw new Error(`It did not move: ${JSON.stringify(migration.error)}`)
      }
      await pause(50)
    }
  },
}

// What no way to move can do without.
const nothing: MoveWay = {
  name: ways.nothing,
  memoryOf: ['peer'],
  to: 'from',
  move: async ({ from }, { container }) => {
    await from.docker(['stop', container])
    await from.docker(['start', container])
    return ''
  },
}

export const toMove: readonly MoveWay[] = [
  nothing,
  drayage,
  script(ways.rsyncTwice, ['peer'], { before: 1, command: rsync }),
  script(ways.rsyncOnce, ['peer'], { before: 0, command: rsync }),
  script(ways.tarScript, ['peer'], { before: 0, command: ({ shell }, ...ends) => tarPipe(shell, ends[0], ends[1]) }),
  script(ways.dockerCpScript, ['peer', 'engine'], {
    before: 0,
    command: (stage, _source, _target, container) => dockerCpPipe(stage, container, container),
  }),
]
