// Who may ask, as people do it: a coordinator that listens beyond loopback, and `dray` with what it keeps.
import { copyFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Ended, startDray } from '../cli/testing/run-dray.ts'
import { fingerprintsIn } from '../shared/identity/roots.ts'
import { type CoordinatorProcess, startCoordinatorProcess } from './coordinator-process.ts'

let home: string
let coordinator: CoordinatorProcess
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'drayage-access-'))
  coordinator = await startCoordinatorProcess(join(home, 'coordinator'), ['--rest-listen', '0.0.0.0:0'])
})
afterAll(async () => {
  await coordinator?.stop()
  await rm(home, { recursive: true, force: true })
})

const dray = (...args: string[]): Promise<Ended> =>
  startDray(args, { env: { XDG_CONFIG_HOME: join(home, 'config'), HOME: home } }).ended
const secretOf = ({ stdout }: Ended): string => JSON.parse(stdout).token

test('it speaks TLS, and whoever does not know its authority sends it nothing', async () => {
  expect(coordinator.url).toMatch(/^https:/)
  const stranger = await dray('hosts', '--url', coordinator.url, '--token', 'secret')
  expect(stranger).toMatchObject({ exit: 8, stderr: expect.stringContaining('DRAYAGE_AUTHORITY_MISMATCH') })
  expect(stranger.stderr).toContain('--fingerprint')
  expect(
    await dray('login', coordinator.url, '--fingerprint', '00'.repeat(32), '--token-file', coordinator.tokenFile),
  ).toMatchObject({ exit: 8, stderr: expect.stringContaining('does not present the authority') })
})

test('one login, by fingerprint or with its file, and no command needs to be told again', async () => {
  const { fingerprint, tokenFile, url } = coordinator
  const login = await dray('login', url, '--fingerprint', fingerprint, '--token-file', tokenFile, '--name', 'office')
  expect(login).toMatchObject({ exit: 0, stdout: expect.stringContaining('office is the current context') })
  const file = join(home, 'config/drayage/contexts.json')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await dray('hosts')).toMatchObject({ exit: 0, stdout: expect.stringContaining('No hosts yet') })

  await copyFile(join(home, 'coordinator/ca.pem'), join(home, 'ca.pem'))
  const again = await dray('login', url, '--ca-file', join(home, 'ca.pem'), '--token-file', tokenFile, '--name', 'lab')
  expect(again.exit).toBe(0)
  const { stdout } = await dray('context', 'list', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ current: 'lab', contexts: [{ name: 'office' }, { name: 'lab' }] })
  expect(stdout).not.toContain((await readFile(tokenFile, 'utf8')).trim())
  expect((await dray('context', 'use', 'office')).exit).toBe(0)
  expect((await dray('context', 'remove', 'lab')).exit).toBe(0)
  expect(await dray('context', 'use', 'lab')).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('There are: office'),
  })
})

test('the token of a context goes to its own coordinator alone', async () => {
  const elsewhere = await dray(
    'hosts',
    '--url',
    coordinator.url.replace('127.0.0.1', 'localhost'),
    '--ca-file',
    join(home, 'ca.pem'),
  )
  expect(elsewhere).toMatchObject({ exit: 8, stderr: expect.stringContaining('A token is needed') })
})

test('a wrong token is not kept', async () => {
  const file = join(home, 'wrong')
  await copyFile(join(home, 'ca.pem'), file)
  const login = await dray(
    'login',
    coordinator.url,
    '--ca-file',
    join(home, 'ca.pem'),
    '--token-file',
    file,
    '--name',
    'wrong',
  )
  expect(login.exit).not.toBe(0)
  expect((await dray('context', 'list')).stdout).not.toContain('wrong')
})

test('a token may do what its role may, until it is taken back; and all of it is on record', async () => {
  const viewer = secretOf(await dray('token', 'add', 'grafana', '--role', 'viewer', '--json'))
  expect((await dray('hosts', '--token', viewer)).exit).toBe(0)
  expect(await dray('host', 'add', 'host-1', '--token', viewer)).toMatchObject({
    exit: 8,
    stderr: expect.stringContaining("takes an admin's token, and grafana is a viewer's"),
  })
  expect((await dray('token', 'remove', 'grafana')).exit).toBe(0)
  expect((await dray('hosts', '--token', viewer)).exit).toBe(8)

  const { entries } = JSON.parse((await dray('audit', '--json')).stdout)
  const lines = entries.map(({ actor, action, outcome }: Record<string, string>) => `${actor} ${action} ${outcome}`)
  expect(lines).toEqual(
    expect.arrayContaining([
      'admin addToken allowed',
      'grafana addHost refused',
      'admin removeToken allowed',
      'null listHosts refused',
    ]),
  )
  expect(JSON.stringify(entries)).not.toContain(viewer)
})

test('the authority is changed for another: a login that was used meanwhile goes on, another one must be made anew', async () => {
  const login = (name: string, fingerprint: string) =>
    dray('login', coordinator.url, '--fingerprint', fingerprint, '--token-file', coordinator.tokenFile, '--name', name)
  await login('idle', coordinator.fingerprint)
  await login('used', coordinator.fingerprint)
  const authoritiesOf = async (name: string) => {
    const { contexts } = JSON.parse(await readFile(join(home, 'config/drayage/contexts.json'), 'utf8'))
    return fingerprintsIn(contexts[name].ca)
  }
  // Without a host there is nobody to wait for.
  const { stdout } = await dray('ca', 'rotate', '--json')
  const [issuing, previous] = JSON.parse(stdout).authorities
  expect([issuing, previous]).toMatchObject([
    { place: 'issuing' },
    { place: 'previous', fingerprint: coordinator.fingerprint },
  ])
  expect(await authoritiesOf('used')).toEqual([coordinator.fingerprint])
  expect(await dray('hosts')).toMatchObject({ exit: 0 })
  expect(await authoritiesOf('used')).toEqual([issuing.fingerprint, coordinator.fingerprint])
  expect(await dray('ca', 'show')).toMatchObject({ exit: 0, stdout: expect.stringContaining('dray ca finish') })

  // A coordinator that starts in between goes on where it was.
  await coordinator.stop()
  const port = new URL(coordinator.url).port
  coordinator = await startCoordinatorProcess(join(home, 'coordinator'), ['--rest-listen', `0.0.0.0:${port}`])
  expect(coordinator.fingerprint).toBe(issuing.fingerprint)
  expect((await dray('ca', 'finish')).exit).toBe(0)
  expect(await dray('hosts')).toMatchObject({ exit: 0 })
  expect(await authoritiesOf('used')).toEqual([issuing.fingerprint])
  expect(await dray('hosts', '--context', 'idle')).toMatchObject({
    exit: 8,
    stderr: expect.stringContaining('--fingerprint'),
  })
  expect((await login('idle', issuing.fingerprint)).exit).toBe(0)
  const { entries } = JSON.parse((await dray('audit', '--json')).stdout)
  expect(entries.map(({ action }: Record<string, string>) => action)).toEqual(
    expect.arrayContaining(['rotateAuthority', 'finishAuthority']),
  )
})
