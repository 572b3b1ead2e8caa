// The steps of a source, on real engines, called as the coordinator calls them.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ulid } from 'ulid'
import { describe, expect, test } from 'vitest'
import { eventually } from '../lab/wait.ts'
import {
  engines,
  granted,
  inspect,
  isRunning,
  mountpointOf,
  obedient,
  short,
  uniqueName,
  withTwoEngines,
  workloadOf,
} from './two-engines.ts'

const on = withTwoEngines()

describe.each(engines)('on the %s engine', (engine) => {
  const host = () => on.host(engine)

  test('fence, stop and isolate leave a source that nothing starts; restore, restart and unfence leave it as it was', async () => {
    const volume = uniqueName('data')
    const { agent, name, containerId, lease, workload, step } = await granted(
      on,
      engine,
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
    const { agent, name, lease, step } = await granted(on, engine, [], obedient)
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
    const { agent, workload, step } = await granted(on, engine, ['-v', `${volume}:/data`], obedient)
    await expect(
      agent.call.unary('IsolateSource', { ...step, volumes: workload.volumes }, short),
    ).rejects.toMatchObject({ code: 'DRAYAGE_CONTAINER_NOT_STOPPED' })
    expect(existsSync(await mountpointOf(host(), volume))).toBe(true)
  })

  test('a container that does not heed its stop signal is killed, and it is said so', async () => {
    const { agent, step } = await granted(on, engine, ['--stop-timeout', '1'], ['sh', '-c', 'trap "" TERM; sleep 1000'])
    const stopped = await agent.call.unary('StopSource', { ...step, stopTimeoutSeconds: 1 }, short)
    expect(stopped).toMatchObject({ wasRunning: true, exitCode: 137, killed: true })
  })

  test('one whose stop signal is SIGKILL was not killed for being late', async () => {
    const { agent, step } = await granted(on, engine, ['--stop-signal', 'SIGKILL'], ['sleep', '1000'])
    const stopped = await agent.call.unary('StopSource', { ...step, stopTimeoutSeconds: 10 }, short)
    expect(stopped).toMatchObject({ wasRunning: true, exitCode: 137, killed: false })
  })

  test('a source that had ended by itself is not started by the undo; one between two runs is', async () => {
    const ended = await granted(on, engine, [], ['sh', '-c', 'exit 3'])
    await eventually('it to end', 20_000, async () => !(await isRunning(host(), ended.name)))
    expect(await ended.agent.call.unary('StopSource', { ...ended.step, stopTimeoutSeconds: 5 }, short)).toMatchObject({
      wasRunning: false,
      exitCode: 3,
    })
    await ended.agent.call.unary('RestartSource', ended.step, short)
    expect(await isRunning(host(), ended.name)).toBe(false)

    const crashing = await granted(on, engine, ['--restart', 'always'], ['sh', '-c', 'exit 3'])
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
    const { agent, name, lease, step } = await granted(on, engine, ['--restart', 'always'], obedient)
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
    const { agent, lease, step } = await granted(on, engine, [], obedient)
    await agent.call.unary('StopSource', { ...step, stopTimeoutSeconds: 10 }, short)
    await expect(agent.call.unary('ForgetMigration', { lease }, short)).rejects.toMatchObject({
      code: 'DRAYAGE_FENCE_CONFLICT',
    })
    await agent.call.unary('RestartSource', step, short)
    await agent.call.unary('ForgetMigration', { lease }, short)
    await agent.call.unary('ForgetMigration', { lease }, short)
  })

  test('a container that has moved away is stopped when somebody starts it, also after the agent was down', async () => {
    const { agent, name, lease, step } = await granted(on, engine, [], obedient)
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
    const workload = await workloadOf(agent.call, name)
    expect(workload.obstacles.map(({ code }) => code)).toContain('DRAYAGE_WORKLOAD_RETIRED')
  })

  test('a source that is stopped for its move does not come back by hand, and does by the undo', async () => {
    const { agent, name, step } = await granted(on, engine, [], obedient)
    await agent.call.unary('StopSource', { ...step, stopTimeoutSeconds: 10 }, short)
    await host().docker(['start', name])
    await eventually('the guard to stop it', 20_000, async () => !(await isRunning(host(), name)))
    await agent.call.unary('RestartSource', step, short)
    expect(await isRunning(host(), name)).toBe(true)
  })
})
