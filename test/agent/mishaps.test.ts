// What people and engines do in the middle of a hand-over, and what the agents make of it: on real engines, called as the
// coordinator calls them.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ulid } from 'ulid'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { LabHost } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'
import {
  busybox,
  engines,
  mountpointOf,
  newLease,
  obedient,
  removedAfterwards,
  short,
  uniqueName,
  withTwoEngines,
  workloadOf,
} from './two-engines.ts'

const changed = { code: 'DRAYAGE_TARGET_CHANGED' }
const missing = { code: 'DRAYAGE_CONTAINER_NOT_FOUND' }

const on = withTwoEngines()

const stateOf = async (host: LabHost, container: string) =>
  JSON.parse(await host.docker(['inspect', '--type', 'container', container]))[0].State
const names = async (host: LabHost, args: readonly string[]) => (await host.docker(args)).split('\n').filter(Boolean)

describe.each(engines)('on the %s engine', (engine) => {
  const host = () => on.host(engine)
  const agent = () => on.agent(engine)

  const source = async (options: readonly string[], command: readonly string[] = obedient) => {
    const name = uniqueName('app')
    const volume = uniqueName('data')
    const mount = ['-v', `${volume}:/data`]
    const containerId = await host().docker(['run', '-d', '--name', name, ...mount, ...options, busybox, ...command])
    removedAfterwards(host(), containerId)
    const lease = newLease()
    const { call } = agent()
    await call.unary('GrantEpoch', { lease, role: 'source', peerHost: 'elsewhere', containerId }, short)
    const workload = await workloadOf(call, containerId)
    const mountpoint = await mountpointOf(host(), volume)
    const isolate = { lease, containerId, volumes: workload.volumes }
    return { name, volume, mountpoint, containerId, lease, step: { lease, containerId }, isolate }
  }

  // What PrepareTarget leaves: a volume and a container, labelled as this migration's; the container never started.
  const target = async () => {
    const lease = newLease()
    await agent().call.unary('GrantEpoch', { lease, role: 'target', peerHost: 'elsewhere', containerId: 'x' }, short)
    const [name, volume] = [uniqueName('target'), uniqueName('data')]
    const ours = ['--label', `dev.drayage.migration=${lease.migrationId}`]
    await host().docker(['volume', 'create', ...ours, volume])
    const containerId = await host().docker([
      ...['create', ...ours, '--label', 'dev.drayage.role=workload', '--name', name, '-v', `${volume}:/data`],
      ...[busybox, ...obedient],
    ])
    removedAfterwards(host(), containerId)
    const step = { lease, containerId }
    return {
      ...{ lease, name, volume, containerId },
      confirm: () => agent().call.unary('ConfirmTarget', step, short),
      start: () => agent().call.unary('StartTarget', { ...step, settleMs: 300, healthTimeoutMs: 1_000 }, short),
      discard: () => agent().call.unary('DiscardTarget', { lease }, short),
      forget: () => agent().call.unary('ForgetMigration', { lease }, short),
      receive: async () => {
        const peer = { host: 'elsewhere', address: '127.0.0.1:1' }
        const request = { lease, volume, source: peer, round: 1, final: true, rootIdentity: '' }
        for await (const _ of agent().call.serverStream('ReceiveVolume', request, short)) return
      },
      exists: async () => ({
        container: (await names(host(), ['ps', '-a', '--format', '{{.Names}}'])).includes(name),
        volume: (await names(host(), ['volume', 'ls', '-q'])).includes(volume),
      }),
    }
  }

  test('a target that somebody starts before its time is stopped, not written to, not handed over, and not thrown away', async () => {
    const { name, containerId, confirm, start, discard, receive, forget, exists } = await target()
    await host().docker(['start', name])
    await eventually('the guard to stop it', 20_000, async () => !(await stateOf(host(), containerId)).Running)
    for (const step of [receive, confirm, start, discard]) await expect(step()).rejects.toMatchObject(changed)
    expect((await stateOf(host(), containerId)).Running).toBe(false)
    expect(await exists()).toEqual({ container: true, volume: true })
    // The operator's word that it is not wanted.
    await host().docker(['rm', name])
    await discard()
    await forget()
    expect(await exists()).toEqual({ container: false, volume: false })
  })

  test('a target that was confirmed is started; from then on no undo of its move removes it, whoever has forgotten what', async () => {
    const { containerId, name, confirm, start, discard, receive, forget, exists } = await target()
    await confirm()
    await confirm()
    expect(await start()).toMatchObject({ verdict: 'settled' })
    await agent().restart()
    expect((await stateOf(host(), containerId)).Running).toBe(true)
    await expect(discard()).rejects.toMatchObject(changed)
    await expect(receive()).rejects.toMatchObject(changed)
    await host().docker(['stop', name])
    await expect(discard()).rejects.toMatchObject(changed)
    await forget()
    await expect(discard()).rejects.toMatchObject({ ...changed, message: expect.stringContaining('no note') })
    await host().docker(['rm', name])
    await expect(discard()).rejects.toMatchObject(changed)
    expect(await exists()).toEqual({ container: false, volume: true })
  })

  test('what was only prepared is discarded, and discarding nothing is done', async () => {
    const { discard, forget, exists } = await target()
    await discard()
    await discard()
    await forget()
    await discard()
    expect(await exists()).toEqual({ container: false, volume: false })
  })

  test('a source that somebody removes in the middle has its volume brought back, and the migration ends', async () => {
    const { volume, mountpoint, containerId, lease, step, isolate } = await source(['--restart', 'always'])
    const { call } = agent()
    await writeFile(join(mountpoint, 'file'), 'kept')
    await call.unary('HoldSource', step, short)
    await call.unary('FenceSource', step, short)
    await call.unary('StopSource', { ...step, stopTimeoutSeconds: 10 }, short)
    await call.unary('IsolateSource', isolate, short)
    await host().docker(['rm', containerId])
    await call.unary('RestoreSource', step, short)
    expect(await readFile(join(mountpoint, 'file'), 'utf8')).toBe('kept')
    for (const undo of ['RestartSource', 'UnfenceSource'] as const) {
      await expect(call.unary(undo, step, short)).rejects.toMatchObject(missing)
      await call.unary(undo, step, short)
    }
    await call.unary('ReleaseSource', { lease }, short)
    await call.unary('ForgetMigration', { lease }, short)
    expect(await names(host(), ['volume', 'ls', '-q'])).toContain(volume)
  })

  test('a container that was started on the volume after the fence keeps the move from going on', async () => {
    const { volume, mountpoint, step, isolate } = await source([])
    const { call } = agent()
    await call.unary('FenceSource', step, short)
    await call.unary('StopSource', { ...step, stopTimeoutSeconds: 10 }, short)
    const other = uniqueName('other')
    await host().docker(['run', '-d', '--name', other, '-v', `${mountpoint}:/there`, busybox, ...obedient])
    removedAfterwards(host(), other)
    await expect(call.unary('IsolateSource', isolate, short)).rejects.toMatchObject({
      code: 'DRAYAGE_VOLUME_SHARED',
      message: expect.stringContaining(other),
    })
    expect(await readdir(dirname(mountpoint))).toEqual(['_data'])
    await host().docker(['rm', '-f', other])
    expect(await call.unary('IsolateSource', isolate, short)).toMatchObject({ volumes: [volume] })
    await call.unary('RestoreSource', step, short)
    await call.unary('RestartSource', step, short)
  })

  test('a stop that the engine is still busy with does not kill the source that the undo starts again', async () => {
    const deaf = ['sh', '-c', 'trap "echo asked" TERM; while :; do sleep 0.1; done']
    const { name, containerId, lease, step } = await source(['--stop-timeout', '30'], deaf)
    const { state, call } = agent()
    const note = state.migrations.find(lease.migrationId)
    if (note?.role !== 'source') throw new Error('It was not granted')
    // What an agent that died in StopSource leaves: its note, and an engine that has the request.
    const stopped = { wasRunning: true, requestedAt: new Date().toISOString(), mayRunAgain: false, result: null }
    await state.migrations.put({ ...note, stopped })
    const before = await stateOf(host(), containerId)
    const stopping = host().docker(['stop', '--time', '3', name])
    await eventually('it to be asked', 20_000, async () => (await host().docker(['logs', name])).includes('asked'))
    await call.unary('RestartSource', step, short)
    await stopping
    const after = await stateOf(host(), containerId)
    expect(after.Running).toBe(true)
    expect(after.StartedAt).not.toBe(before.StartedAt)
  })

  test('who is kept with the network of a container that is gone is told, since it cannot be started any more', async () => {
    const used = await host().docker(['create', '--name', uniqueName('used'), busybox, ...obedient])
    const user = await host().docker([
      ...['create', '--name', uniqueName('user'), '--network', `container:${used}`, busybox, ...obedient],
    ])
    removedAfterwards(host(), user)
    expect(await agent().engine.lostCompanions(user)).toEqual([])
    await host().docker(['rm', used])
    expect(await agent().engine.lostCompanions(user)).toEqual([used])
    await expect(host().docker(['start', user])).rejects.toThrow()
  })

  test('a migration is forgotten also by who holds an older epoch, and nothing else is done for them', async () => {
    const { containerId, lease, step } = await source([])
    const { call, state } = agent()
    const newer = { ...lease, migrationId: ulid(), epoch: 4 }
    await call.unary('GrantEpoch', { lease: newer, role: 'source', peerHost: 'elsewhere', containerId }, short)
    await expect(call.unary('FenceSource', step, short)).rejects.toMatchObject({ code: 'DRAYAGE_EPOCH_STALE' })
    await call.unary('ForgetMigration', { lease }, short)
    expect(state.migrations.find(newer.migrationId)).not.toBeNull()
    await call.unary('ForgetMigration', { lease: { ...newer, epoch: 2 } }, short)
    expect(state.migrations.find(newer.migrationId)).toBeNull()
  })
})

