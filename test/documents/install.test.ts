// The commands of docs/install.md, as they stand there: a coordinator and agents that run from the image, on engines that
// they do not bring along.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importStandIn, nodeStandIn } from '../compose/stand-ins.ts'
import { run } from '../lab/command.ts'
import { images, loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'

const repository = join(import.meta.dirname, '../..')
const minutes = (count: number) => count * 60_000

let lab: Lab
let guide: string

// The one block of shell commands that holds this line.
const commandsWith = (line: string): string => {
  const blocks = [...guide.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block)
  const [found, ...more] = blocks.filter((block) => block.includes(line))
  if (found === undefined || more.length > 0) throw new Error(`docs/install.md has not one block with: ${line}`)
  return found
}

// Each name that stands for the reader's own, and what it is here. One that the commands do not have is a fault.
const filledIn = (commands: string, own: Readonly<Record<string, string>>): string =>
  Object.entries(own).reduce((text, [name, value]) => {
    if (!text.includes(name)) throw new Error(`docs/install.md does not say ${name} in:\n${text}`)
    return text.replaceAll(name, value)
  }, commands)

const sh = (host: LabHost, commands: string): Promise<string> =>
  run(['sh', '-euc', commands], { env: host.clientEnv, cwd: repository, timeoutMs: minutes(10) })

const dray = async (...args: readonly string[]) =>
  JSON.parse(await lab.host('host-1').docker(['exec', 'drayage-coordinator', 'dray', ...args, '--json']))

// On a machine that systemd has started every mount is shared, which rslave asks for. Not so everywhere else.
const shareMounts = async ({ dataRoot }: LabHost): Promise<void> => {
  await run(['mount', '--bind', dataRoot, dataRoot])
  await run(['mount', '--make-shared', dataRoot])
}

const installAgent = async (host: LabHost, own: Readonly<Record<string, string>> = {}): Promise<void> => {
  const { joinToken } = await dray('host', 'add', host.name)
  const commands = filledIn(commandsWith('docker run -d --name drayage-agent'), {
    'coordinator.example': lab.host('host-1').address,
    'host-1.example': host.address,
    'dray1.…': joinToken,
    '/var/run/docker.sock:/': `${host.dockerHost.replace('unix://', '')}:/`,
    ...own,
  })
  await sh(host, commands)
}

const untilOnline = (name: string) =>
  eventually(`${name} to be online`, minutes(1), async () => {
    const { hosts } = await dray('hosts')
    return hosts.some((host: { name: string; state: string }) => host.name === name && host.state === 'online')
  })

beforeAll(async () => {
  guide = await readFile(join(repository, 'docs/install.md'), 'utf8')
  lab = await startLab({
    hosts: [{ name: 'host-1' }, { name: 'host-2' }, { name: 'remapped', usernsRemap: true }],
    agents: false,
    coordinator: false,
  })
  const base = /^ARG NODE_IMAGE=(.*)$/m.exec(await readFile(join(repository, 'Dockerfile'), 'utf8'))?.[1]
  if (base === undefined) throw new Error('The Dockerfile says no base image.')
  const [first, ...others] = lab.hosts
  if (first === undefined) throw new Error('The lab has no hosts.')
  await importStandIn(first, await nodeStandIn(base))
  // The classic builder; the lab in containers is built with the other.
  await first.docker(['build', '--tag', 'drayage', '.'], {
    cwd: repository,
    env: { ...first.clientEnv, DOCKER_BUILDKIT: '0' },
    timeoutMs: minutes(10),
  })
  for (const host of others) {
    await sh(first, `docker save drayage | docker --host ${host.dockerHost} load`)
  }
  for (const host of lab.hosts) await shareMounts(host)
  await sh(first, commandsWith('docker run -d --name drayage-coordinator'))
  await eventually('the coordinator to answer', minutes(1), () => dray('hosts').catch(() => false))
}, minutes(20))

afterAll(() => lab?.stop())

test('agents from the image join, and a container and its volume move between their hosts', async () => {
  const [one, two] = [lab.host('host-1'), lab.host('host-2')]
  for (const host of [one, two]) await installAgent(host)
  for (const host of [one, two]) await untilOnline(host.name)

  await loadImage(one, 'busybox')
  const volume = ['--volume', 'data:/data', images.busybox.ref, 'sh', '-c']
  await one.docker([
    'run',
    '--rm',
    ...volume,
    'echo kept > /data/file; chown 70000:70000 /data/file; chmod 0400 /data/file',
  ])
  await one.docker(['run', '--detach', '--name', 'web', ...volume, 'trap "exit 0" TERM; sleep 1d & wait'])
  expect(await dray('migrate', 'web', '--from', 'host-1', '--to', 'host-2')).toMatchObject({ error: null })

  const file = ['exec', 'web', 'sh', '-c', 'stat -c "%a %u:%g" /data/file; cat /data/file']
  expect(await two.docker(file)).toBe('400 70000:70000\nkept')
}, 300_000)

test('on an engine that remaps ids an agent joins with what docs/install.md adds for it', async () => {
  await installAgent(lab.host('remapped'), { '--network host': '--network host --userns host' })
  await untilOnline('remapped')
}, 120_000)
