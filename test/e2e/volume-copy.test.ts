// Volumes from host to host, without a container and from agent to agent: rsync says whether they are the same.
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeZoo } from '../../agent/volume/testing/zoo.ts'
import type { CopiedVolume } from '../../shared/api/archives.ts'
import { type CommandFailed, run } from '../lab/command.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'
import { commandLineOf, failureOf } from './command-line.ts'
import { differences, hugeHoles, mountpoint, startMigration, untilEnded } from './moving.ts'
import { isSetAside, makeVolume, volumeNames } from './volumes.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let busybox: string

beforeAll(async () => {
  lab = await startLab({ hosts: 2 })
  one = lab.host('host-1')
  two = lab.host('host-2')
  busybox = (await loadImage(one, 'busybox')).ref
})
afterAll(() => lab?.stop())

const { says: cli, starts } = commandLineOf(() => lab)
const copied = async (args: readonly string[]): Promise<CopiedVolume> =>
  JSON.parse(await cli('volume', 'copy', ...args, '--json')) as CopiedVolume

test('a copy is the same volume on another host, by both digests and by rsync, with its labels', async () => {
  await one.docker(['volume', 'create', '--label', 'app=zoo', 'original'])
  const root = await mountpoint(one, 'original')
  await makeZoo(root)
  const copy = await copied(['host-1/original', 'host-2'])
  const from = { host: 'host-1', volume: 'original' }
  expect(copy).toMatchObject({ from, host: 'host-2', volume: 'original', created: true, live: false, warnings: [] })
  expect(await differences(root, await mountpoint(two, 'original'), hugeHoles)).toBe('')
  const [{ Labels }] = JSON.parse(await two.docker(['volume', 'inspect', 'original'])) as [{ Labels: object }]
  expect(Labels).toMatchObject({ app: 'zoo' })
  const again = await copied(['host-2/original', 'host-2/under-another-name'])
  expect(again).toMatchObject({ host: 'host-2', volume: 'under-another-name', digest: copy.digest })
})

test('a copy is refused where it cannot be, and nothing is made', async () => {
  await one.docker(['run', '-d', '--name', 'runs', '-v', 'runs:/data', busybox, 'sleep', '1d'])
  await makeVolume(two, 'there')
  for (const [args, code, exit] of [
    [['host-1/original', 'host-1'], 'DRAYAGE_INVALID_REQUEST', 2],
    [['host-1/original', 'host-2/there', '--into-empty=1'], 'error', 2],
    [['host-1/original', 'host-2'], 'DRAYAGE_VOLUME_EXISTS', 4],
    [['host-1/nothing', 'host-2'], 'DRAYAGE_VOLUME_NOT_FOUND', 3],
    [['host-1/original', 'host-9'], 'DRAYAGE_HOST_NOT_FOUND', 3],
    [['host-1/runs', 'host-2'], 'DRAYAGE_VOLUME_IN_USE', 4],
  ] as const) {
    const failed = await failureOf(copied(args))
    expect([args, failed.exitCode]).toEqual([args, exit])
    expect(failed.stderr).toContain(code)
  }
  expect(await volumeNames(two)).not.toContain('runs')
  expect(await copied(['host-1/runs', 'host-2', '--live'])).toMatchObject({
    live: true,
    warnings: [{ code: 'live-copy' }],
  })
  expect(await copied(['host-1/original', 'host-2/there', '--into-empty'])).toMatchObject({ created: false })
  await one.docker(['rm', '-f', 'runs'])
})

test('a copy that takes the original away: only of what no container refers to, and then it is on the other host alone', async () => {
  const moved = async (args: readonly string[]): Promise<CopiedVolume> =>
    JSON.parse(await cli('volume', 'move', ...args, '--json')) as CopiedVolume
  await makeZoo(await makeVolume(one, 'moves'))
  const { digest } = await copied(['host-1/moves', 'host-1/stays'])
  await one.docker(['create', '--name', 'refers', '-v', 'moves:/data', busybox, 'true'])
  const refused = await eventually('the coordinator to hear of the container', 60_000, async () => {
    const failed = await failureOf(moved(['host-1/moves', 'host-2']))
    return failed.stderr.includes('DRAYAGE_VOLUME_IN_USE') ? failed : undefined
  })
  expect(refused.exitCode).toBe(4)
  expect(await volumeNames(two)).not.toContain('moves')
  await one.docker(['rm', 'refers'])
  const move = await eventually('the coordinator to hear that it has gone', 60_000, () =>
    moved(['host-1/moves', 'host-2']).catch((thrown: CommandFailed) => {
      if (thrown.stderr.includes('DRAYAGE_VOLUME_IN_USE')) return undefined
      throw thrown
    }),
  )
  expect(move).toMatchObject({ from: { host: 'host-1', volume: 'moves' }, host: 'host-2', digest, created: true })
  expect(await volumeNames(one)).not.toContain('moves')
  expect(await differences(await mountpoint(one, 'stays'), await mountpoint(two, 'moves'), hugeHoles)).toBe('')
})

test('a copy and a migration of the same volume do not meet, and whoever dies leaves nothing', async () => {
  await run(['sh', '-c', `head -c 60M /dev/urandom > '${await makeVolume(one, 'slow')}/large'`])
  await one.docker(['run', '--name', 'mover', '-v', 'slow:/data', busybox, 'true'])
  for (const dies of ['client', 'source', 'coordinator'] as const) {
    await lab.limitRate(two, 100)
    const client = starts(['volume', 'copy', 'host-1/slow', 'host-2/dying-copy'])
    const closed = once(client, 'close')
    await eventually('it to be set aside', 60_000, () => isSetAside(two, 'dying-copy'))
    if (dies === 'client') {
      const migration = await startMigration(lab, { container: 'mover', from: 'host-1', to: 'host-2' })
      expect(await untilEnded(lab, migration.id)).toMatchObject({
        state: 'rolled-back',
        error: { code: 'DRAYAGE_VOLUME_BUSY' },
      })
      client.kill('SIGINT')
    } else await (dies === 'source' ? one.agent : lab.coordinator.process).kill()
    await closed
    expect(client.exitCode).not.toBe(0)
    const gone = async () => !(await volumeNames(two)).includes('dying-copy')
    await eventually(`nothing to be left of it (${dies})`, 60_000, gone)
    if (dies === 'source') await one.agent.start()
    if (dies === 'coordinator') await lab.coordinator.process.start()
    await lab.limitRate(two, undefined)
  }
  await lab.untilHostIs(one, 'online')
  await lab.untilHostIs(two, 'online')
  await copied(['host-1/slow', 'host-2/dying-copy'])
})
