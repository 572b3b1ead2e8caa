// The commands of docs/break-glass.md, as they stand there, on a host whose coordinator is gone; and what the agent makes
// of it when it is back.
import { chmod, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Migration } from '../../shared/api/migrations.ts'
import type { Recovery } from '../../shared/api/recovery.ts'
import { importStandIn, nodeStandIn } from '../compose/stand-ins.ts'
import type { Inspection } from '../e2e/inspection.ts'
import { inspect, migrate, mountpoint, refusal, refusalOf } from '../e2e/moving.ts'
import { CommandFailed, run } from '../lab/command.ts'
import { dray } from '../lab/drayage.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'

const repository = join(import.meta.dirname, '../..')
const minutes = (count: number) => count * 60_000

let lab: Lab
let one: LabHost
let two: LabHost
let image: string
let guide: string
let bin: string

beforeAll(async () => {
  guide = await readFile(join(repository, 'docs/break-glass.md'), 'utf8')
  lab = await startLab({ hosts: 2 })
  one = lab.host('host-1')
  two = lab.host('host-2')
  image = (await loadImage(one, 'busybox')).ref
  await loadImage(two, 'busybox')
  // `dray` as it is after an installation.
  bin = await mkdtemp(join(tmpdir(), 'drayage-bin-'))
  await writeFile(join(bin, 'dray'), `#!/bin/sh\nexec '${process.execPath}' '${dray}' "$@"\n`)
  await chmod(join(bin, 'dray'), 0o755)
})
afterAll(async () => {
  await lab?.stop()
  await rm(bin, { recursive: true, force: true })
})
// Each test takes the coordinator away, and the agents find it again in their own time.
const bothOnline = async () => {
  for (const host of [one, two]) await lab.untilHostIs(host, 'online')
}
beforeEach(bothOnline)
afterEach(async () => {
  for (const host of [one, two]) {
    const containers = (await host.docker(['ps', '-aq'])).split('\n').filter(Boolean)
    if (containers.length > 0) await host.docker(['rm', '-f', ...containers])
    const volumes = (await host.docker(['volume', 'ls', '-q'])).split('\n').filter(Boolean)
    if (volumes.length > 0) await host.docker(['volume', 'rm', ...volumes])
  }
})

// The one block of shell commands that holds this line, with the names of containers that stand for the reader's own.
const commandsWith = (line: string, own: Readonly<Record<string, string>> = {}): string => {
  const blocks = [...guide.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block)
  const [found, ...more] = blocks.filter((block) => block.includes(line))
  if (found === undefined || more.length > 0) throw new Error(`docs/break-glass.md has not one block with: ${line}`)
  return Object.entries(own).reduce((text, [name, value]) => {
    if (!text.includes(name)) throw new Error(`docs/break-glass.md does not say ${name} in:\n${text}`)
    return text.replaceAll(name, value)
  }, found)
}

const sh = (host: LabHost, commands: string): Promise<string> =>
  run(['sh', '-euc', commands], {
    env: { ...host.clientEnv, PATH: `${bin}:${process.env.PATH}`, DRAYAGE_DATA_DIR: host.agentDataDir },
  })
const failing = async (host: LabHost, commands: string): Promise<CommandFailed> => {
  const thrown = await sh(host, commands).catch((error: unknown) => error)
  if (thrown instanceof CommandFailed) return thrown
  throw new Error(`it did not fail: ${commands}\n${String(thrown)}`)
}

// Writes what it is into its volume each time that it starts.
const create = async (name: string, ...options: readonly string[]) => {
  const command = 'test -d /data && echo started >> /data/log; trap "exit 0" TERM; while :; do sleep 0.1; done'
  await one.docker(['run', '-d', '--name', name, ...options, image, 'sh', '-c', command])
}
const move = async (container: string): Promise<Migration> => {
  const migration = await migrate(lab, { container, from: 'host-1', to: 'host-2' })
  expect(migration).toMatchObject({ state: 'awaiting-finalize', error: null })
  return migration
}
const stateOf = async (name: string) => {
  const { State, HostConfig } = await inspect<
    Inspection & { State: { StartedAt: string }; HostConfig: { RestartPolicy: unknown } }
  >(one, name)
  return { running: State.Running, startedAt: State.StartedAt, policy: HostConfig.RestartPolicy }
}
const logOf = async (host: LabHost, volume: string) => readFile(join(await mountpoint(host, volume), 'log'), 'utf8')
const movedName = (name: string) =>
  one.docker(['ps', '-a', '--filter', `name=^${name}-moved-`, '--format', '{{.Names}}'])

