import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEnginePaths, type EnginePaths } from '../engine-paths.ts'
import { bindFindings, lookAtBinds } from './binds.ts'
import { findOwnState } from './own-state.ts'

let host: string
beforeEach(async () => {
  host = await mkdtemp(join(tmpdir(), 'drayage-binds-'))
  await mkdir(join(host, 'directory'))
  await writeFile(join(host, 'file'), '')
  await symlink('directory', join(host, 'link'))
})
afterEach(() => rm(host, { recursive: true }))

const dataDir = '/var/lib/drayage/agent'
const everywhere = createEnginePaths(undefined)
const bind = (source: string, kind = '') => ({ source, destination: '/at', readOnly: false, kind })
const engine = { mountsOf: async () => null, facts: async () => Promise.reject(new Error('not asked')) }
const stateFor = (paths: EnginePaths) => findOwnState({ engine, paths, dataDir }, async () => '')
const faults = async (source: string, kind = '', paths = everywhere) =>
  (await bindFindings({ binds: [bind(source, kind)] }, paths, await stateFor(paths))).map(({ message }) => message)

test('what a host has is told by its kind, a link by what it leads to', async () => {
  const seen = await lookAtBinds(
    everywhere,
    ['directory', 'file', 'link', 'gone', 'file/below'].map((name) => bind(join(host, name))),
  )
  expect(seen.map(({ kind }) => kind)).toEqual(['directory', 'file', 'directory', 'missing', 'missing'])
  expect((await lookAtBinds(everywhere, [bind('/dev/null')]))[0]?.kind).toBe('other')
})

test('the same kind at the same path is in order; another, none, and one that cannot be seen are not', async () => {
  expect(await faults(join(host, 'directory'), 'directory')).toEqual([])
  expect(await faults(join(host, 'link'), 'directory')).toEqual([])
  expect(await faults(join(host, 'file'), 'directory')).toEqual([expect.stringContaining('a file on the target')])
  expect(await faults(join(host, 'gone'), 'file')).toEqual([expect.stringContaining('nothing at that path')])
  const inContainer = createEnginePaths({ engine: '/var/lib/docker', agent: '/host' })
  expect(await faults(join(host, 'file'), 'file', inContainer)).toEqual([expect.stringContaining('does not see')])
})

test.each(['/', '/var/', '/var/lib/drayage', dataDir, `${dataDir}/state`])(
  '%s is not given away: the agent’s key is there',
  async (source) => {
    expect(await faults(source, 'directory')).toEqual([expect.stringContaining('keeps its key')])
  },
)

test('what only begins like the agent’s directory is another', async () => {
  expect(await faults(`${dataDir}-of-others`)).toEqual([expect.stringContaining('nothing at that path')])
})
