// A coordinator that was restored from an older backup, or whose data directory was put back, and a container that was
// brought back by hand: nothing is moved before an operator has settled what the agents really have.
import { cp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Migration } from '../../shared/api/migrations.ts'
import type { Recovery } from '../../shared/api/recovery.ts'
import { commandLineOf } from '../e2e/command-line.ts'
import type { Inspection } from '../e2e/inspection.ts'
import { inspect, migrate, migrationOf, refusal, startMigration, untilEnded, untilMigration } from '../e2e/moving.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let image: string
let aside: string

beforeAll(async () => {
  lab = await startLab({ hosts: 2 })
  ;[one, two] = [lab.host('host-1'), lab.host('host-2')]
  image = (await loadImage(one, 'busybox')).ref
  await loadImage(two, 'busybox')
  aside = `${lab.coordinator.dataDir}.aside`
})
afterAll(() => lab?.stop())

beforeEach(async () => {
  for (const host of lab.hosts) await lab.untilHostIs(host, 'online')
})
afterEach(async () => {
  await rm(aside, { recursive: true, force: true })
  for (const host of lab.hosts) {
    await lab.limitRate(host, undefined)
    const containers = (await host.docker(['ps', '-aq'])).split('\n').filter(Boolean)
    if (containers.length > 0) await host.docker(['rm', '-f', ...containers])
    const volumes = (await host.docker(['volume', 'ls', '-q'])).split('\n').filter(Boolean)
    if (volumes.length > 0) await host.docker(['volume', 'rm', ...volumes])
  }
})

const { ends } = commandLineOf(() => lab)
const cli = async (...args: string[]): Promise<{ exit: number | null; output: string }> => {
  const { exit, stdout, stderr } = await ends(...args)
  return { exit, output: `${stdout}${stderr}` }
}
const recovery = async () => (await lab.coordinator.call('GET', '/v1/recovery')) as Recovery

const isUp = async (host: LabHost, name: string): Promise<boolean> =>
  inspect<Inspection>(host, name).then(
    ({ State }) => State.Running,
    () => false,
  )
const begin = async (name: string, script = 'while :; do sleep 0.1; done'): Promise<void> => {
  await one.docker([
    ...['run', '-d', '--name', name, '--restart', 'always', '--stop-timeout', '60', '-v', `${name}-data:/data`, image],
    ...['sh', '-c', `trap "exit 0" TERM; ${script}`],
  ])
}
const there = (container: string) => ({ container, from: 'host-1', to: 'host-2' })
const back = (container: string) => ({ container, from: 'host-2', to: 'host-1' })
const removeFrom = async (host: LabHost, name: string) => {
  await host.docker(['rm', '-f', name])
  await host.docker(['volume', 'rm', `${name}-data`])
}

test('a coordinator that was restored from a backup moves nothing before it was settled what it has missed', async () => {
  const { dataDir, process: coordinator } = lab.coordinator
  const backup = join(lab.coordinator.dataDir, '..', 'backup.db')
  await begin('alpha')
  expect(await cli('backup', backup, '--data-dir', dataDir)).toMatchObject({ exit: 0 })
  expect(await migrate(lab, there('alpha'))).toMatchObject({ state: 'awaiting-finalize' })

  await coordinator.kill()
  await two.agent.stop()
  await rename(dataDir, aside)
  expect(await cli('coordinator', 'restore', backup, '--data-dir', dataDir)).toMatchObject({ exit: 0 })
  await rm(backup)
  await coordinator.start()
  await lab.untilHostIs(one, 'online')
  expect((await refusal(lab, there('alpha'))).problem.code).toBe('DRAYAGE_RECOVERY_NEEDED')
  // Unknown is not empty: the host that has not been heard may have the only copy.
  const early = await cli('recover', '--yes')
  expect(early).toMatchObject({ exit: 4, output: expect.stringContaining('host-2 has not said') })
  expect(early.output).toContain('DRAYAGE_RECOVERY_BLOCKED')

  await two.agent.start()
  await eventually('host-2 to be heard with its copy', 60_000, async () => {
    const { workloads } = await recovery()
    return workloads[0]?.proposal?.host === 'host-2'
  })
  const shown = await cli('recover')
  expect(shown.exit).toBe(4)
  expect(shown.output).toContain('moved away to host-2')
  expect(shown.output).toContain('proposed: host-2')
  expect(await isUp(two, 'alpha')).toBe(true)
  expect(await cli('recover', '--yes')).toMatchObject({ exit: 0, output: expect.stringContaining('Settled.') })
  expect(await cli('recover')).toMatchObject({ exit: 0 })

  expect([await isUp(one, 'alpha'), await isUp(two, 'alpha')]).toEqual([false, true])
  await expect(one.docker(['start', 'alpha'])).rejects.toThrow()
  expect((await refusal(lab, there('alpha'))).codes).toContain('DRAYAGE_WORKLOAD_RETIRED')
  // Back, upon what the move that nobody remembered has kept.
  expect(await migrate(lab, back('alpha'))).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect([await isUp(one, 'alpha'), await isUp(two, 'alpha')]).toEqual([true, false])
})

