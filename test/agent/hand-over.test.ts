// From one real engine to another, in the calls of a whole move.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { VolumeResult__Output } from '../../shared/rpc/generated/drayage/v1/VolumeResult.ts'
import { loadImage } from '../lab/images.ts'
import { eventually } from '../lab/wait.ts'
import {
  busybox,
  type Lease,
  mountpointOf,
  newLease,
  obedient,
  short,
  uniqueName,
  withTwoEngines,
  workloadOf,
} from './two-engines.ts'

const on = withTwoEngines()

describe.each([
  ['current', 'legacy'],
  ['legacy', 'current'],
] as const)('from %s to %s', (from, to) => {
  const readAll = async <T>(stream: AsyncIterable<T>): Promise<T[]> => {
    const all: T[] = []
    for await (const item of stream) all.push(item)
    return all
  }
  const both = async (lease: Lease, containerId: string) => {
    const [source, target] = [on.agent(from), on.agent(to)]
    await target.call.unary('GrantEpoch', { lease, role: 'target', peerHost: from, containerId }, short)
    await source.call.unary('GrantEpoch', { lease, role: 'source', peerHost: to, containerId }, short)
    return { source, target }
  }

  test('a workload moves: image, volumes, container; and is what it was', async () => {
    const [sourceHost, targetHost] = [on.host(from), on.host(to)]
    const ref = `drayage-lab/mover-${from}:1`
    await loadImage(sourceHost, { ref, base: 'busybox', files: { 'hello.txt': `from ${from}\n` } })
    const [volume, name] = [uniqueName('data'), uniqueName('mover')]
    const containerId = await sourceHost.docker([
      ...['run', '-d', '--name', name, '-v', `${volume}:/data`, ref, 'sh', '-c'],
      'trap "exit 0" TERM; test -e /data/big || dd if=/dev/urandom of=/data/big bs=1M count=20; echo up >> /data/log; sleep 1000 & wait',
    ])
    const mountpoint = await mountpointOf(sourceHost, volume)
    await eventually('it to be up', 20_000, async () => existsSync(join(mountpoint, 'log')))
    const lease = newLease()
    const { source, target } = await both(lease, containerId)
    const peer = { host: from, address: source.address }
    const workload = await workloadOf(source.call, name, true)
    expect(workload.obstacles).toEqual([])
    const arrival = { workload, migrationId: lease.migrationId }
    const { checks } = await target.call.unary('CheckTargets', { targets: [arrival] }, short)
    expect(checks).toMatchObject([{ obstacles: [], imageId: '' }])
    expect(checks[0]?.freeBytes).toBeGreaterThan(0)

    const image = workload.image
    if (!image) throw new Error('The workload has no image')
    const wanted = { lease, image, source: peer, ticket: target.ticket(lease, from, { imageId: image.id }) }
    const receive = () => readAll(target.call.serverStream('ReceiveImage', wanted, short))
    const received = (await receive()).at(-1)?.done
    expect(received).toMatchObject({ loaded: true })
    const imageId = received?.imageId ?? ''
    expect((await receive()).at(-1)?.done).toEqual({ imageId, loaded: true, notPulled: '' })

    const hold = { lease, containerId }
    await source.call.unary('HoldSource', hold, short)
    const prepare = { lease, workload, imageId }
    const target1 = await target.call.unary('PrepareTarget', prepare, short)
    expect(await target.call.unary('PrepareTarget', prepare, short)).toMatchObject({ containerId: target1.containerId })
    await source.call.unary('FenceSource', hold, short)
    await source.call.unary('StopSource', { ...hold, stopTimeoutSeconds: 10 }, short)
    await source.call.unary('IsolateSource', { ...hold, volumes: workload.volumes }, short)

    const [described] = workload.volumes
    const rootIdentity = described?.rootIdentity ?? ''
    const ticket = target.ticket(lease, from, { volume })
    const pull = { lease, volume, source: peer, round: 1, final: true, rootIdentity, ticket }
    const results: (VolumeResult__Output | null)[] = []
    for (const _ of [1, 2]) {
      results.push((await readAll(target.call.serverStream('ReceiveVolume', pull, short))).at(-1)?.result ?? null)
    }
    expect(results[0]?.sourceDigest).toMatch(/^[0-9a-f]{64}$/)
    expect(results[0]?.targetDigest).toBe(results[0]?.sourceDigest)
    expect(results[0]?.contentBytes).toBeGreaterThan(20 * 1024 * 1024)
    // The second finds all of it there: the same volume, and next to nothing crosses.
    const { bytesSent = 0, changedBytes: _bytes, changedEntries: _entries, ...again } = results[1] ?? {}
    expect(results[0]).toMatchObject(again)
    expect(bytesSent).toBeLessThan(64 * 1024)

    const started = await target.call.unary(
      'StartTarget',
      { lease, containerId: target1.containerId, settleMs: 500, healthTimeoutMs: 1_000 },
      short,
    )
    expect(started.verdict).toBe('settled')
    await source.call.unary('RetireSource', hold, short)
    await source.call.unary('ReleaseSource', { lease }, short)
    for (const agent of [target, source]) await agent.call.unary('ForgetMigration', { lease }, short)

    const there = await mountpointOf(targetHost, volume)
    const aside = join(dirname(mountpoint), `_data.drayage-${lease.migrationId}`)
    expect((await readFile(join(there, 'big'))).equals(await readFile(join(aside, 'big')))).toBe(true)
    expect(await readFile(join(there, 'log'), 'utf8')).toBe('up\nup\n')
    expect(await targetHost.docker(['exec', name, 'cat', '/hello.txt'])).toBe(`from ${from}`)
    await expect(sourceHost.docker(['start', name])).rejects.toThrow(/_data/)
    expect(await sourceHost.docker(['ps', '-aq', '--filter', `label=dev.drayage.migration=${lease.migrationId}`])).toBe(
      '',
    )
  })

  test('an undone move leaves nothing on the target', async () => {
    const [sourceHost, targetHost] = [on.host(from), on.host(to)]
    const ref = `drayage-lab/undone-${from}:1`
    await loadImage(sourceHost, { ref, base: 'busybox', files: { 'undone.txt': from } })
    const [volume, name] = [uniqueName('data'), uniqueName('undone')]
    const containerId = await sourceHost.docker([
      'run',
      '-d',
      '--name',
      name,
      '-v',
      `${volume}:/data`,
      ref,
      ...obedient,
    ])
    const sorted = async (args: readonly string[]) => (await targetHost.docker(args)).split('\n').toSorted()
    const everything = async () => ({
      images: await sorted(['images', '-aq', '--no-trunc']),
      volumes: await sorted(['volume', 'ls', '-q']),
      containers: await sorted(['ps', '-aq', '--no-trunc']),
    })
    const before = await everything()
    const lease = newLease()
    const { source, target } = await both(lease, containerId)
    const peer = { host: from, address: source.address }
    const workload = await workloadOf(source.call, name)
    const image = workload.image
    if (!image) throw new Error('The workload has no image')
    const wanted = { lease, image, source: peer, ticket: target.ticket(lease, from, { imageId: image.id }) }
    const messages = await readAll(target.call.serverStream('ReceiveImage', wanted, short))
    const imageId = messages.at(-1)?.done?.imageId ?? ''
    await target.call.unary('PrepareTarget', { lease, workload, imageId }, short)
    expect(await everything()).not.toEqual(before)
    for (const _ of [1, 2]) {
      await target.call.unary('DiscardTarget', { lease }, short)
      await target.call.unary('RemoveImage', { lease, imageId: '' }, short)
      await target.call.unary('ForgetMigration', { lease }, short)
    }
    expect(await everything()).toEqual(before)
  })

  test('a volume that this migration did not make is not written, and one that it does not move is not given', async () => {
    const [sourceHost, targetHost] = [on.host(from), on.host(to)]
    const [mine, theirs] = [uniqueName('mine'), uniqueName('theirs')]
    const containerId = await sourceHost.docker(['run', '-d', '-v', `${mine}:/data`, busybox, ...obedient])
    await sourceHost.docker(['volume', 'create', theirs])
    await targetHost.docker(['volume', 'create', mine])
    const lease = newLease()
    const { source, target } = await both(lease, containerId)
    const peer = { host: from, address: source.address }
    const pull = (volume: string, final = false) =>
      readAll(
        target.call.serverStream(
          'ReceiveVolume',
          {
            ...{ lease, volume, source: peer, round: 1, final, rootIdentity: '' },
            ticket: target.ticket(lease, from, { volume }),
          },
          short,
        ),
      )
    const ours = ['--label', `dev.drayage.migration=${lease.migrationId}`]
    await targetHost.docker(['create', ...ours, '--label', 'dev.drayage.role=workload', busybox, 'true'])
    await expect(pull(mine)).rejects.toMatchObject({ code: 'DRAYAGE_VOLUME_EXISTS' })
    await targetHost.docker(['volume', 'create', ...ours, theirs])
    await expect(pull(theirs)).rejects.toMatchObject({ code: 'DRAYAGE_TRANSFER_FORBIDDEN' })
  })
})
