// Everything that keeps a container from moving, as real engines of both generations show it.
import { afterEach, describe, expect, test } from 'vitest'
import { cleanOut, type EngineHost, engineHosts, plain } from './hosts.ts'

const generations = ['current', 'legacy'] as const
const host = engineHosts([...generations, 'remapped'], [plain])
const all = [...generations, 'remapped'] as const

afterEach(async () => {
  await Promise.all(all.map((kind) => cleanOut(host(kind))))
})

const create = (on: EngineHost, name: string, options: readonly string[] = [], verb: 'create' | 'run' = 'create') =>
  on.docker([
    ...[verb, ...(verb === 'run' ? ['--detach'] : []), '--name', name, '--tmpfs', '/asked'],
    ...options,
    plain.ref,
  ])

const codes = (findings: readonly { code: string }[]) => findings.map(({ code }) => code)
const obstaclesOf = async (on: EngineHost, name: string) => (await on.drayage.describe(name)).obstacles

const refused = [
  { name: 'bind', options: ['-v', '/tmp:/of-host'], code: 'DRAYAGE_BIND_MOUNT', words: /\/of-host.*\/tmp/ },
  { name: 'rm', options: ['--rm'], code: 'DRAYAGE_AUTO_REMOVE', words: /--rm/ },
  { name: 'options', options: ['-v', 'optioned:/data'], code: 'DRAYAGE_VOLUME_OPTIONS', words: /optioned.*device/ },
  { name: 'task', options: ['--label', 'com.docker.swarm.task.id=x'], code: 'DRAYAGE_SWARM_TASK', words: /Swarm/ },
] as const

describe.each(generations)('the source, %s', (kind) => {
  test('refuses what cannot move yet, each by name', async () => {
    const engine = host(kind)
    await engine.docker(['volume', 'create', '-o', 'type=ext4', '-o', 'device=/dev/nowhere', 'optioned'])
    for (const { name, options, code, words } of refused) {
      await create(engine, name, options)
      const found = (await obstaclesOf(engine, name)).filter((obstacle) => obstacle.code === code)
      expect(found.map(({ message }) => message).join(), name).toMatch(words)
    }
  })

  test('names every obstacle at once', async () => {
    const engine = host(kind)
    await create(engine, 'other', ['-v', 'of-other:/data'])
    await create(engine, 'web', ['--rm', '-v', 'own:/data', '-v', '/tmp:/of-host', '--volumes-from', 'other'])
    await engine.docker(['rm', 'other'])
    expect(codes(await obstaclesOf(engine, 'web')).sort()).toEqual([
      'DRAYAGE_AUTO_REMOVE',
      'DRAYAGE_BIND_MOUNT',
      'DRAYAGE_VOLUME_SHARED',
    ])
  })

  test('finds what belongs together, from either end, with each tie; also what never ran', async () => {
    const engine = host(kind)
    const compose = (service: string, dependsOn: string) =>
      Object.entries({ project: 'blog', service, depends_on: dependsOn }).flatMap(([name, value]) => [
        '--label',
        `com.docker.compose.${name}=${value}`,
      ])
    await create(engine, 'store', ['-v', 'data:/data'])
    await create(engine, 'web', ['--volumes-from', 'store', ...compose('web', 'db:service_started:true')], 'run')
    await create(engine, 'guest', ['--network', 'container:web', '--pid', 'container:web', '--ipc', 'container:web'])
    await create(engine, 'linked', ['--link', 'web:db'])
    await create(engine, 'db', compose('db', ''))
    await create(engine, 'apart', ['-v', 'other:/data'])
    await engine.drayage.createHolder('store', 'm-1')
    const setOf = async (name: string) =>
      Object.fromEntries(
        (await engine.drayage.describeTogether([name])).moveSet.map((member) => [
          member.name,
          [member.separable, ...member.ties.map(({ words }) => words)],
        ]),
      )
    expect(await setOf('web')).toEqual({
      store: [false, 'uses the volume data, and so does web', 'gives its volumes to web (--volumes-from)'],
      guest: [false, 'uses the network of web', 'uses the process ids of web', 'uses the IPC of web'],
      linked: [false, 'has a link to web'],
      db: [true, 'is depended on by web'],
    })
    expect(Object.keys(await setOf('guest')).sort()).toEqual(['db', 'linked', 'store', 'web'])
    expect(await setOf('apart')).toEqual({})
  })

  test('refuses files outside the volumes, and not what the engine itself puts there', async () => {
    const engine = host(kind)
    const options = ['-v', 'deep:/made/by/engine', '--workdir', '/work/place', '--tmpfs', '/scratch', '--init']
    await create(engine, 'web', options, 'run')
    expect(await obstaclesOf(engine, 'web')).toEqual([])
    await engine.docker(['exec', 'web', 'sh', '-c', 'echo kept > /made/by/engine/ok; echo lost > /made/by/mistake'])
    const [found, ...more] = await obstaclesOf(engine, 'web')
    expect(more).toEqual([])
    expect(found).toMatchObject({
      code: 'DRAYAGE_WRITABLE_LAYER',
      message: expect.stringContaining('A /made/by/mistake'),
    })
    await engine.docker(['exec', 'web', 'rm', '/made/by/mistake', '/etc/group'])
    expect((await obstaclesOf(engine, 'web'))[0]?.message).toContain('D /etc/group')
  })

  test('refuses a paused container', async () => {
    const engine = host(kind)
    await create(engine, 'web', [], 'run')
    await engine.docker(['pause', 'web'])
    expect(codes(await obstaclesOf(engine, 'web'))).toContain('DRAYAGE_CONTAINER_STATE')
    await engine.docker(['unpause', 'web'])
    expect(await obstaclesOf(engine, 'web')).toEqual([])
  })

  test('does not take its own holder for a user of the volumes, nor for a workload', async () => {
    const engine = host(kind)
    await create(engine, 'web', ['-v', 'data:/data'])
    await engine.drayage.createHolder('web', 'm-1')
    expect(await obstaclesOf(engine, 'web')).toEqual([])
    expect(codes(await obstaclesOf(engine, 'drayage-hold-m-1'))).toContain('DRAYAGE_CONTAINER_STATE')
  })

  test('says what does not follow', async () => {
    const engine = host(kind)
    await engine.docker(['network', 'create', 'shop'])
    await create(engine, 'db', ['--network', 'shop'])
    await create(engine, 'web', ['--network', 'shop', '--publish', '80', '--device', '/dev/null'], 'run')
    const { warnings, networks } = await engine.drayage.describe('web')
    expect(codes(warnings).sort()).toEqual([
      'addresses-change',
      'ephemeral-ports-change',
      'host-devices',
      'hostname-changes',
      'logs-stay',
      'neighbours-left-behind',
      'tmpfs-contents-lost',
    ])
    expect(warnings.find(({ code }) => code === 'neighbours-left-behind')?.message).toMatch(/^db on the network shop/)
    expect(networks).toMatchObject([{ name: 'shop', driver: 'bridge', neighbours: ['db'] }])
  })

  test('says of an id that begins several containers’ that it is ambiguous, and of none that there is none', async () => {
    const engine = host(kind)
    // Seventeen ids over sixteen digits: two begin alike.
    const ids: string[] = []
    for (let n = 0; n < 17; n += 1) ids.push(await create(engine, `one-of-${n}`))
    const twice = [...'0123456789abcdef'].find((digit) => ids.filter((id) => id.startsWith(digit)).length > 1)
    await expect(engine.drayage.describe(twice ?? '')).rejects.toMatchObject({ code: 'DRAYAGE_CONTAINER_AMBIGUOUS' })
    expect((await engine.drayage.describe(ids[0]?.slice(0, 20) ?? '')).containerId).toBe(ids[0])
    for (const nobody of ['nobody', '', '../info', 'a/b?c']) {
      await expect(engine.drayage.describe(nobody)).rejects.toMatchObject({ code: 'DRAYAGE_CONTAINER_NOT_FOUND' })
    }
  })
})

