// The lab is what every other test on real engines stands on: these hold it to its word.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { processesOf } from './lab/cgroups.ts'
import { run } from './lab/command.ts'
import { images, loadImage } from './lab/images.ts'
import { installBusybox } from './lab/install.ts'
import { type Lab, type LabHost, type LabOptions, startLab } from './lab/lab.ts'
import { namespacesOf } from './lab/network.ts'
import { labDir, uplink } from './lab/places.ts'
import { mountsUnder, takeDown } from './lab/reaper.ts'
import { listRecords } from './lab/record.ts'
import { eventually } from './lab/wait.ts'

const enginesOnly = { agents: false, coordinator: false } as const

const startForTest = async (options: LabOptions): Promise<Lab> => {
  const lab = await startLab(options)
  onTestFinished(() => lab.stop())
  return lab
}

// Everything outside a process that a lab can leave on a machine.
const remainsOf = async (id: string) => ({
  folder: existsSync(labDir(id)),
  mounts: await mountsUnder(labDir(id)),
  namespaces: await namespacesOf(id),
  link: (await run(['ip', '-o', 'link', 'show'])).includes(` ${uplink(id)}@`),
  processes: await processesOf(id),
  loopDevices: (await run(['losetup', '--all'])).includes(labDir(id)),
  record: (await listRecords()).some((record) => record.id === id),
})

const nothing = {
  folder: false,
  mounts: [],
  namespaces: [],
  link: false,
  processes: [],
  loopDevices: false,
  record: false,
}

const runningNames = async (host: LabHost) => (await host.docker(['ps', '--format', '{{.Names}}'])).split('\n')

// Over the host's network, with the wget of the images' own busybox.
const fetchFrom = async (host: LabHost, url: string) =>
  host.nsexec([await installBusybox(), 'wget', '-q', '-O', '-', url], { timeoutMs: 3_000 })

// The file as the machine sees it, in the volume's own folder.
const fileInVolume = async (host: LabHost, volume: string, file: string) => {
  const mountpoint = await host.docker(['volume', 'inspect', '--format', '{{.Mountpoint}}', volume])
  expect(mountpoint.startsWith(`${host.dataRoot}/`)).toBe(true)
  return readFile(join(mountpoint, file), 'utf8')
}

