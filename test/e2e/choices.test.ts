// What a move can treat in more than one way, and each way that it can be asked for.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { follow, holdings, inspect, migrate, planOf, refusal, refusalOf } from './moving.ts'
import { clearHost, runWeb } from './one-lab.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let three: LabHost
let image: string

beforeAll(async () => {
  lab = await startLab({
    hosts: [{}, {}, { imageStore: 'containerd' }],
    failpoints: true,
  })
  one = lab.host('host-1')
  two = lab.host('host-2')
  three = lab.host('host-3')
  image = (await loadImage(one, 'busybox')).ref
})
afterAll(() => lab?.stop())

afterEach(async () => {
  await lab.failpoints('coordinator').clear()
  await Promise.all([one, two, three].map(clearHost))
})

const web = { container: 'web', from: 'host-1', to: 'host-2' }
const run = (...options: string[]) => one.docker(runWeb(image, options))
const sh = (host: LabHost, script: string) => host.docker(['exec', 'web', 'sh', '-c', script])

const changeItsLayer = () =>
  sh(
    one,
    'mkdir -m 750 /opt && echo kept > /opt/file && chown 7:8 /opt/file && rm /etc/group && echo x > /tmp/harmless',
  )
const layerOn = (host: LabHost) =>
  sh(host, "stat -c '%a %u:%g' /opt /opt/file; cat /opt/file; ls /etc/group 2>&1; true")
const itsLayer = '750 0:0\n644 7:8\nkept\nls: /etc/group: No such file or directory'

test('a volume of no bytes and one of 2 TiB of holes stand in the plan, with room, engines, and the time by what was measured', async () => {
  await run('-v', 'empty:/empty')
  await sh(one, 'truncate -s 2048G /data/huge')
  const plan = await planOf(lab, { ...web, to: 'host-3' })
  expect(plan.refusals).toEqual([])
  const [data, empty] = ['data', 'empty'].map((name) => plan.volumes.find((volume) => volume.name === name))
  expect(data).toMatchObject({ contentBytes: 2 ** 41, entries: 2, copied: true })
  expect(data?.diskBytes).toBeLessThan(2 ** 20)
  expect(empty).toMatchObject({ contentBytes: 0, entries: 1, copied: true })
  expect(plan.targetFreeInodes).toBeGreaterThan(0)
  expect(plan.engines).toMatchObject({
    source: { os: 'linux', containerdImageStore: false },
    target: { os: 'linux', containerdImageStore: true },
  })
  // Of holes nothing is read and nothing is sent: the line and the target's disk alone tell.
  expect(plan.forecast).toMatchObject({ copyMs: expect.any(Number), downtimeMs: null, basedOn: 0 })
  expect(plan.forecast?.copyMs).toBeLessThan(1_000)
  expect(plan.forecast?.measured).toEqual({
    ...{ lineBytesPerSecond: expect.any(Number), readBytesPerSecond: null, readFilesPerSecond: null },
    ...{ writeBytesPerSecond: expect.any(Number), writeFilesPerSecond: expect.any(Number) },
  })
  expect(plan.forecast?.unknown).toEqual([expect.stringContaining('The downtime is not known until web has moved')])
})

test('what a container has changed outside its volumes is refused with its list, unless it is harmless', async () => {
  await run()
  await sh(one, 'echo x > /tmp/harmless; mkdir /run; echo 1 > /run/web.pid')
  expect(await planOf(lab, web)).toMatchObject({ refusals: [] })
  await changeItsLayer()
  const { problem, codes } = await refusal(lab, web)
  expect(codes).toEqual(['DRAYAGE_WRITABLE_LAYER'])
  expect(problem.detail).toMatch(/A \/opt, A \/opt\/file.*--writable-layer keep/)
  expect(problem.detail).not.toContain('/tmp')
})

test('it is left behind where that was asked for, and said so', async () => {
  await run()
  await changeItsLayer()
  const moved = await migrate(lab, { ...web, options: { writableLayer: 'discard' } })
  expect(moved).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(moved.warnings.map(({ code }) => code)).toContain('writable-layer-discarded')
  expect(await sh(two, 'ls /opt /etc/group 2>&1; true')).toBe('ls: /opt: No such file or directory\n/etc/group')
})

