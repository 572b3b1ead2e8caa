import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { VolumeState } from '../docker/engine.ts'
import { createEnginePaths } from '../engine-paths.ts'
import type { AgentContext } from '../steps/context.ts'
import { describeWorkload } from '../steps/look.ts'
import { type ArchiveContext, findAtHand } from './at-hand.ts'
import { listDirectory, readFile } from './browse.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-at-hand-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

test('what holds the agent’s own key is neither listed, read, exported nor moved, whoever asks', async () => {
  const mountpoint = join(dir, 'volumes', 'drayage-agent', '_data')
  await mkdir(mountpoint, { recursive: true })
  await writeFile(join(mountpoint, 'agent.key'), 'secret')
  const volume: VolumeState = { name: 'drayage-agent', driver: 'local', options: {}, labels: {}, mountpoint } as never
  const workload = { containerId: 'c', name: 'agent', volumes: [volume], binds: [], obstacles: [], warnings: [] }
  const context = {
    engine: { volume: async () => volume, mountsOf: async () => null, describe: async () => workload },
    paths: createEnginePaths(undefined),
    state: { imports: { all: () => [] }, retired: { all: () => [], byContainer: () => null } },
    dataDir: mountpoint,
  } as unknown as AgentContext & ArchiveContext
  const { signal } = new AbortController()
  const refused = {
    code: 'DRAYAGE_FORBIDDEN_BY_HOST',
    message: expect.stringContaining('drayage-agent holds the state'),
  }

  await expect(findAtHand(context, { volume: 'drayage-agent', live: true }, signal)).rejects.toMatchObject(refused)
  const page = { volume: 'drayage-agent', path: Buffer.alloc(0), after: Buffer.alloc(0), limit: 10 }
  await expect(listDirectory(context, page, signal)).rejects.toMatchObject(refused)
  const asked = { volume: 'drayage-agent', path: 'agent.key', offset: 0, length: 10 }
  await expect(readFile(context, asked as never, signal).next()).rejects.toMatchObject(refused)
  const { obstacles } = await describeWorkload(context, 'agent', signal)
  expect(obstacles).toEqual([refused])
})
