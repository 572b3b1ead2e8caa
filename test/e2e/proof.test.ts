// What a move proves of its copies, and what becomes of devices.
import { randomBytes } from 'node:crypto'
import { open, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Verification } from '../../shared/api/verifications.ts'
import { run } from '../lab/command.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { commandLineOf } from './command-line.ts'
import { differences, migrate, mountpoint, planOf, setAside } from './moving.ts'
import { runScript } from './one-lab.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let image: string

beforeAll(async () => {
  lab = await startLab({ hosts: 2 })
  one = lab.host('host-1')
  two = lab.host('host-2')
  image = (await loadImage(one, 'busybox')).ref
})
afterAll(() => lab?.stop())

const make = async (name: string, script = 'while :; do date >> /data/log; sleep 0.1; done'): Promise<string> => {
  const data = await runScript(one, image, name, script)
  await writeFile(join(data, 'large'), Buffer.alloc(32 * 1024 * 1024, name))
  return data
}

test('what is copied while the source runs is read back from the disk of the target, and the receipt says so', async () => {
  const data = await make('reread')
  await run(['mknod', join(data, 'null'), 'c', '1', '3'])
  const migration = await migrate(lab, { container: 'reread', from: 'host-1', to: 'host-2' })
  expect(migration).toMatchObject({ state: 'awaiting-finalize', receipt: { verified: 'reread' } })
  expect(migration.warnings.map(({ code }) => code)).not.toContain('target-reread')
  // The log is written on.
  const kept = await setAside(one, 'reread', migration)
  expect(await differences(kept, await mountpoint(two, 'reread'), ['log'])).toBe('')
})

const { ends } = commandLineOf(() => lab)
// What `dray verify` says, and how it ends.
const verify = async (id: string): Promise<Verification & { readonly exit: number | null }> => {
  const { exit, stdout } = await ends('verify', id, '--json')
  return { ...(JSON.parse(stdout) as Verification), exit }
}

test('what the source keeps can be compared with the receipt at any time later, and the target where nothing runs on it', async () => {
  await make('kept', 'sleep 100000')
  const migration = await migrate(lab, { container: 'kept', from: 'host-1', to: 'host-2' })
  const expectedDigest = migration.receipt?.volumes[0]?.sourceDigest
  expect(await verify(migration.id)).toMatchObject({
    exit: 0,
    sourceIsWhole: true,
    copies: [
      { side: 'source', host: 'host-1', verdict: 'same', expectedDigest, foundDigest: expectedDigest },
      { side: 'target', host: 'host-2', verdict: 'in-use', message: expect.stringContaining('kept') },
    ],
  })

  // One byte, and the file's time as before.
  const folder = await setAside(one, 'kept', migration)
  await run(['touch', '-r', join(folder, 'large'), `${folder}-time`])
  const file = await open(join(folder, 'large'), 'r+')
  await file.write(Buffer.from('x'), 0, 1, 20_000_000)
  await file.close()
  await run(['touch', '-r', `${folder}-time`, join(folder, 'large')])
  await rm(`${folder}-time`)
  await two.docker(['stop', '-t', '1', 'kept'])
  expect(await verify(migration.id)).toMatchObject({
    exit: 6,
    sourceIsWhole: false,
    copies: [
      { verdict: 'differs', differing: ['large'] },
      { side: 'target', verdict: 'same', foundDigest: expectedDigest },
    ],
  })

  await rename(folder, `${folder}-elsewhere`)
  try {
    expect(await verify(migration.id)).toMatchObject({ exit: 3, copies: [{ verdict: 'gone' }, {}] })
  } finally {
    await rename(`${folder}-elsewhere`, folder)
  }
})

test('with --verify full everything is read again in the last round; with --devices skip the receipt lists them', async () => {
  const data = await make('full')
  await run(['mknod', join(data, 'null'), 'c', '1', '3'])
  const request = { container: 'full', from: 'host-1', to: 'host-2' }
  const refusing = await planOf(lab, { ...request, options: { devices: 'refuse' } })
  expect(refusing.refusals).toEqual([{ code: 'DRAYAGE_DEVICE_NODES', message: expect.stringMatching(/null/) }])
  const migration = await migrate(lab, { ...request, options: { verify: 'full', devices: 'skip' } })
  expect(migration).toMatchObject({
    state: 'awaiting-finalize',
    receipt: {
      verified: 'full',
      volumes: [{ skipped: [{ message: expect.stringMatching(/null.*character device/) }] }],
    },
  })
  expect(await run(['find', await mountpoint(two, 'full'), '-name', 'null'])).toBe('')
})

test('a move may be compressed on its way and held to a rate; both are told, and the copy is the same', async () => {
  const data = await make('thrifty')
  const noise = 8 * 1024 * 1024
  await writeFile(join(data, 'noise'), randomBytes(noise))
  const maxBytesPerSecond = 4 * 1024 * 1024
  const options = { compression: 'zstd', maxBytesPerSecond } as const
  const migration = await migrate(lab, { container: 'thrifty', from: 'host-1', to: 'host-2', options })
  expect(migration).toMatchObject({ state: 'awaiting-finalize', options })
  const [first] = migration.rounds
  // What shrinks has, and what does not has gone as it was.
  expect(first?.contentBytes).toBeGreaterThan(40 * 1024 * 1024)
  expect(first?.bytesSent).toBeGreaterThan(noise)
  expect(first?.bytesSent).toBeLessThan(12 * 1024 * 1024)
  expect(first?.durationMs).toBeGreaterThan(((noise - 1024 * 1024) / maxBytesPerSecond) * 1000)
  const kept = await setAside(one, 'thrifty', migration)
  expect(await differences(kept, await mountpoint(two, 'thrifty'), ['log'])).toBe('')
})