test('it is taken along as it was when the container had stopped, with what was deleted, and goes back', async () => {
  await run('--label', 'of=mine', '--env', 'A=b')
  await sh(one, 'echo in-volume > /data/file')
  await changeItsLayer()
  const before = await holdings(one)
  const options = { writableLayer: 'keep' } as const
  const plan = await planOf(lab, { ...web, options })
  expect(plan.writableLayer).toMatchObject({ policy: 'keep', changes: expect.any(Number) })
  expect(plan.writableLayer?.bytes).toBeGreaterThan(0)
  const moved = await migrate(lab, { ...web, options })
  expect(moved).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(await layerOn(two)).toBe(itsLayer)
  expect(await sh(two, 'cat /data/file')).toBe('in-volume')
  const there = await inspect<{ Id: string; Config: { Image: string; Labels: object; Env: string[] } }>(two, 'web')
  expect(there.Id).toBe(moved.targetContainerId)
  expect(there.Config).toMatchObject({ Image: `drayage-layer:${moved.id}`, Labels: { of: 'mine' } })
  expect(there.Config.Env).toContain('A=b')
  // The source has its own layer, and nothing that was made for the way.
  expect((await holdings(one)).images).toEqual(before.images)

  await sh(two, 'echo newer > /opt/newer')
  const problem = await refusalOf(lab, moved, 'return')
  expect(problem).toMatchObject({ code: 'DRAYAGE_WRITABLE_LAYER', detail: expect.stringContaining('/opt/newer') })
  const back = await follow(lab, moved, 'return', { writableLayer: 'discard' })
  expect(back).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(await layerOn(one)).toBe(itsLayer)
})

test('a move that fails after it was taken along leaves nothing of it on either host', async () => {
  await run()
  await changeItsLayer()
  const before = await Promise.all([holdings(one), holdings(two)])
  await lab.failpoints('coordinator').tell('commit.before', 'error DRAYAGE_TARGET_CHANGED told to')
  const failed = await migrate(lab, { ...web, options: { writableLayer: 'keep' } })
  expect(failed).toMatchObject({ state: 'rolled-back', error: { code: 'DRAYAGE_TARGET_CHANGED' } })
  expect(await Promise.all([holdings(one), holdings(two)])).toEqual(before)
  expect(await layerOn(one)).toBe(itsLayer)
})

test('a port that is taken there is published on another, and on its own again where it came from', async () => {
  await run('-p', '18080:80', '-p', '127.0.0.1:18081:81')
  await loadImage(two, 'busybox')
  await two.docker(['run', '-d', '--name', 'other', '-p', '18080:80', image, 'sleep', '1d'])
  expect((await refusal(lab, web)).codes).toEqual(['DRAYAGE_PORT_TAKEN'])
  const elsewhere = (...publish: string[]) => ({ ...web, options: { publish } })
  expect((await refusal(lab, elsewhere('18080:9090'))).problem).toMatchObject({
    reasons: [{ code: 'DRAYAGE_PORT_TAKEN' }, { code: 'DRAYAGE_PORT_NOT_PUBLISHED' }],
  })
  expect((await refusal(lab, elsewhere('18081:80'))).codes).toEqual(['DRAYAGE_PORT_TAKEN'])
  expect((await refusal(lab, elsewhere('0:80'))).codes).toEqual(['DRAYAGE_INVALID_REQUEST'])

  const { ports, refusals } = await planOf(lab, elsewhere('19090:80'))
  expect({ ports: ports.toSorted(), refusals }).toEqual({
    ports: ['0.0.0.0:19090->80/tcp (was 0.0.0.0:18080->80/tcp)', '127.0.0.1:18081->81/tcp'],
    refusals: [],
  })
  const moved = await migrate(lab, elsewhere('19090:80'))
  expect(moved).toMatchObject({ state: 'awaiting-finalize', error: null })
  const bindings = async (host: LabHost) =>
    (await inspect<{ HostConfig: { PortBindings: object } }>(host, 'web')).HostConfig.PortBindings
  const asBefore = {
    '80/tcp': [{ HostIp: '', HostPort: '18080' }],
    '81/tcp': [{ HostIp: '127.0.0.1', HostPort: '18081' }],
  }
  expect(await bindings(two)).toEqual({ ...asBefore, '80/tcp': [{ HostIp: '', HostPort: '19090' }] })
  expect(await two.docker(['port', 'web', '80'])).toContain('0.0.0.0:19090')

  expect(await follow(lab, moved, 'return')).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(await bindings(one)).toEqual(asBefore)
  // What is kept there has the other port, and Docker changes none.
  await two.docker(['rm', '-f', 'other'])
  const { problem, codes } = await refusal(lab, web)
  expect([codes, problem.detail]).toEqual([['DRAYAGE_PORT_NOT_PUBLISHED'], expect.stringContaining('19090:80/tcp')])
  const again = await planOf(lab, elsewhere('19090:80'))
  expect(again).toMatchObject({ refusals: [], builtUpon: expect.any(String) })
  expect(again.volumes).toMatchObject([{ name: 'data', keptBytes: 0 }])
  expect(again.forecast?.basedOn).toBeGreaterThan(0)
  expect(again.forecast?.downtimeMs).toBeGreaterThan(0)
})