test('a data directory of the middle of a move that has long ended is noticed, and its move not gone on with', async () => {
  const { dataDir, process: coordinator } = lab.coordinator
  await begin('beta')
  await one.docker(['exec', 'beta', 'dd', 'if=/dev/urandom', 'of=/data/noise', 'bs=1M', 'count=40'])
  await lab.untilHostIs(one, 'online')
  await lab.limitRate(one, 60)
  const { id } = await startMigration(lab, there('beta'))
  await untilMigration(lab, id, 'it copies', ({ steps }) =>
    steps.some(({ name, state }) => name === 'precopy' && state === 'running'),
  )
  await coordinator.kill()
  await cp(dataDir, aside, { recursive: true })
  await coordinator.start()
  await lab.limitRate(one, undefined)
  expect(await untilEnded(lab, id)).toMatchObject({ state: 'awaiting-finalize' })
  await one.docker(['start', 'beta']).catch(() => {})

  await coordinator.stop()
  await rm(dataDir, { recursive: true })
  await rename(aside, dataDir)
  await coordinator.start()
  await eventually('the older state to be noticed', 60_000, async () => (await recovery()).needed !== null)
  for (const host of lab.hosts) await lab.untilHostIs(host, 'online')
  expect((await refusal(lab, back('beta'))).problem.code).toBe('DRAYAGE_RECOVERY_NEEDED')
  expect([await isUp(one, 'beta'), await isUp(two, 'beta')]).toEqual([false, true])
  expect((await migrationOf(lab, id)).state).toBe('running')

  expect(await cli('recover', '--yes')).toMatchObject({ exit: 0 })
  expect([await isUp(one, 'beta'), await isUp(two, 'beta')]).toEqual([false, true])
  expect(await untilEnded(lab, id)).toMatchObject({ state: 'failed', error: { code: 'DRAYAGE_RECOVERED' } })
  await removeFrom(one, 'beta')
  expect(await migrate(lab, back('beta'))).toMatchObject({ state: 'awaiting-finalize' })
})

test('a container that was brought back by hand is known as such, and can be moved again once that is settled', async () => {
  await begin('gamma')
  const moved: Migration = await migrate(lab, there('gamma'))
  expect(moved.state).toBe('awaiting-finalize')
  await two.docker(['update', '--restart', 'no', 'gamma'])
  await two.docker(['stop', 'gamma'])
  await one.agent.stop()
  const host = ['--data-dir', one.agentDataDir, '--docker-host', one.dockerHost]
  expect(await cli('agent', 'break-glass', 'gamma', '--it-runs-nowhere-else', ...host)).toMatchObject({ exit: 0 })
  await one.docker(['start', 'gamma'])
  await one.agent.start()
  await eventually('the coordinator to be told', 60_000, async () => (await recovery()).workloads.length > 0)

  // Of this workload alone nothing is moved, from neither side.
  expect((await recovery()).needed).toBeNull()
  for (const request of [there('gamma'), back('gamma')]) {
    expect((await refusal(lab, request)).problem.code).toBe('DRAYAGE_RECOVERY_NEEDED')
  }
  for (const command of ['return', 'finalize']) {
    expect((await cli(command, moved.id)).output).toContain('DRAYAGE_RECOVERY_NEEDED')
  }
  const shown = await cli('recover')
  expect(shown.output).toContain('proposed: host-1, since it was brought back by hand')
  expect(await cli('recover', '--yes')).toMatchObject({ exit: 0 })

  expect([await isUp(one, 'gamma'), await isUp(two, 'gamma')]).toEqual([true, false])
  // The other copy is retired: its data is set aside.
  await expect(two.docker(['start', 'gamma'])).rejects.toThrow()
  await removeFrom(two, 'gamma')
  expect(await migrate(lab, there('gamma'))).toMatchObject({ state: 'awaiting-finalize' })
})