describe.each(generations)('the target, %s', (kind) => {
  const other = kind === 'current' ? 'legacy' : 'current'

  test('names every obstacle at once, whether what is in the way runs or not', async () => {
    const [source, target] = [host(other), host(kind)]
    await source.docker(['network', 'create', '--subnet', '10.99.1.0/24', 'shop'])
    await source.docker(['network', 'create', '--subnet', '10.99.2.0/24', 'back'])
    await create(source, 'web', ['--network', 'shop', '-v', 'data:/data', '-p', '18282:80', '-p', '127.0.0.1:18283:81'])
    await source.docker(['network', 'connect', 'back', 'web'])
    await target.docker(['network', 'create', '--internal', 'shop'])
    await target.docker(['network', 'create', '--subnet', '10.99.2.128/25', 'office'])
    await target.docker(['volume', 'create', 'data'])
    await create(target, 'web', ['-p', '18282:8080'])
    await create(target, 'runs', ['-p', '0.0.0.0:18283:80'], 'run')
    const { obstacles } = await target.drayage.check(await source.drayage.describe('web'), 'm-1')
    expect(codes(obstacles)).toEqual([
      'DRAYAGE_CONTAINER_EXISTS',
      'DRAYAGE_VOLUME_EXISTS',
      'DRAYAGE_PORT_TAKEN',
      'DRAYAGE_PORT_TAKEN',
      'DRAYAGE_NETWORK_CONFLICT',
      'DRAYAGE_NETWORK_CONFLICT',
    ])
    const words = obstacles.map(({ message }) => message).join('\n')
    expect(words).toMatch(/18282\/tcp is published on the target by web \(created\)/)
    expect(words).toMatch(/127\.0\.0\.1:18283\/tcp is published on the target by runs \(running\)/)
    expect(words).toMatch(/network shop that is another.*internal/)
    expect(words).toMatch(/10\.99\.2\.0\/24 overlaps 10\.99\.2\.128\/25 of network office/)
    await expect(
      target.drayage.prepare(await source.drayage.describe('web'), 'sha256:none', 'm-1'),
    ).rejects.toMatchObject({ code: 'DRAYAGE_NETWORK_CONFLICT' })
    expect(await target.volumeNames()).toEqual(['data'])
  })

  test('uses a network that fits, and leaves it when it undoes', async () => {
    const [source, target] = [host(other), host(kind)]
    await source.docker(['network', 'create', '--label', 'of=source', 'shop'])
    await target.docker(['network', 'create', 'shop'])
    await create(source, 'web', ['--network', 'shop'])
    const workload = await source.drayage.describe('web')
    const check = await target.drayage.check(workload, 'm-2')
    expect(check).toMatchObject({ obstacles: [], existingNetworks: ['shop'] })
    const prepared = await target.drayage.prepare(workload, check.imageId, 'm-2')
    expect(prepared.createdNetworks).toEqual([])
    await target.drayage.discard('m-2')
    expect(await target.docker(['network', 'ls', '--quiet', '--filter', 'name=shop'])).not.toBe('')
  })

  test('a network that others have come to use stays when it undoes', async () => {
    const [source, target] = [host(other), host(kind)]
    await source.docker(['network', 'create', 'shop'])
    await create(source, 'web', ['--network', 'shop'])
    const workload = await source.drayage.describe('web')
    await target.drayage.prepare(workload, (await target.drayage.check(workload, 'm-3')).imageId, 'm-3')
    await create(target, 'newcomer', ['--network', 'shop'], 'run')
    await target.drayage.discard('m-3')
    expect(await target.docker(['ps', '-a', '--format', '{{.Names}}'])).toBe('newcomer')
    expect(await target.docker(['network', 'ls', '--quiet', '--filter', 'name=shop'])).not.toBe('')
  })

  test('does not know what listens on a host whose network its agent does not share, and says so', async () => {
    const [source, target] = [host(other), host(kind)]
    await create(source, 'web', ['-p', '18484:80'])
    const { warnings } = await target.drayage.check(await source.drayage.describe('web'), '')
    expect(codes(warnings)).toContain('ports-unchecked')
  })

  test('sees a process that listens on the port, from within the host’s network', async () => {
    const [source, target] = [host(other), host(kind)]
    await create(source, 'web', ['-p', '18585:80', '-p', '18586:81', '-p', '18587:82/udp'])
    const engine = new URL('../../agent/docker/engine.ts', import.meta.url).href
    const script = `
      import { createServer } from 'node:net'
      import { createSocket } from 'node:dgram'
      import { once } from 'node:events'
      import { createEngine } from ${JSON.stringify(engine)}
      const server = createServer().listen(18585, '0.0.0.0')
      const socket = createSocket('udp6').bind(18587)
      await Promise.all([once(server, 'listening'), once(socket, 'listening')])
      const workload = JSON.parse(${JSON.stringify(JSON.stringify(await source.drayage.describe('web')))})
      const check = await createEngine({ dockerHost: ${JSON.stringify(target.dockerHost)} }).check(workload, '')
      console.log(JSON.stringify(check))
      server.close()
      socket.close()
    `
    const said = await target.nsexec([process.execPath, '--input-type=module', '--eval', script])
    const { obstacles, warnings } = JSON.parse(said)
    expect(codes(obstacles)).toEqual(['DRAYAGE_PORT_TAKEN', 'DRAYAGE_PORT_TAKEN'])
    expect(obstacles.map(({ message }: { message: string }) => message).join()).toMatch(/18585\/tcp.*18587\/udp/)
    expect(codes(warnings)).not.toContain('ports-unchecked')
  })
})

test('an engine that maps ids and one that does not refuse each other’s workloads', async () => {
  const [plainly, remapped] = [host('current'), host('remapped')]
  expect(await remapped.drayage.facts()).toMatchObject({ idShift: 'userns-remap' })
  await create(plainly, 'web', ['-v', 'data:/data'])
  await create(remapped, 'web', ['-v', 'data:/data'])
  const there = await remapped.drayage.check(await plainly.drayage.describe('web'), '')
  expect(codes(there.obstacles)).toContain('DRAYAGE_ID_SHIFT_MISMATCH')
  const here = await plainly.drayage.check(await remapped.drayage.describe('web'), '')
  expect(codes(here.obstacles)).toContain('DRAYAGE_ID_SHIFT_MISMATCH')
  const alike = await remapped.drayage.check(await remapped.drayage.describe('web'), '')
  expect(codes(alike.obstacles)).not.toContain('DRAYAGE_ID_SHIFT_MISMATCH')
})
