// A container described by one real engine and made on another, of the other generation or the other image store.
import { afterEach, describe, expect, test } from 'vitest'
import { comparable } from './docker/comparable.ts'
import { cleanOut, type EngineHost, engineHosts, everything } from './docker/hosts.ts'
import { loadImage } from './lab/images.ts'

const all = ['current', 'legacy', 'containerd'] as const
const host = engineHosts(all)

const networks = async (on: EngineHost) => {
  await on.docker(['network', 'create', '--subnet', '10.77.0.0/24', '--label', 'of=shop', 'shop'])
  await on.docker(['network', 'create', '--internal', '--opt', 'com.docker.network.driver.mtu=1400', 'back'])
}

// One of every setting that can move.
const settings = [
  ...['--name', 'shop', '--hostname', 'shop-1', '--domainname', 'example.test', '--user', '1000:1000'],
  ...['--env', 'OF_CONTAINER=a b=c', '--label', 'of.container=yes', '--workdir', '/work/place', '--read-only'],
  ...['--network', 'shop', '--ip', '10.77.0.9', '--network-alias', 'store'],
  ...['--publish', '18080:8080', '--publish', '127.0.0.1:18090:90/udp', '--publish', '8081', '--expose', '9999'],
  ...['--volume', 'named:/named', '--volume', 'kept:/kept:ro', '--volume', '/nameless'],
  ...['--mount', 'type=volume,source=mounted,target=/mounted', '--mount', 'type=volume,target=/mounted-nameless'],
  ...['--mount', 'type=tmpfs,target=/in-memory,tmpfs-size=1048576,tmpfs-mode=0700', '--tmpfs', '/scratch:size=1m'],
  ...['--restart', 'on-failure:3', '--stop-signal', 'SIGTERM', '--stop-timeout', '7', '--init', '--shm-size', '32m'],
  ...['--cap-add', 'NET_ADMIN', '--cap-drop', 'MKNOD', '--security-opt', 'no-new-privileges', '--group-add', '20'],
  ...['--memory', '64m', '--memory-reservation', '32m', '--cpus', '0.5', '--cpu-shares', '512', '--pids-limit', '50'],
  ...['--blkio-weight', '0', '--oom-score-adj', '100', '--ulimit', 'nofile=100:200', '--ulimit', 'core=0'],
  ...['--sysctl', 'net.ipv4.ip_forward=1', '--add-host', 'elsewhere:192.0.2.1', '--dns', '192.0.2.53'],
  ...['--dns-search', 'example.test', '--dns-option', 'ndots:2', '--device', '/dev/null:/dev/nothing:r'],
  ...['--log-driver', 'json-file', '--log-opt', 'max-size=1m', '--log-opt', 'max-file=2', '--ipc', 'shareable'],
  ...['--health-cmd', 'test -d /data', '--health-interval', '2s', '--health-retries', '5', '--health-timeout', '3s'],
  ...['--device-cgroup-rule', 'c 1:3 rwm', '--cpuset-cpus', '0', '--pid', 'host', '--tty', '--interactive'],
]

const sendImage = async (source: EngineHost, target: EngineHost, image: NonNullable<Workload['image']>) =>
  (await target.drayage.findImage(image)) ??
  (await target.drayage.loadImage(source.drayage.exportImage(image.id, image.tags), image))
type Workload = Awaited<ReturnType<EngineHost['drayage']['describe']>>

const imageOf = (workload: Workload) => {
  if (workload.image === null) throw new Error('The workload names no image.')
  return workload.image
}

const forget = async (on: EngineHost, ref: string) => {
  const known = await on.docker(['image', 'ls', '--quiet', ref])
  if (known !== '') await on.docker(['image', 'rm', '--force', ref])
}

const codes = (findings: readonly { code: string; message: string }[]) => findings.map((finding) => finding.code)

const pairs = all.flatMap((from) => all.filter((to) => to !== from).map((to) => ({ from, to })))
// Each as a source once.
const ring = all.map((from, index) => ({ from, to: all[(index + 1) % all.length] ?? from }))

afterEach(async () => {
  await Promise.all(
    all.map(async (kind) => {
      await cleanOut(host(kind))
      await forget(host(kind), everything.ref)
    }),
  )
})

