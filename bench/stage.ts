// Where everything is measured: one lab of two hosts, with an ssh server on the second for those who move with ssh.
import { join } from 'node:path'
import { run } from '../test/lab/command.ts'
import { loadImage } from '../test/lab/images.ts'
import { type Lab, type LabHost, startLab } from '../test/lab/lab.ts'
import { labDir } from '../test/lab/places.ts'
import { disk, prepareDisk } from './disks.ts'
import { type HostGroups, openGroups } from './meters/groups.ts'
import { createMeter, type Meter } from './meters/meter.ts'
import { profileFlags } from './profiles.ts'
import type { Ends } from './results.ts'
import { type Shell, startShell } from './ways/shell.ts'

export type Stage = {
  readonly lab: Lab
  readonly from: LabHost
  readonly to: LabHost
  readonly groups: Ends<HostGroups>
  readonly meter: Meter
  readonly shell: Shell
  // On both hosts.
  readonly image: string
  // Agents look at their hosts' volumes from time to time. While others are measured, they do not.
  readonly withoutAgents: <T>(work: () => Promise<T>) => Promise<T>
  readonly stop: () => Promise<void>
}

const repository = join(import.meta.dirname, '..')

export type StageOptions = {
  readonly cipher: string | undefined
  readonly profiles: string | undefined
  readonly scale: number
}

export const openStage = async ({ cipher, profiles, scale }: StageOptions): Promise<Stage> => {
  // What is installed, and not the sources as they are: those take a compiler along, 40 MB of it in every thread.
  await run(['npm', 'run', '-s', 'build'], { cwd: repository })
  const program = join(repository, 'dist/cli/dray.js')
  const lab = await startLab({ hosts: [{ disk }, { disk }], program })
  try {
    const [from, to] = [lab.host('host-1'), lab.host('host-2')]
    for (const host of [from, to]) await prepareDisk(host, scale)
    const agents = [from.agent, to.agent]
    if (profiles !== undefined) {
      for (const host of [from, to]) {
        await host.agent.stop()
        await host.agent.start({ env: { NODE_OPTIONS: profileFlags(profiles, host.name) } })
      }
    }
    const { ref: image } = await loadImage(from, 'busybox')
    await loadImage(to, 'busybox')
    const groups = { from: await openGroups(lab.id, from), to: await openGroups(lab.id, to) }
    const shell = await startShell({ host: to, groups: groups.to, folder: join(labDir(lab.id), 'ssh'), cipher })
    return {
      ...{ lab, from, to, groups, shell, image },
      meter: createMeter(groups),
      withoutAgents: async (work) => {
        for (const agent of agents) agent.pause()
        try {
          return await work()
        } finally {
          for (const agent of agents) agent.resume()
          await Promise.all([lab.untilHostIs(from, 'online'), lab.untilHostIs(to, 'online')])
        }
      },
      stop: async () => {
        shell.stop()
        // Profiles are written at the end of a process that ends by itself.
        if (profiles !== undefined) await Promise.all(agents.map((agent) => agent.stop()))
        await lab.stop()
      },
    }
  } catch (thrown) {
    await lab.stop()
    throw thrown
  }
}

export const longest = { timeoutMs: 3_600_000 }

export const mountpointOf = async (host: LabHost, volume: string): Promise<string> =>
  (await host.docker(['volume', 'inspect', '--format', '{{.Mountpoint}}', volume])).trim()

// A container with one volume at /data, both of the same name.
export const createContainer = async (
  host: LabHost,
  name: string,
  image: string,
  command: readonly string[],
): Promise<string> => {
  await host.docker(['create', '--name', name, '--stop-timeout', '10', '-v', `${name}:/data`, image, ...command])
  return mountpointOf(host, name)
}

export const removeContainer = async (host: LabHost, name: string): Promise<void> => {
  await host.docker(['rm', '--force', name])
  await host.docker(['volume', 'rm', '--force', name], longest)
}

export const idle = ['sleep', '1000000']

// What one has left for later is not paid by the next. Answers with how long it took.
export const settle = async (): Promise<number> => {
  const startedAt = performance.now()
  await run(['sync'], longest)
  return performance.now() - startedAt
}

// Sources are read from memory, by everyone.
export const warm = (folder: string): Promise<string> =>
  run(['sh', '-c', 'find "$0" -type f -exec cat {} + > /dev/null', folder], longest)
