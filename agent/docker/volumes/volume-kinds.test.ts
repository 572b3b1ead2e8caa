import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { InspectedContainer, InspectedVolume } from '../api/answers.ts'
import { isSameElsewhere, kindOf, tmpfsOf, traitsOf, volumeObstacles, volumeWarnings } from './volume-kinds.ts'

const volume = (Options: Record<string, string> | null, more: Partial<InspectedVolume> = {}): InspectedVolume => ({
  ...{ Name: 'data', Driver: 'local', Mountpoint: '/v/data/_data', Labels: null, Scope: 'local' },
  Options,
  ...more,
})
const nfs = { type: 'nfs', o: 'addr=10.0.0.1,rw,nfsvers=4', device: ':/export' }
const plugin = { Driver: 'cloud', Scope: 'global' }

test.each([
  [null, 'plain'],
  [{}, 'plain'],
  [nfs, 'network'],
  [{ type: 'cifs', o: 'username=u', device: '//server/share' }, 'network'],
  [{ type: 'tmpfs', device: 'tmpfs', o: 'size=1m' }, 'memory'],
  [{ type: 'none', o: 'ro,bind', device: '/srv/data' }, 'bind'],
  [{ type: 'none', o: 'rbind', device: '/srv/data' }, 'bind'],
  [{ type: 'ext4', device: '/dev/sdb1' }, 'unknown'],
  [{ o: 'size=10G' }, 'unknown'],
  [{ o: 'bind', device: 'relative' }, 'unknown'],
  [{ type: 'nfs', o: 'addr=10.0.0.1,bind', device: '/srv/data' }, 'bind'],
  [{ type: 'tmpfs', o: 'bind', device: '/srv/data' }, 'bind'],
] as const)('a local volume with %j is %s', (options, kind) => {
  expect(kindOf(volume(options)).kind).toBe(kind)
})

test('a network volume and a plugin’s for all hosts may go, with a warning of what is not known; other kinds may not', () => {
  expect(volumeObstacles(volume(nfs), '/at')).toEqual([])
  expect(volumeWarnings(volume(nfs))).toEqual([
    {
      code: 'network-volume',
      message: expect.stringMatching(/nfs, 10\.0\.0\.1 :\/export.*seen when it is mounted there/),
    },
  ])
  expect(volumeObstacles(volume(null, plugin), '/at')).toEqual([])
  expect(volumeWarnings(volume(null, plugin))).toMatchObject([{ code: 'plugin-volume' }])
  expect(volumeObstacles(volume(null, { ...plugin, Scope: 'local' }), '/at')).toMatchObject([
    { code: 'DRAYAGE_VOLUME_DRIVER', message: expect.stringContaining('scope local') },
  ])
  expect(volumeObstacles(volume({ type: 'ext4', device: '/dev/sdb1' }), '/at')).toMatchObject([
    { code: 'DRAYAGE_VOLUME_OPTIONS', message: expect.stringContaining('type=ext4, device=/dev/sdb1') },
  ])
  expect(volumeWarnings(volume(null))).toEqual([])
})

test('what is elsewhere is the same by its driver and all its options; what is here never is', () => {
  const wanted = { driver: 'local', options: nfs }
  expect(isSameElsewhere(volume(nfs), wanted)).toBe(true)
  expect(isSameElsewhere(volume({ ...nfs, device: ':/other' }), wanted)).toBe(false)
  expect(isSameElsewhere(volume({ ...nfs, more: 'x' }), wanted)).toBe(false)
  expect(isSameElsewhere(volume(nfs, plugin), wanted)).toBe(false)
  expect(isSameElsewhere(volume(null), { driver: 'local', options: {} })).toBe(false)
})

test('of a plugin for all hosts it is the same also where the engine was not told its options; of one for this host it never is', () => {
  const wanted = { driver: plugin.Driver, options: { tier: 'fast' } }
  expect(isSameElsewhere(volume({ tier: 'fast' }, plugin), wanted)).toBe(true)
  expect(isSameElsewhere(volume(null, plugin), wanted)).toBe(true)
  expect(isSameElsewhere(volume({ tier: 'slow' }, plugin), wanted)).toBe(false)
  expect(isSameElsewhere(volume(null, { ...plugin, Driver: 'another' }), wanted)).toBe(false)
  expect(isSameElsewhere(volume(null, { ...plugin, Scope: 'local' }), wanted)).toBe(false)
})

test('how a volume is mounted is said, as --mount and as --volume ask for it', () => {
  const read = (name: string): InspectedContainer =>
    JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'))
  const container = read('container-28.5')
  const at = (Destination: string, RW = true) => ({ Type: 'volume', Name: 'data', Destination, RW })
  const mounted = (Mounts: readonly ReturnType<typeof at>[], HostConfig: object = {}): InspectedContainer => ({
    ...container,
    Mounts,
    HostConfig: { ...container.HostConfig, Mounts: [], Binds: [], Tmpfs: null, ...HostConfig },
  })
  const options = { NoCopy: true, Subpath: 'a/b' }
  const byMount = { Mounts: [{ Type: 'volume', Source: 'data', Target: '/at', VolumeOptions: options }] }
  expect(traitsOf(volume(null), mounted([at('/at')], byMount), false)).toEqual([
    'nocopy',
    'its part a/b alone is mounted',
  ])
  const byVolume = { Binds: ['data:/at:ro,nocopy'] }
  expect(traitsOf(volume(nfs), mounted([at('/at', false)], byVolume), true)).toEqual([
    ...['anonymous', 'read-only', 'nocopy', 'nfs from 10.0.0.1 :/export'],
  ])
  expect(traitsOf(volume(null), mounted([at('/at', false), at('/too')]), false)).toEqual(['also at /too'])
  const inMemory = mounted([{ ...at('/mem'), Type: 'tmpfs' }], { Tmpfs: { '/run': '' } })
  expect(tmpfsOf(inMemory)).toEqual(['/run', '/mem'])
})