describe.each([
  ['current', 'legacy'],
  ['legacy', 'current'],
] as const)('from %s to %s', (from, to) => {
  test('an image whose coming was cancelled is not there when it has been removed', async () => {
    const [sourceHost, targetHost] = [on.host(from), on.host(to)]
    const [source, target] = [on.agent(from), on.agent(to)]
    const [name, ref] = [uniqueName('large'), `drayage-lab/large-${from}:1`]
    await sourceHost.docker([
      'run',
      '--name',
      name,
      busybox,
      'dd',
      'if=/dev/urandom',
      'of=/large',
      'bs=1M',
      'count=200',
    ])
    removedAfterwards(sourceHost, name)
    await sourceHost.docker(['commit', name, ref])
    onTestFinished(async () => void (await sourceHost.docker(['rmi', '-f', ref])))
    const containerId = await sourceHost.docker(['create', ref, 'true'])
    removedAfterwards(sourceHost, containerId)
    const lease = newLease()
    await target.call.unary('GrantEpoch', { lease, role: 'target', peerHost: from, containerId }, short)
    await source.call.unary('GrantEpoch', { lease, role: 'source', peerHost: to, containerId }, short)
    const { image } = await workloadOf(source.call, containerId)
    if (!image) throw new Error('The workload has no image')
    const imagesOf = async () => (await names(targetHost, ['images', '-aq', '--no-trunc'])).toSorted()
    const before = await imagesOf()

    const ticket = target.ticket(lease, from, { imageId: image.id })
    const request = { lease, image, source: { host: from, address: source.address }, ticket }
    // Leaving the loop cancels the call.
    for await (const message of target.call.serverStream('ReceiveImage', request, short)) {
      expect(message.done).toBeNull()
      break
    }
    await target.call.unary('RemoveImage', { lease, imageId: '' }, short)
    expect(await imagesOf()).toEqual(before)
  })
})
