// Containers of every kind: with much data, with none, running, ended, ending on the way.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../lab/command.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'
import { type Inspection, movable } from './inspection.ts'
import { differences, inspect, migrate, mountpoint, planOf, setAside, startMigration, untilEnded } from './moving.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let image: string

beforeAll(async () => {
  lab = await startLab({ hosts: 2 })
  one = lab.host('host-1')
  two = lab.host('host-2')
  image = (await loadImage(one, 'busybox')).ref
})
afterAll(() => lab?.stop())

const request = (container: string) => ({ container, from: 'host-1', to: 'host-2' })
const until = (host: LabHost, name: string, running: boolean) =>
  eventually(`${name} to be ${running ? 'running' : 'ended'}`, 60_000, async () => {
    const { State } = await inspect<Inspection>(host, name)
    return State.Running === running
  })

test('a stopped container moves and stays stopped', async () => {
  await one
    .docker([
      'run',
      '--name',
      'stopped',
      '-v',
      'stopped-data:/data',
      image,
      'sh',
      '-c',
      'echo done > /data/file; exit 3',
    ])
    .catch(() => {})
  const before = movable(await inspect<Inspection>(one, 'stopped'))
  const migration = await migrate(lab, request('stopped'))
  expect(migration).toMatchObject({ state: 'awaiting-finalize', downtimeMs: null })
  const after = await inspect<Inspection>(two, 'stopped')
  expect(movable(after)).toEqual(before)
  expect(after.State).toMatchObject({ Running: false, Status: 'created' })
  expect(await differences(await setAside(one, 'stopped-data', migration), await mountpoint(two, 'stopped-data'))).toBe(
    '',
  )
})

test('a container that has ended by itself before it is asked to stop is not run a second time', async () => {
  // Too long a copy of the image to finish before the container does: it ends between the plan and the stop.
  await one.docker([
    'run',
    '-d',
    '--name',
    'once',
    '-v',
    'once-data:/data',
    image,
    'sh',
    '-c',
    'echo ran >> /data/log; sleep 1',
  ])
  await until(one, 'once', false)
  const migration = await migrate(lab, request('once'))
  expect(migration.state).toBe('awaiting-finalize')
  expect((await inspect<Inspection>(two, 'once')).State.Running).toBe(false)
  expect(await run(['cat', join(await mountpoint(two, 'once-data'), 'log')])).toBe('ran\n')
})

test('a container that runs to its end on the target, with exit code 0, has moved', async () => {
  await one.docker([
    ...['run', '-d', '--name', 'job', '-v', 'job-data:/data', image, 'sh', '-c'],
    'trap "exit 0" TERM; if test -e /data/begun; then echo ended > /data/end; exit 0; fi; touch /data/begun; while :; do sleep 0.1; done',
  ])
  await eventually('the job to have begun', 20_000, async () =>
    one.docker(['exec', 'job', 'test', '-e', '/data/begun']).then(
      () => true,
      () => undefined,
    ),
  )
  const migration = await migrate(lab, request('job'))
  expect(migration.state).toBe('awaiting-finalize')
  await until(two, 'job', false)
  expect(await run(['cat', join(await mountpoint(two, 'job-data'), 'end')])).toBe('ended\n')
})

test('a container without volumes moves; its source keeps it under another name and cannot start it by the old one', async () => {
  await one.docker([
    'run',
    '-d',
    '--name',
    'plain',
    '--restart',
    'always',
    '--stop-timeout',
    '1',
    image,
    'sleep',
    '100000',
  ])
  const before = movable(await inspect<Inspection>(one, 'plain'))
  const migration = await migrate(lab, request('plain'))
  expect(migration.state).toBe('awaiting-finalize')
  expect(movable(await inspect<Inspection>(two, 'plain'))).toEqual(before)
  await expect(one.docker(['start', 'plain'])).rejects.toThrow(/No such container/)
  expect(await one.docker(['ps', '-a', '--format', '{{.Names}}', '--filter', 'name=plain'])).toMatch(/^plain-moved-/)
})

test('a retired container without volumes that somebody starts all the same is stopped by its agent', async () => {
  const name = await one.docker(['ps', '-a', '--format', '{{.Names}}', '--filter', 'name=plain-moved'])
  await one.docker(['start', name])
  await until(one, name, false)
})

test('a container whose volume is empty moves, and the image’s files are not copied into it', async () => {
  const withFiles = await loadImage(one, 'web')
  await one.docker([
    'run',
    '-d',
    '--name',
    'empty',
    '--stop-timeout',
    '1',
    '-v',
    'empty-data:/www',
    withFiles.ref,
    'sleep',
    '100000',
  ])
  await one.docker(['exec', 'empty', 'sh', '-c', 'rm -rf /www/* && chmod 1770 /www && chown 12:34 /www'])
  // What it deletes is deleted; what the image would put there again is not wanted.
  const migration = await migrate(lab, request('empty'))
  expect(migration.state).toBe('failed')
  const copy = await mountpoint(two, 'empty-data')
  expect(await run(['find', copy, '-mindepth', '1'])).toBe('')
  expect(await run(['stat', '-c', '%a %u:%g', copy])).toBe('1770 12:34\n')
})

test('a container whose volume holds 1 GiB moves', async () => {
  await one.docker([
    'run',
    '-d',
    '--name',
    'large',
    '--stop-timeout',
    '1',
    '-v',
    'large-data:/data',
    image,
    'sleep',
    '100000',
  ])
  const data = await mountpoint(one, 'large-data')
  const noise = await run([
    'sh',
    '-c',
    `for i in 1 2 3 4; do head -c 256M /dev/urandom > ${data}/noise$i; done; sync -f ${data}`,
  ])
  expect(noise).toBe('')
  await writeFile(join(data, 'small'), 'beside')
  const plan = await planOf(lab, request('large'))
  expect(plan.totalBytes).toBeGreaterThanOrEqual(2 ** 30)
  const migration = await migrate(lab, request('large'))
  expect(migration).toMatchObject({ state: 'awaiting-finalize' })
  expect(migration.bytesSent).toBeGreaterThanOrEqual(2 ** 30)
  expect(await differences(await setAside(one, 'large-data', migration), await mountpoint(two, 'large-data'))).toBe('')
})

test('two containers move at the same time', async () => {
  for (const name of ['left', 'right']) {
    await one.docker([
      'run',
      '-d',
      '--name',
      name,
      '-v',
      `${name}-data:/data`,
      image,
      'sh',
      '-c',
      `echo ${name} > /data/who; exec sleep 100000`,
    ])
  }
  const started = await Promise.all(['left', 'right'].map((name) => startMigration(lab, request(name))))
  const ended = await Promise.all(started.map(({ id }) => untilEnded(lab, id)))
  expect(ended.map(({ state }) => state)).toEqual(['awaiting-finalize', 'awaiting-finalize'])
  for (const name of ['left', 'right']) {
    expect(await run(['cat', join(await mountpoint(two, `${name}-data`), 'who')])).toBe(`${name}\n`)
  }
})
