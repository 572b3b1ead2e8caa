// Certificates that live for a minute and a half, and a move that takes longer: nobody notices.
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrationOf, startMigration, untilEnded, untilMigration } from '../e2e/moving.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { hostDir } from '../lab/places.ts'
import { eventually } from '../lab/wait.ts'

let lab: Lab
beforeAll(async () => {
  lab = await startLab({ hosts: 2, environment: { DRAYAGE_CERTIFICATE_LIFETIME: '90s' } })
})
afterAll(() => lab?.stop())

const certificateOf = async ({ name }: LabHost): Promise<X509Certificate> =>
  new X509Certificate(await readFile(join(hostDir(lab.id, name), 'agent/identity/certificate.pem')))

test('agents renew their certificates while a volume crosses, and the hand-over after it is with the new ones', async () => {
  const [one, two] = [lab.host('host-1'), lab.host('host-2')]
  const image = (await loadImage(one, 'busybox')).ref
  await loadImage(two, 'busybox')
  await one.docker(['run', '-d', '--name', 'web', '-v', 'data:/data', image, 'sleep', 'infinity'])
  await one.docker(['exec', 'web', 'dd', 'if=/dev/urandom', 'of=/data/noise', 'bs=1M', 'count=100'])
  const before = await Promise.all([certificateOf(one), certificateOf(two)])

  const { id } = await startMigration(lab, {
    ...{ container: 'web', from: one.name, to: two.name },
    options: { maxBytesPerSecond: 1024 * 1024 },
  })
  await untilMigration(lab, id, 'it copies', ({ bytesSent }) => bytesSent > 0)
  // The first ones have ended by then, and the volume still crosses.
  await eventually('both agents have new certificates', 120_000, async () => {
    const now = await Promise.all([certificateOf(one), certificateOf(two)])
    return now.every(({ serialNumber }, index) => serialNumber !== before[index]?.serialNumber)
  })
  expect((await migrationOf(lab, id)).state).toBe('running')
  const moved = await untilEnded(lab, id)
  expect(moved.state).toBe('awaiting-finalize')
  expect(Date.now()).toBeGreaterThan(Math.max(...before.map(({ validToDate }) => validToDate.getTime())))
  for (const host of [one, two]) await lab.untilHostIs(host, 'online')
}, 600_000)
