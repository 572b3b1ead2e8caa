// The agent's steps on real engines, called as the coordinator calls them.
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ulid } from 'ulid'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createAuthority, type TestAuthority } from '../agent/identity/testing/authority.ts'
import type { VolumeResult__Output } from '../shared/rpc/generated/drayage/v1/VolumeResult.ts'
import { startTestAgent, type TestAgent } from './agent/harness.ts'
import { images, loadImage } from './lab/images.ts'
import { type Lab, type LabHost, startLab } from './lab/lab.ts'
import { eventually } from './lab/wait.ts'

const short = { timeoutMs: 60_000 }
const busybox = images.busybox.ref

let lab: Lab
let authority: TestAuthority
const agents = new Map<string, TestAgent>()

beforeAll(async () => {
  lab = await startLab({
    hosts: [
      { name: 'current', engine: 'current' },
      { name: 'legacy', engine: 'legacy' },
    ],
    agents: false,
    coordinator: false,
  })
  authority = await createAuthority()
  for (const host of lab.hosts) {
    await loadImage(host, 'busybox')
    agents.set(host.name, await startTestAgent(host, authority))
  }
})
afterAll(async () => {
  for (const agent of agents.values()) await agent.close()
  await lab?.stop()
})

const agentOf = (name: string): TestAgent => {
  const agent = agents.get(name)
  if (agent === undefined) throw new Error(`No agent on ${name}`)
  return agent
}

const newLease = (epoch = 1) => ({ migrationId: ulid(), workloadId: `w-${randomUUID()}`, epoch })
type Lease = ReturnType<typeof newLease>

const inspect = async (host: LabHost, container: string) =>
  JSON.parse(await host.docker(['inspect', '--type', 'container', container]))[0]
const isRunning = async (host: LabHost, container: string) => (await inspect(host, container)).State.Running === true
const mountpointOf = (host: LabHost, volume: string) =>
  host.docker(['volume', 'inspect', '--format', '{{.Mountpoint}}', volume])

// The machine has few cores for the tests that follow.
const removedAfterwards = (host: LabHost, container: string) =>
  onTestFinished(async () => void (await host.docker(['rm', '-f', container])))

let counter = 0
const uniqueName = (prefix: string) => {
  counter += 1
  return `${prefix}-${counter}`
}

// A container on the source, with the grant for its move.
const granted = async (
  host: LabHost,
  options: readonly string[],
  command: readonly string[],
  peerHost = 'elsewhere',
) => {
  const agent = agentOf(host.name)
  const name = uniqueName('app')
  const containerId = await host.docker(['run', '-d', '--name', name, ...options, busybox, ...command])
  removedAfterwards(host, containerId)
  const lease = newLease()
  await agent.call.unary('GrantEpoch', { lease, role: 'source', peerHost, containerId }, short)
  const workload = await agent.call.unary('DescribeWorkload', { container: containerId, measureVolumes: true }, short)
  return { agent, name, containerId, lease, workload, step: { lease, containerId } }
}

// Ends at SIGTERM at once, as pid 1 of a container does only when it asks for the signal.
const obedient = ['sh', '-c', 'trap "exit 0" TERM; sleep 1000 & wait']

