// A target container is started, and judged, on real engines.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ulid } from 'ulid'
import { describe, expect, test } from 'vitest'
import {
  busybox,
  engines,
  inspect,
  isRunning,
  mountpointOf,
  newLease,
  obedient,
  removedAfterwards,
  short,
  uniqueName,
  withTwoEngines,
} from './two-engines.ts'

const on = withTwoEngines()

describe.each(engines)('on the %s engine a target container', (engine) => {
  const host = () => on.host(engine)

  // What PrepareTarget leaves: created, labelled as this migration's, never started.
  const prepared = async (options: readonly string[], command: readonly string[]) => {
    const agent = on.agent(engine)
    const lease = newLease()
    await agent.call.unary('GrantEpoch', { lease, role: 'target', peerHost: 'elsewhere', containerId: 'x' }, short)
    const containerId = await host().docker([
      ...['create', '--label', `dev.drayage.migration=${lease.migrationId}`, '--name', uniqueName('target')],
      ...options,
      busybox,
      ...command,
    ])
    removedAfterwards(host(), containerId)
    const request = { lease, containerId, settleMs: 700, healthTimeoutMs: 20_000 }
    return { agent, lease, containerId, request, start: () => agent.call.unary('StartTarget', request, short) }
  }
  const startedAt = async (containerId: string) => (await inspect(host(), containerId)).State.StartedAt
  const healthcheck = (command: string, retries = '2') => [
    ...['--health-cmd', command, '--health-interval', '300ms', '--health-retries', retries],
  ]

  test('without a health check is up when it has run for the settle time', async () => {
    const { containerId, start } = await prepared([], obedient)
    const asked = performance.now()
    const started = await start()
    expect(performance.now() - asked).toBeGreaterThan(700)
    expect(started).toEqual({ verdict: 'settled', startedAt: await startedAt(containerId) })
    expect(await start()).toEqual(started)
  })

  test('with a health check is up when it passes', async () => {
    const { containerId, start } = await prepared(healthcheck('test -e /tmp/ready', '50'), [
      'sh',
      '-c',
      'sleep 1; touch /tmp/ready; sleep 1000',
    ])
    expect(await start()).toEqual({ verdict: 'healthy', startedAt: await startedAt(containerId) })
  })

  test('whose health check fails is unhealthy, in the words of the check', async () => {
    const { start, containerId } = await prepared(healthcheck('echo no database here; exit 1'), obedient)
    await expect(start()).rejects.toMatchObject({
      code: 'DRAYAGE_TARGET_UNHEALTHY',
      message: expect.stringContaining('no database here'),
    })
    expect(await isRunning(host(), containerId)).toBe(true)
  })

  test('whose health check does not pass in time is unhealthy', async () => {
    const { agent, request } = await prepared(
      ['--health-cmd', 'exit 1', '--health-interval', '200ms', '--health-start-period', '5m'],
      obedient,
    )
    await expect(agent.call.unary('StartTarget', { ...request, healthTimeoutMs: 900 }, short)).rejects.toMatchObject({
      code: 'DRAYAGE_TARGET_UNHEALTHY',
    })
  })

  test('that runs to its end has finished, and is not run twice', async () => {
    const volume = uniqueName('runs')
    const { containerId, start, agent } = await prepared(
      ['-v', `${volume}:/runs`],
      ['sh', '-c', 'echo run >> /runs/log'],
    )
    const started = await start()
    expect(started).toEqual({ verdict: 'finished', startedAt: await startedAt(containerId) })
    await agent.restart()
    expect(await start()).toEqual(started)
    expect(await readFile(join(await mountpointOf(host(), volume), 'log'), 'utf8')).toBe('run\n')
  })

  test('that ended before the answer arrived is judged by how it ended, not run again', async () => {
    const volume = uniqueName('runs')
    const { agent, lease, containerId, start } = await prepared(
      ['-v', `${volume}:/runs`],
      ['sh', '-c', 'echo run >> /runs/log'],
    )
    // What an agent that died here has left.
    const note = agent.state.migrations.find(lease.migrationId)
    if (note?.role !== 'target') throw new Error('It was not granted')
    await agent.state.migrations.put({ ...note, startAsked: true })
    await host().docker(['start', '--attach', containerId])
    expect(await start()).toMatchObject({ verdict: 'finished' })
    expect(await readFile(join(await mountpointOf(host(), volume), 'log'), 'utf8')).toBe('run\n')
  })

  test('that ends with an error, or that its restart policy starts again, is unhealthy', async () => {
    const once = await prepared([], ['sh', '-c', 'sleep 0.2; exit 4'])
    await expect(once.start()).rejects.toMatchObject({
      code: 'DRAYAGE_TARGET_UNHEALTHY',
      message: expect.stringContaining('exit code 4'),
    })
    const again = await prepared(['--restart', 'always'], ['sh', '-c', 'sleep 0.2; exit 5'])
    await expect(again.start()).rejects.toMatchObject({
      code: 'DRAYAGE_TARGET_UNHEALTHY',
      message: expect.stringContaining('started again by its restart policy'),
    })
  })

  test('that the engine will not start was not started, in the words of the engine', async () => {
    const { start, containerId } = await prepared([], ['/no/such/program'])
    await expect(start()).rejects.toMatchObject({
      code: 'DRAYAGE_TARGET_NOT_STARTED',
      message: expect.stringContaining('/no/such/program'),
    })
    expect(await isRunning(host(), containerId)).toBe(false)
  })

  test('that another migration made is not started', async () => {
    const { agent, lease, request } = await prepared([], obedient)
    const other = await host().docker(['create', '--label', `dev.drayage.migration=${ulid()}`, busybox, 'true'])
    await expect(
      agent.call.unary('StartTarget', { ...request, lease, containerId: other }, short),
    ).rejects.toMatchObject({ code: 'DRAYAGE_CONTAINER_EXISTS' })
    expect((await inspect(host(), other)).State.Status).toBe('created')
  })

  test('is not started under a lower epoch', async () => {
    const { agent, lease, request, containerId } = await prepared([], obedient)
    const newer = { ...lease, migrationId: ulid(), epoch: 9 }
    await agent.call.unary('GrantEpoch', { lease: newer, role: 'target', peerHost: 'x', containerId: 'x' }, short)
    await expect(agent.call.unary('StartTarget', request, short)).rejects.toMatchObject({
      code: 'DRAYAGE_EPOCH_STALE',
    })
    expect(await isRunning(host(), containerId)).toBe(false)
  })
})
