// Stop, start, rename and restart policies on engines of both generations, and an engine that goes away.
import { afterEach, describe, expect, test } from 'vitest'
import { createEngine } from '../../agent/docker/engine.ts'
import { cleanOut, engineHosts, plain } from './hosts.ts'

const generations = ['current', 'legacy'] as const
const host = engineHosts(generations, [plain])

describe.each(generations)('%s', (kind) => {
  afterEach(() => cleanOut(host(kind)))

  const run = async (name: string, options: readonly string[], command: readonly string[] = []) => {
    const engine = host(kind)
    await engine.docker(['run', '-d', '--name', name, '--tmpfs', '/asked', ...options, plain.ref, ...command])
    return engine.drayage.container(name)
  }

  test('a container is stopped by its own signal, and stopping it again is success', async () => {
    const engine = host(kind)
    const script = 'trap "exit 7" USR1; trap "" TERM; echo ready; while :; do sleep 0.1; done'
    const { id } = await run('own', ['--stop-signal', 'USR1', '--stop-timeout', '60'], ['sh', '-c', script])
    await expect.poll(() => engine.docker(['logs', 'own']), { timeout: 20_000 }).toContain('ready')
    await engine.drayage.stop(id)
    expect(await engine.drayage.container(id)).toMatchObject({ running: false, status: 'exited', exitCode: 7 })
    await engine.drayage.stop(id)
  })

  test('one that does not heed its signal is killed after its own time-out', async () => {
    const engine = host(kind)
    const script = 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
    const { id } = await run('deaf', ['--stop-timeout', '1'], ['sh', '-c', script])
    await expect.poll(() => engine.docker(['logs', 'deaf']), { timeout: 20_000 }).toContain('ready')
    await engine.drayage.stop(id)
    expect(await engine.drayage.container(id)).toMatchObject({ running: false, exitCode: 137, oomKilled: false })
  })

  test('one that is being restarted over and over is stopped and stays so', async () => {
    const engine = host(kind)
    const { id } = await run('crashing', ['--restart', 'always'], ['false'])
    await expect
      .poll(async () => (await engine.drayage.container(id)).restartCount, { timeout: 20_000 })
      .toBeGreaterThan(2)
    await engine.drayage.setRestartPolicy(id, { Name: 'no', MaximumRetryCount: 0 })
    await engine.drayage.stop(id)
    expect(await engine.drayage.container(id)).toMatchObject({ running: false, restarting: false })
  })

  test('a restart policy is set, read back and restored, also the empty one', async () => {
    const engine = host(kind)
    const { id, restartPolicy } = await run('policy', ['--restart', 'on-failure:4'])
    expect(restartPolicy).toEqual({ Name: 'on-failure', MaximumRetryCount: 4 })
    await engine.drayage.setRestartPolicy(id, { Name: '', MaximumRetryCount: 0 })
    expect((await engine.drayage.container(id)).restartPolicy.Name).toBe('no')
    await engine.drayage.setRestartPolicy(id, restartPolicy)
    await engine.drayage.setRestartPolicy(id, restartPolicy)
    expect((await engine.drayage.container(id)).restartPolicy).toEqual(restartPolicy)
  })

  test('starting again is success; a start that the engine refuses says why in its words', async () => {
    const engine = host(kind)
    const { id } = await run('first', ['--publish', '18181:80'])
    await engine.drayage.start(id)
    await engine.docker(['create', '--name', 'second', '--tmpfs', '/asked', '--publish', '18181:80', plain.ref])
    await expect(engine.drayage.start('second')).rejects.toMatchObject({
      code: 'DRAYAGE_ENGINE_REFUSED',
      message: expect.stringMatching(/port is already allocated/),
    })
    await expect(engine.drayage.start('nobody')).rejects.toMatchObject({ code: 'DRAYAGE_CONTAINER_NOT_FOUND' })
    await expect(engine.drayage.stop('nobody')).rejects.toMatchObject({ code: 'DRAYAGE_CONTAINER_NOT_FOUND' })
  })

  test('renaming twice is success, and a name that is taken is said', async () => {
    const engine = host(kind)
    const { id } = await run('old', [])
    await run('taken', [])
    await engine.drayage.rename(id, 'new')
    await engine.drayage.rename(id, 'new')
    expect((await engine.drayage.container(id)).name).toBe('new')
    await expect(engine.drayage.rename(id, 'taken')).rejects.toMatchObject({ code: 'DRAYAGE_CONTAINER_EXISTS' })
  })

  test('health is told with the last thing that the check said', async () => {
    const engine = host(kind)
    const check = ['--health-cmd', 'echo all is ill; false', '--health-interval', '1s', '--health-retries', '1']
    const { id, health } = await run('ill', check)
    expect(['starting', 'unhealthy']).toContain(health)
    await expect.poll(async () => (await engine.drayage.container(id)).health, { timeout: 20_000 }).toBe('unhealthy')
    expect((await engine.drayage.container(id)).healthLog).toContain('all is ill')
    expect((await run('none', [])).health).toBe('none')
  })

  test('facts are those of the engine', async () => {
    const engine = host(kind)
    expect(await engine.drayage.facts()).toMatchObject({
      version: expect.stringContaining(engine.engine.version),
      os: 'linux',
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      dataRoot: engine.dataRoot,
      containerdImageStore: false,
      idShift: '',
      swarm: false,
    })
    expect(await engine.drayage.ping()).toBe(true)
  })

  test('an engine that is away is unreachable, one that hangs times out, and both serve again when they are back', async () => {
    const engine = host(kind)
    await engine.engine.stop()
    expect(await engine.drayage.ping()).toBe(false)
    await expect(engine.drayage.inventory()).rejects.toMatchObject({ code: 'DRAYAGE_ENGINE_UNREACHABLE' })
    await engine.engine.start()
    expect((await engine.drayage.facts()).dataRoot).toBe(engine.dataRoot)
    engine.engine.pause()
    try {
      // The signal has been sent; its threads stop one by one.
      await expect.poll(() => engine.drayage.ping(), { timeout: 20_000 }).toBe(false)
    } finally {
      engine.engine.resume()
    }
    expect(await engine.drayage.ping()).toBe(true)
  })
})

test('a socket that is not there says where it was looked for', async () => {
  const engine = createEngine({ dockerHost: 'unix:///nonexistent/docker.sock' })
  await expect(engine.facts()).rejects.toMatchObject({
    code: 'DRAYAGE_ENGINE_UNREACHABLE',
    message: expect.stringMatching(/unix:\/\/\/nonexistent\/docker\.sock.*ENOENT/),
  })
})