// The coordinator's copy of what the agent sees: once it shows this, so has the guard.
const untilReported = (name: string) =>
  eventually(`the coordinator to hear of ${name} on host-1`, minutes(1), async () => {
    const { containers } = (await lab.coordinator.call('GET', '/v1/containers?host=host-1')) as {
      containers: { name: string; state: string }[]
    }
    return containers.some((container) => container.name === name && container.state === 'running')
  })

test('what moved away is brought back without the coordinator, and the agent leaves it alone from then on', async () => {
  await create('web', '-v', 'web-data:/data', '--restart', 'on-failure:3')
  await create('plain', '--restart', 'unless-stopped')
  await create('gone')
  const moved = await move('web')
  for (const name of ['plain', 'gone']) await move(name)
  expect(await logOf(two, 'web-data')).toBe('started\nstarted\n')

  await lab.coordinator.process.stop()
  await sh(two, commandsWith('docker stop web'))
  await sh(two, commandsWith('docker stop web', { web: 'plain' }))

  const word = commandsWith('dray agent break-glass web\n')
  expect(await failing(one, word)).toMatchObject({
    exitCode: 4,
    stdout: expect.stringMatching(/agent of this host is stopped[\s\S]*The copy on host-2 is stopped for good/),
  })
  const commands = 'dray agent break-glass web --it-runs-nowhere-else\ndocker start web'
  const early = await failing(one, commandsWith(commands))
  expect(early).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Stop the agent first') })

  await one.agent.stop()
  expect(await failing(one, word)).toMatchObject({
    exitCode: 4,
    stdout: expect.not.stringContaining('agent of this host is stopped'),
  })
  await expect(stateOf('web')).resolves.toMatchObject({ running: false, policy: { Name: 'no' } })

  // `plain` is a name that its container does not have at the moment.
  for (const name of ['web', 'plain']) await sh(one, commandsWith(commands, { web: name }))
  expect(await logOf(one, 'web-data')).toBe('started\nstarted\n')
  const web = await stateOf('web')
  expect(web).toMatchObject({ running: true, policy: { Name: 'on-failure', MaximumRetryCount: 3 } })
  const plain = await stateOf('plain')
  expect(plain).toMatchObject({ running: true, policy: { Name: 'unless-stopped' } })
  expect(await sh(one, 'dray agent break-glass plain')).toContain('Brought back before')

  // One that was not brought back, to see the agent at work.
  const gone = await movedName('gone')
  await one.docker(['start', gone])
  const agentIsUp = one.agent.start()
  await eventually(`${gone} to be stopped`, minutes(1), async () => !(await stateOf(gone)).running)
  await lab.coordinator.process.start()
  await agentIsUp
  for (const name of ['web', 'plain']) await untilReported(name)
  expect(await stateOf('web')).toEqual(web)
  expect(await stateOf('plain')).toEqual(plain)
  const [first, second] = JSON.parse(await readFile(join(one.agentDataDir, 'state/break-glass.json'), 'utf8')).content
  expect(first).toMatchObject({ containerName: 'web', movedTo: 'host-2', volumes: ['web-data'] })
  expect(second).toMatchObject({ containerName: 'plain', doneAt: expect.any(String) })

  // And what the document says of the copy that lost, and of moving again: not before it was settled whose it is.
  await bothOnline()
  await eventually('the coordinator to be told of both', minutes(1), async () => {
    const { workloads } = (await lab.coordinator.call('GET', '/v1/recovery')) as Recovery
    return workloads.length === 2
  })
  expect((await refusal(lab, { container: 'web', from: 'host-1', to: 'host-2' })).problem.code).toBe(
    'DRAYAGE_RECOVERY_NEEDED',
  )
  for (const verb of ['return', 'finalize'] as const) {
    expect((await refusalOf(lab, moved, verb)).code).toBe('DRAYAGE_RECOVERY_NEEDED')
  }
  const env = { DRAYAGE_URL: lab.coordinator.url, DRAYAGE_TOKEN: lab.coordinator.token }
  const recover = commandsWith('dray recover --yes').split('\n').filter(Boolean)
  expect(recover).toEqual(['dray recover', 'dray recover --yes'])
  for (const command of recover) {
    const [, ...args] = command.split(' ')
    const asked = run([process.execPath, dray, ...args], { env: { ...process.env, ...env } })
    if (command.endsWith('--yes')) expect(await asked).toContain('Settled.')
    else await expect(asked).rejects.toMatchObject({ exitCode: 4, stdout: expect.stringContaining('proposed: host-1') })
  }
  await expect(two.docker(['start', 'web'])).rejects.toThrow()
  await sh(two, commandsWith('web-data      # on host-2'))
  expect(await stateOf('web')).toEqual(web)
  await move('web')
  expect(await logOf(two, 'web-data')).toBe('started\n'.repeat(3))
  // When the target has proven itself.
  await sh(one, commandsWith('web-data      # on the source'))
  expect(await one.docker(['volume', 'ls', '-q'])).toBe('')
  expect(await run(['ls', join(one.dataRoot, 'volumes')])).not.toContain('web-data')
})

