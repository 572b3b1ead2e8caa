// One Docker engine as a host of its own: its own data, socket, containerd, network namespace and host name.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { isRunning, makeCgroup } from './cgroups.ts'
import { composePlugins, type EngineInstall } from './install.ts'
import { labNetworks } from './network.ts'
import { withOwn } from './own-files.ts'
import { cgroupOf, hostDir, hostNetns, ownSrv, pluginsDir } from './places.ts'
import { type LabProcess, labProcess } from './processes.ts'
import { eventually } from './wait.ts'

export type EngineOptions = {
  readonly imageStore: 'graphdriver' | 'containerd'
  readonly usernsRemap: boolean
  // Containers stay through an engine's restart. Without it the engine stops, as it starts, those that a killed engine
  // left running (10 s of grace each), and then starts again what its restart policy says.
  readonly liveRestore: boolean
  // Whether it looks for plugins in a folder of its own (volume-plugin.ts), or where all of this machine look.
  readonly plugins: boolean
}

export type EnginePlace = {
  readonly socket: string
  // What may be a disk of its own.
  readonly disk: string
  // Where the engine's volumes are. A remapping engine has a folder in the other for it.
  readonly dataRoot: string
  // For anything that runs the matching docker command line.
  readonly clientEnv: NodeJS.ProcessEnv
}

// The first id that a remapping engine gives to its containers, and how many there are.
const remapped = { first: 231072, count: 65536 }

export const enginePlace = (
  id: string,
  host: string,
  engine: EngineInstall,
  { usernsRemap }: EngineOptions,
): EnginePlace => {
  const dir = hostDir(id, host)
  const socket = join(dir, 'docker.sock')
  const dataRoot = join(dir, 'data')
  return {
    socket,
    disk: dataRoot,
    dataRoot: usernsRemap ? join(dataRoot, `${remapped.first}.${remapped.first}`) : dataRoot,
    clientEnv: {
      PATH: engine.path,
      HOME: dir,
      DOCKER_HOST: `unix://${socket}`,
      DOCKER_CONFIG: join(dir, 'client'),
    },
  }
}

// GET /_ping answers once the API serves; the containers with a restart policy have been started by then.
const answers = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const asked = request({ socketPath: socket, path: '/_ping', timeout: 2_000 }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => resolve(false))
    asked.end()
  })

// Ranges for `nobody`, in place of the machine's own files; see wrapperFor. Engines look in both for the user's name.
const writeIdRanges = async (dir: string) => {
  const range = `:${remapped.first}:${remapped.count}\n`
  await writeFile(join(dir, 'subuid'), `nobody${range}`)
  await writeFile(join(dir, 'subgid'), `nobody${range}`)
}

// The engine reads the ranges from /etc/subuid and /etc/subgid and nowhere else, and looks for the sockets of plugins in
// /run/docker/plugins.
const pluginSockets = '/run/docker/plugins'

const wrapperFor = (dir: string, { usernsRemap, plugins, ownSrv }: Asked): readonly string[] =>
  withOwn(dir, {
    ...(usernsRemap ? { '/etc/subuid': 'subuid', '/etc/subgid': 'subgid' } : {}),
    ...(plugins ? { [pluginSockets]: 'plugins' } : {}),
    ...(ownSrv ? { '/srv': 'srv' } : {}),
  })

type Asked = EngineOptions & { readonly ownSrv: boolean }

// The kernel kills containerd with the engine. Where the machine's init has not reaped it by the next start, engine
// 20.10 takes it for running and waits for it in vain.
const forgetDeadContainerd = async (dir: string) => {
  const pidFile = join(dir, 'exec/containerd/containerd.pid')
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => '0'))
  if (pid === 0) return
  await eventually('the containerd of the engine before to end', 10_000, async () => !isRunning(pid))
  await rm(pidFile, { force: true })
}

export const makeEngine = async (
  id: string,
  host: string,
  engine: EngineInstall,
  place: EnginePlace,
  options: Asked,
): Promise<LabProcess> => {
  const dir = hostDir(id, host)
  await mkdir(join(dir, 'client'), { recursive: true })
  await mkdir(place.disk, { recursive: true })
  await writeFile(join(dir, 'client', 'config.json'), JSON.stringify({ cliPluginsExtraDirs: [composePlugins] }))
  await writeFile(
    join(dir, 'daemon.json'),
    JSON.stringify({
      'data-root': place.disk,
      'exec-root': join(dir, 'exec'),
      pidfile: join(dir, 'dockerd.pid'),
      hosts: [`unix://${place.socket}`],
      'exec-opts': ['native.cgroupdriver=cgroupfs'],
      'cgroup-parent': `/${cgroupOf(id)}/${host}/containers`,
      ...(options.imageStore === 'containerd' ? { features: { 'containerd-snapshotter': true } } : {}),
      'live-restore': options.liveRestore,
      // A registry in the lab (registry.ts) has no certificate.
      'insecure-registries': [labNetworks],
      ...(options.usernsRemap ? { 'userns-remap': 'nobody:nogroup' } : {}),
    }),
  )
  if (options.usernsRemap) await writeIdRanges(dir)
  if (options.ownSrv) await mkdir(ownSrv(id, host), { recursive: true })
  if (options.plugins) await mkdir(pluginsDir(id, host), { recursive: true })
  if (options.plugins) await mkdir(pluginSockets, { recursive: true })
  return labProcess({
    name: `the engine of ${host}`,
    command: ['dockerd', '--config-file', join(dir, 'daemon.json')],
    env: { PATH: engine.path, HOME: dir },
    logFile: join(dir, 'engine.log'),
    cgroupProcs: await makeCgroup(id, `${host}/engine`),
    host: { name: host, netns: hostNetns(id, host) },
    wrapper: wrapperFor(dir, options),
    beforeStart: async () => {
      await forgetDeadContainerd(dir)
      // An engine that was killed leaves it, and its number may be another process's by now: dockerd would not start.
      await rm(join(dir, 'dockerd.pid'), { force: true })
    },
    isReady: () => answers(place.socket),
  })
}
