import { expect, test } from 'vitest'
import type { AsOf, Container, Volume, VolumeUser } from '../../shared/api/inventory.ts'
import { containersText, hostsText, type View, volumesText } from './inventory.ts'

const now = new Date('2026-01-05T12:00:00Z')
const view: View = { now, paint: (_format, text) => text, full: false }
const anonymous = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const seen = { firstSeen: '2026-01-01T00:00:00Z', lastSeen: '2026-01-05T11:59:59Z', goneAt: null }

const user = (changes: Partial<VolumeUser>): VolumeUser => ({
  containerId: 'c'.repeat(64),
  name: 'web',
  image: 'nginx:1.27',
  destination: '/srv',
  readOnly: false,
  project: null,
  movedTo: null,
  ...seen,
  ...changes,
})

const volume = (changes: Partial<Volume>): Volume => ({
  host: 'host-1',
  name: 'data',
  driver: 'local',
  mountpoint: '/var/lib/docker/volumes/data/_data',
  scope: 'local',
  options: {},
  labels: {},
  anonymous: false,
  createdAt: '2026-01-01T00:00:00Z',
  sizeBytes: 1_610_612_736,
  sizeMeasuredAt: '2026-01-05T11:48:00Z',
  users: [],
  ...seen,
  ...changes,
})

const online: AsOf = { host: 'host-1', state: 'online', inventoryAt: '2026-01-05T11:59:59Z' }
const lost: AsOf = { host: 'host-2', state: 'lost', inventoryAt: '2026-01-05T11:00:00Z' }
const unknown: AsOf = { host: 'host-3', state: 'unknown', inventoryAt: null }

test('a volume is listed with who uses it and who used it, in the order given', () => {
  const users = [user({}), user({ name: 'old-web', goneAt: '2026-01-02T12:00:00Z', readOnly: true })]
  expect(volumesText([volume({ users })], [online], view).split('\n')).toEqual([
    'HOST    VOLUME  DRIVER  SIZE      MEASURED        STATE    USED BY',
    'host-1  data    local   1.50 GiB  12 minutes ago  present  web:/srv',
    '                                                           old-web:/srv:ro (gone 3 days ago)',
  ])
})

test('what a move left behind is told from what lives', () => {
  const left = user({ name: 'web', movedTo: 'host-2' })
  const removed = user({ name: 'old', movedTo: 'host-2', goneAt: '2026-01-02T12:00:00Z' })
  const text = volumesText([volume({ users: [left, removed] })], [online], view)
  expect(text).toMatch(/web:\/srv \(moved to host-2\)\n +old:\/srv \(moved to host-2, gone 3 days ago\)$/)
  const container = (changes: Partial<Container>): Container => ({
    host: 'host-1',
    id: 'c'.repeat(64),
    name: 'web',
    image: 'nginx:1.27',
    imageId: 'sha256:1',
    state: 'exited',
    createdAt: '2026-01-01T00:00:00Z',
    labels: {},
    mounts: [],
    movedTo: null,
    ...seen,
    ...changes,
  })
  const containers = [container({}), container({ movedTo: 'host-2' })]
  const [, stayed, moved] = containersText(containers, [online], view).split('\n')
  expect(stayed).toBe('host-1  web        cccccccccccc  nginx:1.27  exited')
  expect(moved).toBe('host-1  web        cccccccccccc  nginx:1.27  exited, moved to host-2')
})

test('an unknown size is not zero, and no user seen is not a claim that there is none', () => {
  const volumes = [
    volume({ sizeBytes: null, sizeMeasuredAt: null }),
    volume({ name: 'empty', sizeBytes: 0 }),
    volume({ name: 'old', sizeMeasuredAt: null }),
  ]
  expect(volumesText(volumes, [online], view).split('\n').slice(1)).toEqual([
    'host-1  data    local   unknown   never           present  nobody that was seen',
    'host-1  empty   local   0 B       12 minutes ago  present  nobody that was seen',
    'host-1  old     local   1.50 GiB  unknown         present  nobody that was seen',
  ])
})

test('a host that has not reported is never shown as empty', () => {
  expect(volumesText([], [unknown], view)).toBe(
    'No volumes are known.\n\nhost-3: has not reported; its volumes are unknown, which is not none.',
  )
  expect(volumesText([], [online], view)).toBe('No volumes.')
  expect(containersText([], [online, lost], view)).toBe(
    'No containers are known.\n\nhost-2: lost; its containers are shown as of 1 hour ago, and may have changed since.',
  )
})

test('the names of anonymous volumes are cut to twelve digits, unless asked for in full', () => {
  const volumes = [volume({ name: anonymous, anonymous: true })]
  expect(volumesText(volumes, [online], view)).toContain('e3b0c44298fc  local')
  expect(volumesText(volumes, [online], { ...view, full: true })).toContain(anonymous)
})

test('a control character in a name reaches no terminal', () => {
  const users = [user({ name: 'web\u001b[2J', destination: '/a\nb' })]
  const text = volumesText([volume({ users })], [online], view)
  expect(text).not.toContain('\u001b')
  expect(text).toContain('web\\x1b[2J:/a b')
})

test('what is unknown of a host is said so', () => {
  const host = {
    name: 'host-3',
    state: 'unknown' as const,
    address: null,
    agentVersion: null,
    engine: null,
    engineReachable: false,
    fence: null,
    addedAt: '2026-01-01T00:00:00Z',
    lastSeen: null,
    inventoryAt: null,
  }
  const [, row] = hostsText([host], view).split('\n')
  expect(row?.split(/ {2,}/)).toEqual(['host-3', 'unknown', 'unknown', 'unknown', 'unknown', 'never'])
})