describe('hosts of every kind, side by side', () => {
  let lab: Lab

  beforeAll(async () => {
    lab = await startLab({
      hosts: [
        { name: 'current' },
        { name: 'legacy', engine: 'legacy' },
        { name: 'containerd', imageStore: 'containerd' },
        { name: 'remapped', usernsRemap: true },
        { name: 'small', disk: { sizeMb: 64, fs: 'ext4' }, liveRestore: true },
        { name: 'xfs', disk: { sizeMb: 320, fs: 'xfs' } },
      ],
      ...enginesOnly,
    })
    await Promise.all(lab.hosts.map((host) => loadImage(host, 'busybox')))
  })

  afterAll(() => lab?.stop())

  const kinds = ['current', 'legacy', 'containerd', 'remapped', 'small', 'xfs']

  test.each(kinds)('a container writes to a volume on the %s host', async (name) => {
    const host = lab.host(name)
    await host.docker(['run', '-v', 'data:/data', images.busybox.ref, 'sh', '-c', `echo ${name} > /data/file`])
    expect(await fileInVolume(host, 'data', 'file')).toBe(`${name}\n`)
  })

  test('each engine is the one that was asked for, and calls itself by its host', async () => {
    const info = (name: string, format: string) => lab.host(name).docker(['info', '--format', format])
    expect(await info('legacy', '{{.ServerVersion}}')).toMatch(/^20\.10\./)
    expect(Number((await info('current', '{{.ServerVersion}}')).split('.')[0])).toBeGreaterThan(20)
    expect(await info('current', '{{.Driver}}')).toBe('overlay2')
    expect(await info('containerd', '{{.DriverStatus}}')).toContain('io.containerd.snapshotter.v1')
    expect(await info('remapped', '{{.SecurityOptions}}')).toContain('name=userns')
    for (const name of kinds) expect(await info(name, '{{.Name}}')).toBe(name)
  })

  test('root in a container of the remapped host is somebody else on the machine', async () => {
    const map = await lab.host('remapped').docker(['run', '--rm', images.busybox.ref, 'cat', '/proc/self/uid_map'])
    expect(map.trim().split(/\s+/)[1]).not.toBe('0')
  })

  test('a volume on the small disk runs full', async () => {
    const fill = ['dd', 'if=/dev/zero', 'of=/data/fill', 'bs=1M', 'count=100']
    const filling = lab.host('small').docker(['run', '--rm', '-v', 'fill:/data', images.busybox.ref, ...fill])
    await expect(filling).rejects.toThrow(/No space left on device/)
  })

  test('Compose runs on either engine', async () => {
    for (const name of ['current', 'legacy']) {
      const file = JSON.stringify({ services: { app: { image: images.busybox.ref, command: ['true'] } } })
      await lab.host(name).docker(['compose', '--project-name', 'demo', '--file', '-', 'up'], { input: file })
      const made = await lab.host(name).docker(['ps', '--all', '--format', '{{.Names}}', '--filter', 'name=demo'])
      expect(made).toBe('demo-app-1')
    }
  })

  test('an image is only where it was loaded', async () => {
    const { ref, id } = await loadImage(lab.host('current'), 'web')
    expect(await lab.host('current').docker(['images', '--quiet', '--no-trunc', ref])).toBe(id)
    expect(await lab.host('legacy').docker(['images', '--quiet', ref])).toBe('')
  })

  test('a published port answers from another host, not over a cut link, and again once it is mended', async () => {
    const server = lab.host('current')
    const client = lab.host('legacy')
    await loadImage(server, 'web')
    await server.docker(['run', '--detach', '--name', 'web', '--publish', '80:80', images.web.ref])
    const get = () => fetchFrom(client, `http://${server.address}/`)
    const served = 'served from the image\n'
    expect(await eventually('the web server to answer', 20_000, () => get().catch(() => undefined))).toBe(served)
    await lab.cut(server)
    await expect(get()).rejects.toThrow()
    await lab.mend(server)
    expect(await eventually('the web server to answer again', 20_000, () => get().catch(() => undefined))).toBe(served)
  })

  test('a limited link is as slow as it was told to be', async () => {
    const server = lab.host('current')
    await server.docker([
      ...['run', '--detach', '--stop-signal', 'KILL', '--publish', '81:80', images.busybox.ref, 'sh', '-c'],
      'mkdir /www && dd if=/dev/zero of=/www/zeros bs=1M count=4 && exec httpd -f -p 80 -h /www',
    ])
    const url = `http://${server.address}:81/zeros`
    await eventually('the file to be served', 20_000, () => fetchFrom(lab.host('legacy'), url).catch(() => undefined))
    const secondsToGet = async () => {
      const startedAt = performance.now()
      await fetchFrom(lab.host('legacy'), url)
      return (performance.now() - startedAt) / 1000
    }
    const before = await secondsToGet()
    await lab.limitRate(server, 20)
    const limited = await secondsToGet()
    await lab.limitRate(server, undefined)
    const after = await secondsToGet()
    // 4 MiB at 20 Mbit/s take 1.7 s; the bucket may let the first of it through faster.
    expect(limited).toBeGreaterThan(1.3)
    expect(before).toBeLessThan(limited)
    expect(after).toBeLessThan(limited)
  })

  test.each(['current', 'legacy', 'containerd'])(
    'on the %s host, containers outlive an engine that is killed, and are its own again when it is back',
    async (name) => {
      const { docker, engine } = lab.host(name)
      const sleeper = ['--restart', 'always', '--stop-signal', 'KILL', images.busybox.ref, 'sleep', '1d']
      await docker(['run', '--detach', '--name', 'survivor', ...sleeper])
      const pid = await docker(['inspect', '--format', '{{.State.Pid}}', 'survivor'])
      await engine.kill()
      expect(engine.pid).toBeUndefined()
      expect(existsSync(`/proc/${pid}/exe`)).toBe(true)
      await engine.start()
      expect(await runningNames(lab.host(name))).toContain('survivor')
    },
  )

  test('with live restore, they are not even restarted', async () => {
    const { docker, engine } = lab.host('small')
    await docker(['run', '--detach', '--name', 'survivor', images.busybox.ref, 'sleep', '1d'])
    const run = () => docker(['inspect', '--format', '{{.State.Running}} {{.State.Pid}}', 'survivor'])
    const before = await run()
    await engine.kill()
    await engine.start()
    expect(await run()).toBe(before)
  })

  test('an engine that does not start fails with its last words', async () => {
    const { engine } = lab.host('xfs')
    await engine.stop()
    await expect(engine.start({ args: ['--storage-driver', 'nonsense'] })).rejects.toThrow(
      /engine of xfs ended .*nonsense/s,
    )
    await engine.start()
  })

  test('a paused engine does not answer, and does when it is resumed', async () => {
    const { docker, engine } = lab.host('xfs')
    engine.pause()
    await expect(docker(['ps'], { timeoutMs: 1_000 })).rejects.toThrow(/was killed/)
    engine.resume()
    await expect(docker(['ps'])).resolves.toBeDefined()
  })
})

