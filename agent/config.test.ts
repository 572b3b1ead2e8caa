import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readConfig, readHostConfig } from './config.ts'
import { createEnginePaths, volumeRoot } from './engine-paths.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-config-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const usual = { coordinator: 'c:8441', advertise: 'h:8442' }

test('what is not said has a default, and enrolment is beside the coordinator', () => {
  const { config, faults } = readConfig(usual, {})
  expect(faults).toEqual([])
  expect(config).toMatchObject({
    dataDir: '/var/lib/drayage/agent',
    enrol: 'c:8443',
    listen: '0.0.0.0:8442',
    dockerHost: 'unix:///var/run/docker.sock',
    logLevel: 'info',
  })
  expect(readConfig({ ...usual, coordinator: '[fd00::1]:1' }, {}).config.enrol).toBe('[fd00::1]:8443')
})

test('every fault is named, each by its flag and its variable', () => {
  const { faults } = readConfig(
    { listen: 'nowhere', dockerHost: 'ssh://host', logLevel: 'loud' },
    { DRAYAGE_VOLUME_ROOT: 'relative=path' },
  )
  const text = faults.map(({ message }) => message).join('\n')
  for (const named of [
    '--coordinator (DRAYAGE_COORDINATOR)',
    '--listen',
    '--docker-host (DOCKER_HOST)',
    '--log-level',
    '--volume-root',
  ]) {
    expect(text).toContain(named)
  }
  expect(faults).toHaveLength(5)
})

test('an address to call is needed where the one to listen on is every address', () => {
  for (const listen of ['0.0.0.0:8442', '[::]:8442']) {
    expect(readConfig({ coordinator: 'c:1', listen }, {}).faults[0]?.message).toContain('--advertise')
  }
  expect(readConfig({ coordinator: 'c:1', listen: '10.0.0.4:8442' }, {}).faults).toEqual([])
})

test("the engine's paths are found where the agent sees them, and others are left as they are", () => {
  const paths = createEnginePaths(volumeRoot('/var/lib/docker=/host/docker'))
  expect(paths.here('/var/lib/docker/volumes/a/_data')).toBe('/host/docker/volumes/a/_data')
  expect(paths.here('/var/lib/docker')).toBe('/host/docker')
  for (const other of ['/var/lib/docker-2/volumes/a', '/srv/data', '/var/lib']) expect(paths.here(other)).toBe(other)
  expect(createEnginePaths(undefined).here('/x')).toBe('/x')
})

test('a join token is read from its file without the white space around it', async () => {
  const joinTokenFile = join(dir, 'token')
  await writeFile(joinTokenFile, ' dray1.host-1.x\n\n')
  expect(readConfig({ ...usual, joinTokenFile }, {})).toMatchObject({
    faults: [],
    config: { joinToken: 'dray1.host-1.x' },
  })
  const { config } = readConfig(usual, { DRAYAGE_JOIN_TOKEN_FILE: joinTokenFile })
  expect(config.joinToken).toBe('dray1.host-1.x')
})

test('a token file that is gone or empty is no fault by itself: an enrolled agent needs none', async () => {
  await writeFile(join(dir, 'empty'), '\n')
  for (const name of ['gone', 'empty']) {
    const { config, faults } = readConfig({ ...usual, joinTokenFile: join(dir, name) }, {})
    expect(faults).toEqual([])
    expect(config).not.toHaveProperty('joinToken')
    expect(config.joinTokenFile).toBe(join(dir, name))
  }
})

test('a token given twice, of two lines, or in a file that cannot be read is a fault that does not repeat it', async () => {
  const joinTokenFile = join(dir, 'token')
  await writeFile(joinTokenFile, 'secret-one\nsecret-two\n')
  const faultsOf = (flags: Record<string, string>, env: Record<string, string> = {}) =>
    readConfig({ ...usual, ...flags }, env)
      .faults.map(({ message }) => message)
      .join('\n')
  expect(faultsOf({ joinTokenFile }, { DRAYAGE_JOIN_TOKEN: 'secret-three' })).toContain('are both given')
  expect(faultsOf({ joinTokenFile })).toContain('more than one line')
  expect(faultsOf({ joinTokenFile: dir })).toContain('EISDIR')
  for (const flags of [{ joinTokenFile }, { joinTokenFile, joinToken: 'secret-three' }]) {
    expect(faultsOf(flags)).not.toContain('secret')
  }
})

test('what needs only the host is told nothing of a coordinator', () => {
  expect(readHostConfig({ dockerHost: 'unix:///x.sock' }, { DRAYAGE_DATA_DIR: '/srv/agent' })).toEqual({
    dataDir: '/srv/agent',
    dockerHost: 'unix:///x.sock',
    volumeRoot: undefined,
  })
  expect(() => readHostConfig({ dockerHost: 'ssh://x', volumeRoot: 'x' }, {})).toThrow(/docker-host.*volume-root/)
})