describe.each(['current', 'legacy'])('on the %s engine', (hostName) => {
  const host = () => lab.host(hostName)

  test('fence, stop and isolate leave a source that nothing starts; restore, restart and unfence leave it as it was', async () => {
    const volume = uniqueName('data')
    const { agent, name, containerId, lease, workload, step } = await granted(
      host(),
      ['--restart', 'on-failure:7', '-v', `${volume}:/data`],
      ['sh', '-c', 'trap "exit 0" TERM; echo kept > /data/file; sleep 1000 & wait'],
    )
    const mountpoint = await mountpointOf(host(), volume)
    await eventually('the container to write', 20_000, async () => existsSync(join(mountpoint, 'file')))

    const fenced = await agent.call.unary('FenceSource', step, short)
    expect(JSON.parse(fenced.restartPolicyJson)).toEqual({ Name: 'on-failure', MaximumRetryCount: 7 })
    expect((await inspect(host(), name)).HostConfig.RestartPolicy.Name).toBe('no')
    expect(await agent.call.unary('FenceSource', step, short)).toEqual(fenced)

    const stopped = await agent.call.unary('StopSource', { ...step, stopTimeoutSeconds: 10 }, short)
    expect(stopped).toMatchObject({ wasRunning: true, exitCode: 0, killed: false })
    expect(Date.parse(stopped.finishedAt)).toBeGreaterThan(Date.now() - 60_000)
    expect(await isRunning(host(), name)).toBe(false)
    expect(await agent.call.unary('StopSource', { ...step, stopTimeoutSeconds: 10 }, short)).toEqual(stopped)

    const isolate = { ...step, volumes: workload.volumes }
    const isolated = await agent.call.unary('IsolateSource', isolate, short)
    expect(isolated).toEqual({ volumes: [volume], renamedTo: '' })
    expect(await agent.call.unary('IsolateSource', isolate, short)).toEqual(isolated)
    const aside = join(dirname(mountpoint), `_data.drayage-${lease.migrationId}`)
    expect(existsSync(mountpoint)).toBe(false)
    expect(await readFile(join(aside, 'file'), 'utf8')).toBe('kept\n')
    expect(await readFile(join(dirname(mountpoint), 'DRAYAGE-MOVED.txt'), 'utf8')).toContain(aside)

    // The hard fence: by hand, with the policy that it had, and after the engine came back.
    await expect(host().docker(['start', name])).rejects.toThrow(/_data/)
    await host().docker(['update', '--restart', 'always', name])
    await host().engine.restart()
    await eventually('the engine to answer', 30_000, () => agent.engine.ping())
    await expect(host().docker(['start', name])).rejects.toThrow(/_data/)
    expect(existsSync(mountpoint)).toBe(false)

    // The process that undoes is not the one that did.
    await agent.restart()
    await agent.call.unary('RestoreSource', step, short)
    await agent.call.unary('RestoreSource', step, short)
    expect(existsSync(aside)).toBe(false)
    expect(existsSync(join(dirname(mountpoint), 'DRAYAGE-MOVED.txt'))).toBe(false)
    expect(await agent.engine.volume(volume)).toMatchObject({ mountpoint })
    await agent.call.unary('RestartSource', step, short)
    await agent.call.unary('RestartSource', step, short)
    expect(await isRunning(host(), name)).toBe(true)
    await agent.call.unary('UnfenceSource', step, short)
    await agent.call.unary('UnfenceSource', step, short)
    expect((await inspect(host(), name)).HostConfig.RestartPolicy).toEqual({ Name: 'on-failure', MaximumRetryCount: 7 })
    await agent.call.unary('ForgetMigration', { lease }, short)
    expect(agent.state.migrations.find(lease.migrationId)).toBeNull()
    expect((await inspect(host(), name)).Id).toBe(containerId)
  })

  test('a container without volumes is renamed, and its name comes back', async () => {
    const { agent, name, lease, step } = await granted(host(), [], obedient)
    await agent.call.unary('StopSource', { ...step, stopTimeoutSeconds: 10 }, short)
    const isolated = await agent.call.unary('IsolateSource', { ...step, volumes: [] }, short)
    expect(isolated).toEqual({ volumes: [], renamedTo: `${name}-moved-${lease.migrationId.slice(-8).toLowerCase()}` })
    expect((await inspect(host(), step.containerId)).Name).toBe(`/${isolated.renamedTo}`)
    expect(await agent.call.unary('IsolateSource', { ...step, volumes: [] }, short)).toEqual(isolated)
    await agent.call.unary('RestoreSource', step, short)
    expect((await inspect(host(), step.containerId)).Name).toBe(`/${name}`)
  })

  test('a container that runs is not isolated', async () => {
    const volume = uniqueName('data')
    const { agent, workload, step } = await granted(host(), ['-v', `${volume}:/data`], obedient)
    await expect(
      agent.call.unary('IsolateSource', { ...step, volumes: workload.volumes }, short),
    ).rejects.toMatchObject({ code: 'DRAYAGE_CONTAINER_NOT_STOPPED' })
    expect(existsSync(await mountpointOf(host(), volume))).toBe(true)
  })

  test('a container that does not heed its stop signal is killed, and it is said so', async () => {
    const { agent, step } = await granted(host(), ['--stop-timeout', '1'], ['sh', '-c', 'trap "" TERM; sleep 1000'])
    const stopped = await agent.call.unary('StopSource', { ...step, stopTimeoutSeconds: 1 }, short)
    expect(stopped).toMatchObject({ wasRunning: true, exitCode: 137, killed: true })
  })

  test('one whose stop signal is SIGKILL was not killed for being late', async () => {
    const { agent, step } = await granted(host(), ['--stop-signal', 'SIGKILL'], ['sleep', '1000'])
    const stopped = await agent.call.unary('StopSource', { ...step, stopTimeoutSeconds: 10 }, short)
    expect(stopped).toMatchObject({ wasRunning: true, exitCode: 137, killed: false })
  })

  test('a source that had ended by itself is not started by the undo; one between two runs is', async () => {
    const ended = await granted(host(), [], ['sh', '-c', 'exit 3'])
    await eventually('it to end', 20_000, async () => !(await isRunning(host(), ended.name)))
    expect(await ended.agent.call.unary('StopSource', { ...ended.step, stopTimeoutSeconds: 5 }, short)).toMatchObject({
      wasRunning: false,
      exitCode: 3,
    })
    await ended.agent.call.unary('RestartSource', ended.step, short)
    expect(await isRunning(host(), ended.name)).toBe(false)

    const crashing = await granted(host(), ['--restart', 'always'], ['sh', '-c', 'exit 3'])
    await eventually('it to be between two runs', 20_000, async () => {
      const { State } = await inspect(host(), crashing.name)
      return State.Restarting === true
    })
    await crashing.agent.call.unary('FenceSource', crashing.step, short)
    await eventually('it to stay down', 30_000, async () => {
      const { State } = await inspect(host(), crashing.name)
      return State.Status === 'exited'
    })
    const stopped = await crashing.agent.call.unary('StopSource', { ...crashing.step, stopTimeoutSeconds: 5 }, short)
    expect(stopped).toMatchObject({ wasRunning: true, exitCode: 3, killed: false })
  })

  test('a lower epoch has no effect, and neither has a container that was not granted', async () => {
    const { agent, name, lease, step } = await granted(host(), ['--restart', 'always'], obedient)
    const newer = { ...lease, migrationId: ulid(), epoch: 5 }
    expect(
      await agent.call.unary(
        'GrantEpoch',
        { lease: newer, role: 'source', peerHost: 'elsewhere', containerId: step.containerId },
        short,
      ),
    ).toEqual({ previousEpoch: 1 })
    await agent.restart()
    for (const [method, request] of [
      ['FenceSource', step],
      ['StopSource', { ...step, stopTimeoutSeconds: 1 }],
      ['RetireSource', step],
    ] as const) {
      await expect(agent.call.unary(method, request, short)).rejects.toMatchObject({ code: 'DRAYAGE_EPOCH_STALE' })
    }
    await expect(
      agent.call.unary('StopSource', { lease: newer, containerId: 'f'.repeat(64), stopTimeoutSeconds: 1 }, short),
    ).rejects.toMatchObject({ code: 'DRAYAGE_CONTAINER_CHANGED' })
    expect(await isRunning(host(), name)).toBe(true)
    expect((await inspect(host(), name)).HostConfig.RestartPolicy.Name).toBe('always')
  })

  test('what a migration has left in force is not forgotten', async () => {
    const { agent, lease, step } = await granted(host(), [], obedient)
    await agent.call.unary('StopSource', { ...step, stopTimeoutSeconds: 10 }, short)
    await expect(agent.call.unary('ForgetMigration', { lease }, short)).rejects.toMatchObject({
      code: 'DRAYAGE_FENCE_CONFLICT',
    })
    await agent.call.unary('RestartSource', step, short)
    await agent.call.unary('ForgetMigration', { lease }, short)
    await agent.call.unary('ForgetMigration', { lease }, short)
  })

  test('a container that has moved away is stopped when somebody starts it, also after the agent was down', async () => {
    const { agent, name, lease, step } = await granted(host(), [], obedient)
    await agent.call.unary('StopSource', { ...step, stopTimeoutSeconds: 10 }, short)
    await agent.call.unary('RetireSource', step, short)
    await agent.call.unary('RetireSource', step, short)
    await agent.call.unary('ReleaseSource', { lease }, short)
    await agent.call.unary('ForgetMigration', { lease }, short)
    // As the coordinator repeats the step after it was cut off.
    await agent.call.unary('RetireSource', step, short)

    await host().docker(['start', name])
    await eventually('the guard to stop it', 20_000, async () => !(await isRunning(host(), name)))
    await agent.restart()
    await host().docker(['start', name])
    await eventually('the guard of the new process to stop it', 20_000, async () => !(await isRunning(host(), name)))
    expect(agent.lines.some((line) => line.includes('must not run on this host') && line.includes('elsewhere'))).toBe(
      true,
    )
    const workload = await agent.call.unary('DescribeWorkload', { container: name, measureVolumes: false }, short)
    expect(workload.obstacles.map(({ code }) => code)).toContain('DRAYAGE_WORKLOAD_RETIRED')
  })

  test('a source that is stopped for its move does not come back by hand, and does by the undo', async () => {
    const { agent, name, step } = await granted(host(), [], obedient)
    await agent.call.unary('StopSource', { ...step, stopTimeoutSeconds: 10 }, short)
    await host().docker(['start', name])
    await eventually('the guard to stop it', 20_000, async () => !(await isRunning(host(), name)))
    await agent.call.unary('RestartSource', step, short)
    expect(await isRunning(host(), name)).toBe(true)
  })

  describe('a target container', () => {
    // What PrepareTarget leaves: created, labelled as this migration's, never started.
    const prepared = async (options: readonly string[], command: readonly string[]) => {
      const agent = agentOf(hostName)
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
})

describe.each([
  ['current', 'legacy'],
  ['legacy', 'current'],
])('from %s to %s', (from, to) => {
  const readAll = async <T>(stream: AsyncIterable<T>): Promise<T[]> => {
    const all: T[] = []
    for await (const item of stream) all.push(item)
    return all
  }
  const both = async (lease: Lease, containerId: string) => {
    const [source, target] = [agentOf(from), agentOf(to)]
    await target.call.unary('GrantEpoch', { lease, role: 'target', peerHost: from, containerId }, short)
    await source.call.unary('GrantEpoch', { lease, role: 'source', peerHost: to, containerId }, short)
    return { source, target }
  }

  test('a workload moves: image, volumes, container; and is what it was', async () => {
    const [sourceHost, targetHost] = [lab.host(from), lab.host(to)]
    const ref = `drayage-lab/mover-${from}:1`
    await loadImage(sourceHost, { ref, base: 'busybox', files: { 'hello.txt': `from ${from}\n` } })
    const [volume, name] = [uniqueName('data'), uniqueName('mover')]
    const containerId = await sourceHost.docker([
      ...['run', '-d', '--name', name, '-v', `${volume}:/data`, ref, 'sh', '-c'],
      'trap "exit 0" TERM; test -e /data/big || dd if=/dev/urandom of=/data/big bs=1M count=20; echo up >> /data/log; sleep 1000 & wait',
    ])
    const mountpoint = await mountpointOf(sourceHost, volume)
    await eventually('it to be up', 20_000, async () => existsSync(join(mountpoint, 'log')))
    const lease = newLease()
    const { source, target } = await both(lease, containerId)
    const peer = { host: from, address: source.address }
    const workload = await source.call.unary('DescribeWorkload', { container: name, measureVolumes: true }, short)
    expect(workload.obstacles).toEqual([])
    const check = await target.call.unary('CheckTarget', { workload, migrationId: lease.migrationId }, short)
    expect(check.obstacles).toEqual([])
    expect(check.imageId).toBe('')
    expect(check.freeBytes).toBeGreaterThan(0)

    const image = workload.image
    if (!image) throw new Error('The workload has no image')
    const wanted = { lease, image, source: peer, ticket: target.ticket(lease, from, { imageId: image.id }) }
    const receive = () => readAll(target.call.serverStream('ReceiveImage', wanted, short))
    const received = (await receive()).at(-1)?.done
    expect(received).toMatchObject({ loaded: true })
    const imageId = received?.imageId ?? ''
    expect((await receive()).at(-1)?.done).toEqual({ imageId, loaded: true })

    const hold = { lease, containerId }
    await source.call.unary('HoldSource', hold, short)
    const prepare = { lease, workload, imageId }
    const target1 = await target.call.unary('PrepareTarget', prepare, short)
    expect(await target.call.unary('PrepareTarget', prepare, short)).toMatchObject({ containerId: target1.containerId })
    await source.call.unary('FenceSource', hold, short)
    await source.call.unary('StopSource', { ...hold, stopTimeoutSeconds: 10 }, short)
    await source.call.unary('IsolateSource', { ...hold, volumes: workload.volumes }, short)

    const [described] = workload.volumes
    const rootIdentity = described?.rootIdentity ?? ''
    const ticket = target.ticket(lease, from, { volume })
    const pull = { lease, volume, source: peer, round: 1, final: true, rootIdentity, ticket }
    const results: (VolumeResult__Output | null)[] = []
    for (const _ of [1, 2]) {
      results.push((await readAll(target.call.serverStream('ReceiveVolume', pull, short))).at(-1)?.result ?? null)
    }
    expect(results[0]?.sourceDigest).toMatch(/^[0-9a-f]{64}$/)
    expect(results[0]?.targetDigest).toBe(results[0]?.sourceDigest)
    expect(results[0]?.contentBytes).toBeGreaterThan(20 * 1024 * 1024)
    // The second finds all of it there: the same volume, and next to nothing crosses.
    const { bytesSent = 0, changedBytes: _bytes, changedEntries: _entries, ...again } = results[1] ?? {}
    expect(results[0]).toMatchObject(again)
    expect(bytesSent).toBeLessThan(64 * 1024)

    const started = await target.call.unary(
      'StartTarget',
      { lease, containerId: target1.containerId, settleMs: 500, healthTimeoutMs: 1_000 },
      short,
    )
    expect(started.verdict).toBe('settled')
    await source.call.unary('RetireSource', hold, short)
    await source.call.unary('ReleaseSource', { lease }, short)
    for (const agent of [target, source]) await agent.call.unary('ForgetMigration', { lease }, short)

    const there = await mountpointOf(targetHost, volume)
    const aside = join(dirname(mountpoint), `_data.drayage-${lease.migrationId}`)
    expect((await readFile(join(there, 'big'))).equals(await readFile(join(aside, 'big')))).toBe(true)
    expect(await readFile(join(there, 'log'), 'utf8')).toBe('up\nup\n')
    expect(await targetHost.docker(['exec', name, 'cat', '/hello.txt'])).toBe(`from ${from}`)
    await expect(sourceHost.docker(['start', name])).rejects.toThrow(/_data/)
    expect(await sourceHost.docker(['ps', '-aq', '--filter', `label=dev.drayage.migration=${lease.migrationId}`])).toBe(
      '',
    )
  })

  test('an undone move leaves nothing on the target', async () => {
    const [sourceHost, targetHost] = [lab.host(from), lab.host(to)]
    const ref = `drayage-lab/undone-${from}:1`
    await loadImage(sourceHost, { ref, base: 'busybox', files: { 'undone.txt': from } })
    const [volume, name] = [uniqueName('data'), uniqueName('undone')]
    const containerId = await sourceHost.docker([
      'run',
      '-d',
      '--name',
      name,
      '-v',
      `${volume}:/data`,
      ref,
      ...obedient,
    ])
    const sorted = async (args: readonly string[]) => (await targetHost.docker(args)).split('\n').toSorted()
    const everything = async () => ({
      images: await sorted(['images', '-aq', '--no-trunc']),
      volumes: await sorted(['volume', 'ls', '-q']),
      containers: await sorted(['ps', '-aq', '--no-trunc']),
    })
    const before = await everything()
    const lease = newLease()
    const { source, target } = await both(lease, containerId)
    const peer = { host: from, address: source.address }
    const workload = await source.call.unary('DescribeWorkload', { container: name, measureVolumes: false }, short)
    const image = workload.image
    if (!image) throw new Error('The workload has no image')
    const wanted = { lease, image, source: peer, ticket: target.ticket(lease, from, { imageId: image.id }) }
    const messages = await readAll(target.call.serverStream('ReceiveImage', wanted, short))
    const imageId = messages.at(-1)?.done?.imageId ?? ''
    await target.call.unary('PrepareTarget', { lease, workload, imageId }, short)
    expect(await everything()).not.toEqual(before)
    for (const _ of [1, 2]) {
      await target.call.unary('DiscardTarget', { lease }, short)
      await target.call.unary('RemoveImage', { lease, imageId: '' }, short)
      await target.call.unary('ForgetMigration', { lease }, short)
    }
    expect(await everything()).toEqual(before)
  })

  test('a volume that this migration did not make is not written, and one that it does not move is not given', async () => {
    const [sourceHost, targetHost] = [lab.host(from), lab.host(to)]
    const [mine, theirs] = [uniqueName('mine'), uniqueName('theirs')]
    const containerId = await sourceHost.docker(['run', '-d', '-v', `${mine}:/data`, busybox, ...obedient])
    await sourceHost.docker(['volume', 'create', theirs])
    await targetHost.docker(['volume', 'create', mine])
    const lease = newLease()
    const { source, target } = await both(lease, containerId)
    const peer = { host: from, address: source.address }
    const pull = (volume: string, final = false) =>
      readAll(
        target.call.serverStream(
          'ReceiveVolume',
          {
            ...{ lease, volume, source: peer, round: 1, final, rootIdentity: '' },
            ticket: target.ticket(lease, from, { volume }),
          },
          short,
        ),
      )
    const ours = ['--label', `dev.drayage.migration=${lease.migrationId}`]
    await targetHost.docker(['create', ...ours, '--label', 'dev.drayage.role=workload', busybox, 'true'])
    await expect(pull(mine)).rejects.toMatchObject({ code: 'DRAYAGE_VOLUME_EXISTS' })
    await targetHost.docker(['volume', 'create', ...ours, theirs])
    await expect(pull(theirs)).rejects.toMatchObject({ code: 'DRAYAGE_TRANSFER_FORBIDDEN' })
  })
})