test('two labs side by side do not see, reach or end each other', async () => {
  const [one, other] = await Promise.all([
    startForTest({ hosts: 1, ...enginesOnly }),
    startForTest({ hosts: 1, ...enginesOnly }),
  ])
  const [here] = one.hosts
  const [there] = other.hosts
  if (here === undefined || there === undefined) throw new Error('Each lab has a host.')
  await Promise.all([here, there].map((host) => loadImage(host, 'busybox')))
  const sleeper = (name: string) => ['run', '--detach', '--name', name, images.busybox.ref, 'sleep', '1d']
  await Promise.all([here.docker(sleeper('same')), there.docker(sleeper('same')), there.docker(sleeper('more'))])
  expect(await runningNames(here)).toEqual(['same'])
  await expect(fetchFrom(here, `http://${there.address}/`)).rejects.toThrow(/unreachable/i)

  await one.stop()
  expect(await remainsOf(one.id)).toEqual(nothing)
  expect((await runningNames(there)).toSorted()).toEqual(['more', 'same'])
  await takeDown(one.id)
})

// As many kinds of remains as there are: running, paused and restarting containers, an engine that was killed before, a
// mounted disk.
const clutter = async (lab: Lab) => {
  const [first] = lab.hosts
  if (first === undefined) throw new Error('The lab has a host.')
  await loadImage(first, 'busybox')
  const sleeper = (name: string) => ['run', '--detach', '--restart', 'always', '--name', name, images.busybox.ref]
  await first.docker([...sleeper('runs'), 'sleep', '1d'])
  await first.docker([...sleeper('paused'), 'sleep', '1d'])
  await first.docker([...sleeper('restarts'), 'true'])
  await first.docker(['pause', 'paused'])
  await first.engine.kill()
}

const cluttered: LabOptions = { hosts: [{ disk: { sizeMb: 64, fs: 'ext4' } }, {}], ...enginesOnly }

test('agents come online, are lost when their link is cut, and are back when it is mended', async () => {
  const lab = await startForTest({
    hosts: [{ name: 'near' }, { name: 'far', engine: 'legacy' }, { name: 'bare', agent: false }],
  })
  const [near, far] = [lab.host('near'), lab.host('far')]
  const { hosts } = (await lab.coordinator.call('GET', '/v1/hosts')) as { hosts: { name: string; state: string }[] }
  expect(hosts.map(({ name, state }) => `${name} ${state}`).toSorted()).toEqual(['far online', 'near online'])
  expect(() => lab.host('bare').agent).toThrow(/without an agent/)

  await lab.cut(far)
  await lab.untilHostIs(far, 'lost')
  await lab.mend(far)
  await lab.untilHostIs(far, 'online')

  await near.agent.kill()
  await lab.untilHostIs(near, 'lost')
  await near.agent.start()
  await lab.coordinator.process.restart()
  await Promise.all([near, far].map((host) => lab.untilHostIs(host, 'online')))
})