describe.each(pairs)('from $from to $to', ({ from, to }) => {
  test('everything that can move arrives, starts, and is discarded without a trace', async () => {
    const [source, target] = [host(from), host(to)]
    await loadImage(source, everything)
    await networks(source)
    const before = { volumes: await target.volumeNames(), networks: await target.docker(['network', 'ls', '-q']) }
    await source.docker(['run', '--detach', ...settings, everything.ref, 'sh', '-c', 'sleep 1000'])
    await source.docker(['network', 'connect', '--alias', 'deep', 'back', 'shop'])

    const workload = await source.drayage.describe('shop')
    expect(workload.obstacles).toEqual([])
    const check = await target.drayage.check(workload, '')
    expect(check.obstacles).toEqual([])
    expect(check.imageId).toBe('')

    const imageId = await sendImage(source, target, imageOf(workload))
    const prepared = await target.drayage.prepare(workload, imageId, 'm-1')
    const [was, is] = [await source.inspect('shop'), await target.inspect('shop')]
    expect(comparable(is)).toEqual(comparable(was))
    expect(is.State.Status).toBe('created')
    expect(prepared).toMatchObject({ containerId: is.Id, createdNetworks: expect.arrayContaining(['shop', 'back']) })
    expect([...prepared.createdVolumes].sort()).toEqual(workload.volumes.map((volume) => volume.name).sort())

    // Repeated: nothing changes; and what this migration made is no obstacle to it.
    expect(await target.drayage.prepare(workload, imageId, 'm-1')).toEqual(prepared)
    expect(codes((await target.drayage.check(workload, 'm-1')).obstacles)).toEqual([])
    expect((await target.drayage.check(workload, '')).obstacles.length).toBeGreaterThan(0)

    // It is a container that starts, on the networks it was on, and it can move on from here.
    await target.drayage.start(prepared.containerId)
    expect((await target.drayage.container('shop')).running).toBe(true)
    const again = await target.drayage.describe('shop')
    expect(again.obstacles).toEqual([])
    expect(JSON.parse(again.specJson).config).toEqual(JSON.parse(workload.specJson).config)

    await expect(target.drayage.discard('m-1')).rejects.toMatchObject({ code: 'DRAYAGE_CONTAINER_STATE' })
    await target.drayage.stop(prepared.containerId)
    await target.drayage.discard('m-1')
    await target.drayage.discard('m-1')
    expect(await target.volumeNames()).toEqual(before.volumes)
    expect(await target.docker(['network', 'ls', '-q'])).toBe(before.networks)
    expect(await target.docker(['ps', '-aq'])).toBe('')
    await target.drayage.removeImage(imageId, imageOf(workload).tags)
    expect(await target.drayage.findImage(imageOf(workload))).toBeNull()
  })
})

describe.each(ring)('from $from to $to', ({ from, to }) => {
  test('a container with nothing but defaults arrives', async () => {
    const [source, target] = [host(from), host(to)]
    await loadImage(source, everything)
    await source.docker(['run', '--detach', '--name', 'simple', everything.ref])
    const workload = await source.drayage.describe('simple')
    expect(workload.obstacles).toEqual([])
    const imageId = await sendImage(source, target, imageOf(workload))
    const { containerId } = await target.drayage.prepare(workload, imageId, 'm-2')
    expect(comparable(await target.inspect('simple'))).toEqual(comparable(await source.inspect('simple')))
    await target.drayage.start(containerId)
    expect((await target.inspect('simple')).State.Running).toBe(true)
  })

  test('an entrypoint and a health check that were taken away stay away', async () => {
    const [source, target] = [host(from), host(to)]
    const spec = { ...everything, ref: 'drayage-lab/entry:1', config: { ...everything.config, Entrypoint: ['false'] } }
    await loadImage(source, spec)
    await source.docker([
      'run',
      '-d',
      '--name',
      'bare',
      '--entrypoint',
      '',
      '--no-healthcheck',
      spec.ref,
      'sleep',
      '1000',
    ])
    const workload = await source.drayage.describe('bare')
    expect(workload.hasHealthcheck).toBe(false)
    const imageId = await sendImage(source, target, imageOf(workload))
    const { containerId } = await target.drayage.prepare(workload, imageId, 'm-3')
    expect(comparable(await target.inspect('bare'))).toEqual(comparable(await source.inspect('bare')))
    await target.drayage.start(containerId)
    expect((await target.inspect('bare')).State.Running).toBe(true)
    await target.docker(['rm', '-f', 'bare'])
    await source.docker(['rm', '-f', 'bare'])
    await forget(source, spec.ref)
    await forget(target, spec.ref)
  })
})