test('a way back to a host that keeps nothing any more makes the ports as they were, too', async () => {
  await run('-p', '18080:80')
  const moved = await migrate(lab, { ...web, options: { publish: ['19090:80'] } })
  await one.docker(['rm', 'web'])
  await one.docker(['volume', 'rm', 'data'])
  expect(await follow(lab, moved, 'return')).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(await one.docker(['port', 'web', '80'])).toContain('0.0.0.0:18080')
})

test('volumes of every kind: copied, or made again with the same options, each as the plan says', async () => {
  const bound = await mkdtemp(join(tmpdir(), 'drayage-bound-'))
  const make = (host: LabHost, name: string, options: Record<string, string>) =>
    host.docker([
      'volume',
      'create',
      ...Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]),
      name,
    ])
  const view = { type: 'none', o: 'bind', device: bound }
  try {
    await writeFile(join(bound, 'file'), 'of the host')
    await make(one, 'in-memory', { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' })
    await make(one, 'view', view)
    await one.docker(['volume', 'create', 'parted'])
    await one.docker(['run', '--rm', '-v', 'parted:/p', image, 'mkdir', '/p/part'])
    await run(
      ...['-v', 'in-memory:/mem', '-v', 'view:/view', '-v', '/nameless', '-v', 'ro:/ro:ro', '-v', 'nc:/nc:nocopy'],
      ...['--mount', 'type=volume,src=parted,dst=/part,volume-subpath=part', '--tmpfs', '/cache'],
    )
    await sh(one, 'echo x > /part/file; echo x > /nameless/file; echo x > /mem/file')
    expect((await refusal(lab, web)).problem).toMatchObject({
      code: 'DRAYAGE_BIND_MOUNT',
      detail: expect.stringContaining(`The volume view (/view) is a view of ${bound}`),
    })
    const options = { binds: 'require' } as const
    const plan = await planOf(lab, { ...web, options })
    expect(plan).toMatchObject({ refusals: [], tmpfs: ['/cache'], binds: [{ source: bound, destination: '/view' }] })
    const told = plan.volumes.map(({ destination, copied, traits }) => [destination, copied, traits.join()])
    expect(told.toSorted()).toEqual([
      ['/data', true, ''],
      ['/mem', false, 'in memory'],
      ['/nameless', true, 'anonymous'],
      ['/nc', true, 'nocopy'],
      ['/part', true, 'its part part alone is mounted'],
      ['/ro', true, 'read-only'],
      ['/view', false, `a view of ${bound}`],
    ])
    // Of that name and another kind there, it is somebody's; with the same options, it is the same data.
    await make(two, 'view', { ...view, o: 'bind,ro' })
    expect((await refusal(lab, { ...web, options })).codes).toEqual(['DRAYAGE_VOLUME_EXISTS'])
    await two.docker(['volume', 'rm', 'view'])
    await make(two, 'view', view)
    const moved = await migrate(lab, { ...web, options })
    expect(moved).toMatchObject({ state: 'awaiting-finalize', error: null })
    expect(moved.receipt?.volumes.map(({ name }) => name).toSorted()).toEqual(
      plan.volumes.flatMap(({ name, copied }) => (copied ? [name] : [])).toSorted(),
    )
    expect(await sh(two, 'cat /view/file; cat /part/file /nameless/file; ls /mem; touch /ro/x 2>&1; true')).toBe(
      'of the host\nx\nx\ntouch: /ro/x: Read-only file system'.replace('host\n', 'host'),
    )
    const inMemory = JSON.parse(await two.docker(['volume', 'inspect', 'in-memory'])) as [{ Options: object }]
    expect(inMemory[0].Options).toEqual({ type: 'tmpfs', device: 'tmpfs', o: 'size=1m' })
    expect(await follow(lab, moved, 'return')).toMatchObject({ state: 'awaiting-finalize', error: null })
    expect(await sh(one, 'cat /part/file /view/file')).toBe('x\nof the host')
  } finally {
    await rm(bound, { recursive: true })
  }
})

