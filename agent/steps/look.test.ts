import { expect, test } from 'vitest'
import { shortages } from './look.ts'

const volume = (name: string, diskBytes: number, entries: number) => ({
  name,
  driver: 'local',
  options: {},
  labels: {},
  mountpoint: '',
  createdAt: '',
  anonymous: false,
  destination: '/data',
  readOnly: false,
  traits: [],
  rootIdentity: '',
  carriedByAnother: false,
  ofHost: false,
  usage: { entries, diskBytes, apparentBytes: diskBytes * 10, devices: 0, devicePaths: [] },
})
const workload = (volumes: ReturnType<typeof volume>[]) => ({ name: 'db', volumes, image: null })

test('a target with just enough room is enough, and one byte or one inode less is not', () => {
  const db = workload([volume('a', 600, 30), volume('b', 400, 12)])
  expect(shortages(db, false, { bytes: 1_000, inodes: 42 })).toEqual([])
  expect(shortages(db, false, { bytes: 999, inodes: 42 })).toMatchObject([{ code: 'DRAYAGE_TARGET_TOO_SMALL' }])
  const both = shortages(db, false, { bytes: 999, inodes: 41 })
  expect(both).toHaveLength(1)
  expect(both[0]?.message).toMatch(/1000 bytes are needed.*999 are free; 42 files are needed and 41 inodes/)
})

test('a volume at two places of a container is counted once, and an image that must come counts twice', () => {
  const db = { ...workload([volume('a', 600, 1), volume('a', 600, 1)]), image: image(50) }
  expect(shortages(db, false, { bytes: 600, inodes: 9 })).toEqual([])
  expect(shortages(db, true, { bytes: 699, inodes: 9 })).toHaveLength(1)
  expect(shortages(db, true, { bytes: 700, inodes: 9 })).toEqual([])
})

const image = (sizeBytes: number) => ({
  id: 'i',
  reference: 'i',
  tags: [],
  digests: [],
  layers: [],
  os: 'linux',
  architecture: 'amd64',
  sizeBytes,
  configuration: '',
})

test('what was not measured asks for nothing', () => {
  const unmeasured = { ...volume('a', 1, 1), usage: null }
  expect(shortages({ name: 'db', volumes: [unmeasured], image: null }, false, { bytes: 0, inodes: 0 })).toEqual([])
})
