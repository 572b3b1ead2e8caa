import { expect, test } from 'vitest'
import { readConfig } from './config.ts'
import { createEnginePaths, volumeRoot } from './engine-paths.ts'

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