test('a volume of a network file system is made again with its options, and goes again if the move is put back', async () => {
  const nfs = ['-o', 'type=nfs', '-o', 'o=addr=192.0.2.1,ro', '-o', 'device=:/export']
  await one.docker(['volume', 'create', ...nfs, 'net'])
  await one.docker(['create', '--name', 'web', '-v', 'net:/net:nocopy', '-v', 'data:/data', image, 'true'])
  const plan = await planOf(lab, web)
  expect(plan.refusals).toEqual([])
  expect(plan.warnings.find(({ code }) => code === 'network-volume')?.message).toContain('192.0.2.1 :/export')
  const unreachable = plan.warnings.find(({ code }) => code === 'network-volume-unreachable')
  expect(unreachable?.message).toMatch(/server 192\.0\.2\.1 of the volume net .* port 2049/)
  const before = await Promise.all([holdings(one), holdings(two)])
  const coordinator = lab.failpoints('coordinator')
  await coordinator.tell('commit.before', 'error DRAYAGE_TARGET_CHANGED told to')
  expect(await migrate(lab, web)).toMatchObject({ state: 'rolled-back' })
  expect(await Promise.all([holdings(one), holdings(two)])).toEqual(before)
  await coordinator.clear()
  expect(await migrate(lab, web)).toMatchObject({ state: 'awaiting-finalize', error: null })
  const [{ Options } = { Options: {} }] = JSON.parse(await two.docker(['volume', 'inspect', 'net'])) as {
    Options: object
  }[]
  expect(Options).toEqual({ type: 'nfs', o: 'addr=192.0.2.1,ro', device: ':/export' })
})

test('between the two kinds of image store, too', async () => {
  await run()
  await changeItsLayer()
  const moved = await migrate(lab, { ...web, to: 'host-3', options: { writableLayer: 'keep' } })
  expect(moved).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(await layerOn(three)).toBe(itsLayer)
  await sh(three, 'echo more > /opt/more')
  const on = await migrate(lab, { container: 'web', from: 'host-3', to: 'host-2', options: { writableLayer: 'keep' } })
  expect(on).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect([await layerOn(two), await sh(two, 'cat /opt/more')]).toEqual([itsLayer, 'more'])
  expect((await three.docker(['image', 'ls', '--format', '{{.Tag}}', 'drayage-layer'])).split('\n')).toEqual([moved.id])
})

test('what it changes outside its volumes on its way down puts the move back, with the list, and it runs where it was', async () => {
  const script = 'trap "mkdir /opt; echo late > /opt/late; exit 0" TERM; while :; do sleep 0.1; done'
  await one.docker(['run', '-d', '--name', 'web', '-v', 'data:/data', image, 'sh', '-c', script])
  const before = await Promise.all([holdings(one), holdings(two)])
  const failed = await migrate(lab, web)
  expect(failed).toMatchObject({ state: 'rolled-back', error: { code: 'DRAYAGE_WRITABLE_LAYER', step: 'finalcopy' } })
  expect(failed.error?.message).toContain('A /opt, A /opt/late')
  expect(await Promise.all([holdings(one), holdings(two)])).toEqual(before)
  expect(await migrate(lab, { ...web, options: { writableLayer: 'keep' } })).toMatchObject({ error: null })
  expect(await sh(two, 'cat /opt/late')).toBe('late')
})
