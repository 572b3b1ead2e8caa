import { expect, test } from 'vitest'
import type { CopyReport } from '../../shared/rpc/generated/drayage/v1/CopyReport.ts'
import { createEnginePaths } from '../engine-paths.ts'
import { readCopy } from './read-copy.ts'

const mountpoint = '/volumes/data/_data'

type World = {
  readonly label: string
  readonly retiredBy?: string
  readonly arrivedBy?: string
  readonly running?: readonly string[]
}

// What is read, and where from; or why nothing is.
const read = async (side: string, { label, retiredBy, arrivedBy, running = [] }: World) => {
  const asked: { root: string; memory: string | undefined }[] = []
  const workload = { workloadId: 'w', epoch: 1, containerId: 'c', containerName: 'web', movedTo: 'host-2' }
  const volumes = [{ name: 'data', mountpoint, rootIdentity: '1:2' }]
  const rest = { retiredAt: '', renamedTo: '', restartPolicyJson: '', volumes }
  const context = {
    engine: {
      volume: async () => ({ name: 'data', migrationId: label, mountpoint }),
      runningUsers: async () => running.map((name) => ({ name })),
    },
    volumes: {
      digest: async (root: string, { against }: { against?: { memory: string } }) => {
        asked.push({ root, memory: against?.memory })
        return { digest: 'd', entries: 2, volumeBytes: 7, differing: [Buffer.from('a\nb')] }
      },
    },
    paths: createEnginePaths(undefined),
    state: {
      retired: { all: () => (retiredBy === undefined ? [] : [{ ...workload, ...rest, migrationId: retiredBy }]) },
      arrived: {
        all: () => (arrivedBy === undefined ? [] : [{ workloadId: 'w', containerId: 'c', migrationId: arrivedBy }]),
      },
      roundMemory: { of: async (workloadId: string, volume: string) => `memory of ${workloadId}/${volume}` },
    },
  } as unknown as Parameters<typeof readCopy>[0]
  const request = { migrationId: 'm1', volume: 'data', side, devices: 'keep', expectedDigest: 'd' }
  let last: CopyReport | undefined
  for await (const report of readCopy(context, request, new AbortController().signal)) last = report
  return { ...asked[0], read: last?.read }
}

test('of a source what it has set aside is read, and compared with what is remembered of its workload', async () => {
  expect(await read('source', { label: '', retiredBy: 'm1' })).toMatchObject({
    root: `${mountpoint}.drayage-m1`,
    memory: 'memory of w/data',
    read: { digest: 'd', entries: 2, contentBytes: 7, differing: ['a\\u000ab'] },
  })
})

test('of a target its volume is read, also one that a way back found there', async () => {
  expect(await read('target', { label: 'm1', arrivedBy: 'm1' })).toMatchObject({ root: mountpoint })
  expect(await read('target', { label: 'm0', arrivedBy: 'm1' })).toMatchObject({ memory: 'memory of w/data' })
  // Of which nothing is remembered.
  expect(await read('target', { label: 'm1' })).toMatchObject({ root: mountpoint, memory: undefined })
})

test('what is not kept any more, or somebody’s, or in use, is not read', async () => {
  const gone = { code: 'DRAYAGE_VOLUME_NOT_FOUND' }
  await expect(read('source', { label: '' })).rejects.toMatchObject(gone)
  await expect(read('source', { label: '', retiredBy: 'm2' })).rejects.toMatchObject(gone)
  await expect(read('target', { label: '' })).rejects.toMatchObject(gone)
  // It has moved on, and its data is set aside.
  await expect(read('target', { label: 'm1', retiredBy: 'm2' })).rejects.toMatchObject(gone)
  await expect(read('target', { label: 'm1', running: ['web'] })).rejects.toMatchObject({
    code: 'DRAYAGE_VOLUME_IN_USE',
    details: { containers: ['web'] },
  })
  await expect(read('elsewhere', { label: 'm1' })).rejects.toMatchObject({ code: 'DRAYAGE_INVALID_REQUEST' })
})
