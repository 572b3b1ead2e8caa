// The ways to move it: ours, and what people use now. Each begins with a running container on one host and ends with it
// running on the other; downtime is from asking it to stop until it runs again.
import { setTimeout as pause } from 'node:timers/promises'
import { hasEnded, type Migration } from '../shared/api/migrations.ts'
import { run } from '../test/lab/command.ts'
import type { Lab, LabHost } from '../test/lab/lab.ts'
import type { Shell } from './shell.ts'
import { container, createOn, mountpoint } from './workload.ts'

export type Moved = { readonly totalMs: number; readonly downtimeMs: number }

export type Setting = {
  readonly lab: Lab
  readonly from: LabHost
  readonly to: LabHost
  readonly image: string
  readonly shell: Shell
}

export type Mover = { readonly name: string; readonly move: (setting: Setting) => Promise<Moved> }

const long = { timeoutMs: 900_000 }

const tarOverSsh: Mover = {
  name: 'docker stop; tar | ssh tar',
  move: async ({ from, to, image, shell }) => {
    const [source, startedAt] = [await mountpoint(from), performance.now()]
    await createOn(to, image)
    const target = await mountpoint(to)
    const stoppedAt = performance.now()
    await from.docker(['stop', container])
    const pack = `tar -C ${source} --xattrs --acls --numeric-owner -cf - .`
    const unpack = shell.remote(`tar -C ${target} --xattrs --acls --numeric-owner -xpf -`)
    await from.nsexec(['sh', '-c', `${pack} | ${unpack}`], long)
    await to.docker(['start', container])
    return { totalMs: performance.now() - startedAt, downtimeMs: performance.now() - stoppedAt }
  },
}

const rsync = (passes: 1 | 2): Mover => ({
  name: passes === 1 ? 'docker stop; rsync over ssh' : 'rsync over ssh; docker stop; rsync again',
  move: async ({ from, to, image, shell }) => {
    const [source, startedAt] = [await mountpoint(from), performance.now()]
    await createOn(to, image)
    const target = await mountpoint(to)
    const pass = () =>
      from.nsexec(
        [
          'rsync',
          '-aHAXS',
          '--numeric-ids',
          '--delete',
          '-e',
          shell.command,
          `${source}/`,
          `${shell.address}:${target}/`,
        ],
        long,
      )
    if (passes === 2) await pass()
    const stoppedAt = performance.now()
    await from.docker(['stop', container])
    await pass()
    await to.docker(['start', container])
    return { totalMs: performance.now() - startedAt, downtimeMs: performance.now() - stoppedAt }
  },
})

// Its total goes on until the container is known to stay up, which the others do not wait for.
const drayage: Mover = {
  name: 'drayage',
  move: async ({ lab, from, to }) => {
    const startedAt = performance.now()
    const { id } = (await lab.coordinator.call('POST', '/v1/migrations', {
      container,
      from: from.name,
      to: to.name,
    })) as Migration
    for (;;) {
      const migration = (await lab.coordinator.call('GET', `/v1/migrations/${id}`)) as Migration
      if (hasEnded(migration.state)) {
        if (migration.state !== 'awaiting-finalize')
          throw new Error(`it did not move: ${JSON.stringify(migration.error)}`)
        return { totalMs: performance.now() - startedAt, downtimeMs: migration.downtimeMs ?? 0 }
      }
      await pause(20)
    }
  },
}

export const movers: readonly Mover[] = [drayage, tarOverSsh, rsync(1), rsync(2)]

export const warmCaches = async (from: LabHost): Promise<void> => {
  await run(['sh', '-c', `find ${await mountpoint(from)} -type f -exec cat {} + > /dev/null`], long)
}
