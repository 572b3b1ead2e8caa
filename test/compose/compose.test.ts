// The lab in containers, started as a user starts it: one engine that runs docker-compose.yml, on base images under
// their public names. That engine has no network outside; the stand-ins say what is in place of it.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommandOptions } from '../lab/command.ts'
import { dray } from '../lab/drayage.ts'
import { imageArchive, images } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'
import { engineStandIn, importStandIn, nodeStandIn } from './stand-ins.ts'

const repository = join(import.meta.dirname, '../..')
const minutes = (count: number) => count * 60_000

type Service = {
  readonly image: string
  readonly privileged?: boolean
  readonly cap_add?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly build?: { readonly args: { readonly NODE_IMAGE: string } }
}

let lab: Lab
let machine: LabHost

const docker = (args: readonly string[], options: CommandOptions = {}) =>
  machine.docker(args, { cwd: repository, timeoutMs: minutes(10), ...options })
const compose = (args: readonly string[], options?: CommandOptions) => docker(['compose', ...args], options)
// The engine in the container `host`.
const inner = (host: string, args: readonly string[], options?: CommandOptions) =>
  compose(['exec', '-T', host, 'docker', ...args], options)

const services = async (): Promise<Readonly<Record<string, Service>>> =>
  JSON.parse(await compose(['config', '--format', 'json'])).services

// The command line on the machine itself, by the published port.
const drayHere = async (...args: readonly string[]) => {
  const ofCoordinator = (file: string) =>
    compose(['exec', '-T', 'coordinator', 'cat', `/var/lib/drayage/coordinator/${file}`])
  const caFile = `${machine.clientEnv.HOME}/ca.pem`
  await writeFile(caFile, await ofCoordinator('ca.pem'))
  const env = {
    PATH: process.env.PATH,
    HOME: machine.clientEnv.HOME,
    DRAYAGE_URL: 'https://127.0.0.1:8440',
    DRAYAGE_CA_FILE: caFile,
    DRAYAGE_TOKEN: await ofCoordinator('admin-token'),
  }
  return JSON.parse(await machine.nsexec([process.execPath, dray, ...args, '--json'], { env, timeoutMs: minutes(3) }))
}

beforeAll(async () => {
  lab = await startLab({ hosts: [{ name: 'machine' }], agents: false, coordinator: false })
  machine = lab.host('machine')
  const { coordinator, 'host-1': host } = await services()
  const node = coordinator?.build?.args.NODE_IMAGE ?? 'undefined'
  const engine = host?.image ?? 'undefined'
  for (const standIn of [await nodeStandIn(node), await engineStandIn(engine)]) await importStandIn(machine, standIn)
  await compose(['build'])
}, minutes(15))

afterAll(() => lab?.stop())

test('nothing in the lab is privileged, and every capability and option has its reason in docs/install.md', async () => {
  const guide = await readFile(join(repository, 'docs/install.md'), 'utf8')
  const all = Object.values(await services())
  expect(all.filter(({ privileged }) => privileged)).toEqual([])
  const granted = new Set(all.flatMap(({ cap_add = [], security_opt = [] }) => [...cap_add, ...security_opt]))
  expect([...granted].filter((grant) => !guide.includes(`\`${grant}\``))).toEqual([])
})

// What a copy could lose: owners beyond 16 bits, set-id and sticky bits, hard links, holes, a FIFO, a device, and what
// only its owner may read.
const filling = `
  set -e
  cd /data
  echo text > file
  ln file hard-link
  chown 1000:2000 file
  chmod 6755 file
  mkdir private sticky
  echo secret > private/secret
  chown -R 70000:70000 private
  chmod 0700 private
  chmod 1777 sticky
  mkfifo fifo
  mknod device c 1 3
  ln -s /etc/shadow symbolic-link
  truncate -s 64M holes
  chown 4000000000:4000000000 holes
  chmod 0 holes
  chown 5:6 .
  chmod 2750 .`

const waiting = 'trap "exit 0" TERM; sleep 1d & wait'

const inspection = `
  cd /data
  find . | sort | xargs stat -c '%n %F %a %u:%g %h %s %t:%T %Y'
  find . -type f | sort | xargs sha256sum
  readlink symbolic-link`

describe('up --build --wait', () => {
  beforeAll(() => compose(['up', '--build', '--wait']), minutes(10))

  test('it ends when both hosts report', async () => {
    const { hosts } = await drayHere('hosts')
    expect(hosts.map(({ name, state }: { name: string; state: string }) => [name, state])).toEqual([
      ['host-1', 'online'],
      ['host-2', 'online'],
    ])
  })

  test('a container moves between the two with all of its data, by the published port', async () => {
    await inner('host-1', ['load', '--quiet'], { input: await readFile(await imageArchive(images.busybox)) })
    const volume = ['--volume', 'data:/data', images.busybox.ref, 'sh', '-c']
    await inner('host-1', ['run', '--rm', ...volume, filling])
    await inner('host-1', ['run', '--detach', '--name', 'web', '--restart', 'always', ...volume, waiting])
    const inspect = ['exec', 'web', 'sh', '-c', inspection]
    const before = await inner('host-1', inspect)
    expect(before).toContain('./hard-link regular file 6755 1000:2000 2 5')

    const migration = await drayHere('migrate', 'web', '--from', 'host-1', '--to', 'host-2')

    expect(migration).toMatchObject({ state: 'awaiting-finalize', error: null })
    const running = ['inspect', '--format', '{{.State.Running}}', 'web']
    expect(await inner('host-1', running)).toBe('false')
    expect(await inner('host-2', running)).toBe('true')
    expect(await inner('host-2', inspect)).toBe(before)
  }, 180_000)

  test('after down and up the hosts are the same two, and the container runs where it was moved to', async () => {
    await compose(['down'])
    await compose(['up', '--wait'])
    // For a moment after its start a coordinator has what was heard of its hosts before it, which is as old as the way down.
    await eventually('both hosts to be online', 60_000, async () => {
      const { hosts } = await drayHere('hosts')
      return hosts.length === 2 && hosts.every(({ state }: { state: string }) => state === 'online')
    })
    const running = ['ps', '--format', '{{.Names}}']
    expect(await inner('host-1', running)).toBe('')
    expect(await inner('host-2', running)).toBe('web')
  }, 300_000)

  test('down --volumes leaves nothing but the images', async () => {
    await compose(['down', '--volumes'])
    expect(await docker(['ps', '--all', '--quiet'])).toBe('')
    expect(await docker(['volume', 'ls', '--quiet'])).toBe('')
    const networks = await docker(['network', 'ls', '--format', '{{.Name}}'])
    expect(networks.split('\n').sort()).toEqual(['bridge', 'host', 'none'])
  }, 120_000)
})