test('the source of a move that was cut short is brought back, and the coordinator cannot take it away again', async () => {
  // Writes, when it is asked to stop, so much that the last round takes its time on the limited link.
  const last = 'dd if=/dev/urandom of=/data/noise bs=1M count=60'
  const command = `echo started >> /data/log; trap "${last}; exit 0" TERM; while :; do sleep 0.1; done`
  await one.docker([
    ...['run', '-d', '--name', 'web', '-v', 'web-data:/data', '--restart', 'always', '--stop-timeout', '60'],
    ...[image, 'sh', '-c', command],
  ])
  await lab.limitRate(one, 100)
  const { id } = (await lab.coordinator.call('POST', '/v1/migrations', {
    container: 'web',
    from: 'host-1',
    to: 'host-2',
  })) as Migration
  await eventually('its data to be set aside', minutes(1), async () =>
    mountpoint(one, 'web-data').then((path) =>
      run(['test', '!', '-e', path]).then(
        () => true,
        () => false,
      ),
    ),
  )
  await lab.coordinator.process.kill()
  await one.agent.kill()
  await lab.limitRate(one, undefined)

  await sh(one, commandsWith('dray agent break-glass web --it-runs-nowhere-else\ndocker start web'))
  const web = await stateOf('web')
  expect(web).toMatchObject({ running: true, policy: { Name: 'always' } })
  expect(await logOf(one, 'web-data')).toBe('started\nstarted\n')

  await lab.coordinator.process.start()
  await one.agent.start()
  const ended = await eventually('the migration to end', minutes(2), async () => {
    const migration = (await lab.coordinator.call('GET', `/v1/migrations/${id}`)) as Migration
    return ['rolled-back', 'cancelled', 'failed', 'awaiting-finalize'].includes(migration.state) && migration
  })
  // Whether the last round had failed before the coordinator was told is all the same.
  expect(['rolled-back', 'cancelled']).toContain(ended.state)
  expect(ended.warnings.map(({ code }) => code)).toContain('brought-back-by-hand')
  expect(await stateOf('web')).toEqual(web)
  expect(await two.docker(['ps', '-aq'])).toBe('')
})