test('a lab that was stopped leaves nothing behind, and may be stopped again', async () => {
  const lab = await startForTest(cluttered)
  await clutter(lab)
  expect((await processesOf(lab.id)).length).toBeGreaterThan(2)
  await lab.stop()
  expect(await remainsOf(lab.id)).toEqual(nothing)
  await lab.stop()
  await takeDown(lab.id)
})

test('a lab goes down by itself when the process that started it is killed', async () => {
  const script = `
    import { startLab } from ${JSON.stringify(join(import.meta.dirname, 'lab/lab.ts'))}
    const lab = await startLab(${JSON.stringify(cluttered)})
    console.log(lab.id)
    setInterval(() => {}, 1_000)
  `
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: owner.stdout })
  const [id] = (await once(lines, 'line')) as [string]
  onTestFinished(() => takeDown(id))
  expect(await namespacesOf(id)).toHaveLength(3)
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  await eventually('the lab to be gone', 30_000, async () => {
    const remains = await remainsOf(id)
    return JSON.stringify(remains) === JSON.stringify(nothing)
  })
})

test('the command line starts a lab that stays, runs commands in it, and takes it down', async () => {
  const cli = (...args: readonly string[]) => run([process.execPath, join(import.meta.dirname, 'lab/cli.ts'), ...args])
  const printed = JSON.parse(await cli('up', '--hosts', '2', '--json'))
  const id = basename(dirname(dirname(printed.hosts[0].dataRoot)))
  onTestFinished(() => takeDown(id))
  expect(Object.keys(printed)).toEqual(['coordinator', 'hosts'])
  expect(Object.keys(printed.coordinator)).toEqual(['url', 'token'])
  for (const host of printed.hosts) {
    expect(Object.keys(host)).toEqual(['name', 'address', 'dockerHost', 'netns', 'dataRoot'])
  }
  const headers = { authorization: `Bearer ${printed.coordinator.token}` }
  const answer = await fetch(`${printed.coordinator.url}/v1/hosts`, { headers })
  const { hosts } = (await answer.json()) as { hosts: { name: string; state: string }[] }
  expect(hosts.map(({ name, state }) => `${name} ${state}`).toSorted()).toEqual(['host-1 online', 'host-2 online'])

  const inLab = (host: string, ...command: readonly string[]) => cli('exec', '--lab', id, host, '--', ...command)
  expect((await inLab('host-2', 'docker', 'info', '--format', '{{.Name}} {{.DockerRootDir}}')).trim()).toBe(
    `host-2 ${printed.hosts[1].dataRoot}`,
  )
  expect(await inLab('host-1', 'ip', '-4', 'addr')).toContain(`inet ${printed.hosts[0].address}/`)
  await expect(inLab('host-1', 'sh', '-c', 'exit 7')).rejects.toMatchObject({ exitCode: 7 })
  await expect(inLab('host-9', 'true')).rejects.toMatchObject({ exitCode: 2 })
  expect(JSON.parse(await cli('list', '--json')).labs).toContainEqual(
    expect.objectContaining({ id, ownerPid: null, hosts: ['host-1', 'host-2'] }),
  )
  await cli('down', id)
  expect(await remainsOf(id)).toEqual(nothing)
})

// Of this process: others on the machine come and go.
const ownLabs = async (): Promise<string[]> =>
  (await listRecords()).filter(({ owner }) => owner?.pid === process.pid).map(({ id }) => id)

test('a lab that cannot be built says every fault, and makes nothing', async () => {
  const before = await ownLabs()
  const building = startLab({
    hosts: [{ name: 'Bad Name' }, { name: 'twin' }, { name: 'twin' }, { engine: 'legacy', imageStore: 'containerd' }],
    ...enginesOnly,
  })
  await expect(building).rejects.toThrow(/Bad Name.*called twin.*host-4/s)
  expect(await ownLabs()).toEqual(before)
})

test('a lab of which one host cannot be started leaves nothing behind', async () => {
  const before = await ownLabs()
  // XFS does not fit.
  const starting = startLab({ hosts: [{}, { disk: { sizeMb: 1, fs: 'xfs' } }], ...enginesOnly })
  await expect(starting).rejects.toThrow(/mkfs\.xfs/)
  expect(await ownLabs()).toEqual(before)
})