test("where the agent's data directory is lost too, the manual way and the notices are right as written", async () => {
  await create('web', '-v', 'web-data:/data', '--restart', 'unless-stopped')
  await create('noted', '-v', 'noted-data:/data', '--restart', 'on-failure:2')
  await create('plain', '--restart', 'unless-stopped')
  for (const name of ['web', 'noted', 'plain']) await move(name)
  await lab.coordinator.process.stop()
  for (const name of ['web', 'noted', 'plain']) await sh(two, commandsWith('docker stop web', { web: name }))
  await one.agent.stop()
  await rename(one.agentDataDir, `${one.agentDataDir}.lost`)

  await sh(one, commandsWith('VOLUME=web-data'))
  await sh(one, commandsWith('docker rename'))
  await sh(one, commandsWith('docker update --restart unless-stopped web'))
  await sh(one, commandsWith('docker update --restart unless-stopped web', { web: 'plain' }))
  const notice = await readFile(join(dirname(await mountpoint(one, 'noted-data')), 'DRAYAGE-MOVED.txt'), 'utf8')
  const [, byHand = ''] = notice.split('by hand, the')
  const lines = byHand.split('\n').filter((line) => line.startsWith('    '))
  expect(lines).toHaveLength(4)
  await sh(one, lines.join('\n'))

  const before = new Map<string, unknown>()
  for (const name of ['web', 'noted', 'plain']) before.set(name, await stateOf(name))
  expect([...before.values()]).toMatchObject([
    { running: true, policy: { Name: 'unless-stopped' } },
    { running: true, policy: { Name: 'on-failure', MaximumRetryCount: 2 } },
    { running: true, policy: { Name: 'unless-stopped' } },
  ])
  for (const name of ['web', 'noted']) {
    expect(await logOf(one, `${name}-data`)).toBe('started\nstarted\n')
    const beside = await run(['ls', '-A', dirname(await mountpoint(one, `${name}-data`))])
    expect(beside.split('\n').filter((entry) => /drayage/i.test(entry))).toEqual([])
  }

  // The agent joins as a new one, with its token in a file.
  await lab.coordinator.process.start()
  await lab.untilHostIs(one, 'lost')
  const { joinToken } = (await lab.coordinator.call('POST', '/v1/hosts', { name: 'host-1' })) as { joinToken: string }
  const tokenFile = join(bin, 'join-token')
  await writeFile(tokenFile, `${joinToken}\n`, { mode: 0o600 })
  await one.agent.start({ env: { DRAYAGE_JOIN_TOKEN_FILE: tokenFile } })
  for (const [name, state] of before) {
    await untilReported(name)
    expect(await stateOf(name)).toEqual(state)
  }
  // Once it has a certificate, nobody misses the file.
  await rm(tokenFile)
  await one.agent.stop()
  await one.agent.start({ env: { DRAYAGE_JOIN_TOKEN_FILE: tokenFile } })
})

test(
  'where the agent runs from its image, so does this',
  async () => {
    const base = /^ARG NODE_IMAGE=(.*)$/m.exec(await readFile(join(repository, 'Dockerfile'), 'utf8'))?.[1]
    if (base === undefined) throw new Error('The Dockerfile says no base image.')
    await importStandIn(one, await nodeStandIn(base))
    await one.docker(['build', '--tag', 'drayage', '.'], {
      cwd: repository,
      env: { ...one.clientEnv, DOCKER_BUILDKIT: '0' },
      timeoutMs: minutes(10),
    })
    await create('web', '-v', 'web-data:/data', '--restart', 'always')
    await move('web')
    await lab.coordinator.process.stop()
    await sh(two, commandsWith('docker stop web'))
    await one.agent.stop()
    // With the mounts that docs/install.md gives it.
    await one.docker([
      ...['create', '--name', 'drayage-agent', '-v', `${one.dockerHost.replace('unix://', '')}:/var/run/docker.sock`],
      ...[
        '-v',
        `${one.dataRoot}:${one.dataRoot}`,
        '-v',
        `${one.agentDataDir}:/var/lib/drayage/agent`,
        'drayage',
        'agent',
      ],
    ])
    await sh(one, commandsWith('--volumes-from drayage-agent'))
    expect(await stateOf('web')).toMatchObject({ running: true, policy: { Name: 'always' } })
    expect(await logOf(one, 'web-data')).toBe('started\nstarted\n')
  },
  minutes(15),
)
