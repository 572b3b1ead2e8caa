// What stands between a workload's data and Docker's own ways of losing it, on engines of both generations.
import { afterEach, describe, expect, test } from 'vitest'
import { cleanOut, engineHosts, plain } from './hosts.ts'

const generations = ['current', 'legacy'] as const
const host = engineHosts(generations, [plain])

describe.each(generations)('%s', (kind) => {
  afterEach(() => cleanOut(host(kind)))

  const workload = async (name = 'web') => {
    const engine = host(kind)
    await engine.docker(['run', '-d', '--name', name, '-v', `${name}-data:/data`, '-v', '/nameless', plain.ref])
    return engine.inspect(name)
  }

  test('the holder keeps named and nameless volumes when the workload and everything unused is removed', async () => {
    const engine = host(kind)
    const { Id } = await workload()
    await engine.docker(['exec', 'web', 'sh', '-c', 'echo precious > /data/a; echo precious > /nameless/b'])
    const before = await engine.volumeNames()
    await engine.drayage.createHolder(Id, 'm-1')
    await engine.drayage.createHolder(Id, 'm-1')
    expect(await engine.volumeNames()).toEqual(before)

    await engine.docker(['rm', '--force', '--volumes', 'web'])
    await engine.docker(['volume', 'prune', '--force', ...(kind === 'current' ? ['--all'] : [])])
    expect(await engine.volumeNames()).toEqual(before)

    await engine.drayage.removeHolder('m-1')
    await engine.drayage.removeHolder('m-1')
    expect(await engine.volumeNames()).toEqual(before)
    expect(await engine.docker(['ps', '-aq'])).toBe('')
    const kept = await engine.docker(['run', '--rm', '-v', 'web-data:/data', plain.ref, 'cat', '/data/a'])
    expect(kept).toBe('precious')
  })

  test('the holder writes nothing into an empty volume, and makes none where the workload has none', async () => {
    const engine = host(kind)
    // The image asks for a volume at /asked; the workload has a tmpfs there, and an empty volume over /etc of the image.
    await engine.docker(['volume', 'create', 'empty'])
    const mount = 'type=volume,source=empty,target=/etc,volume-nocopy'
    await engine.docker(['create', '--name', 'odd', '--tmpfs', '/asked', '--mount', mount, plain.ref])
    const mountpoint = await engine.docker(['volume', 'inspect', '--format', '{{.Mountpoint}}', 'empty'])
    expect(await engine.nsexec(['ls', '-A', mountpoint])).toBe('')

    await engine.drayage.createHolder('odd', 'm-2')
    expect(await engine.volumeNames()).toEqual(['empty'])
    expect(await engine.nsexec(['ls', '-A', mountpoint])).toBe('')
  })

  test('a container that has the holder’s name and not its label is left alone and said', async () => {
    const engine = host(kind)
    const { Id } = await workload()
    await engine.docker(['create', '--name', 'drayage-hold-m-3', plain.ref])
    await expect(engine.drayage.createHolder(Id, 'm-3')).rejects.toMatchObject({ code: 'DRAYAGE_CONTAINER_EXISTS' })
    await engine.drayage.removeHolder('m-3')
    expect((await engine.inspect('drayage-hold-m-3')).State.Status).toBe('created')
  })

  test('a volume of that name that is there already is refused, untouched, and survives the undo', async () => {
    const engine = host(kind)
    await engine.docker(['run', '-d', '--name', 'db', '-v', 'db-data:/data', '--tmpfs', '/asked', plain.ref])
    const described = await engine.drayage.describe('db')
    await engine.docker(['rm', '--force', 'db'])
    const image = described.image?.id ?? ''
    const write = 'echo somebody > /data/a'
    await engine.docker(['run', '--rm', '-v', 'db-data:/data', plain.ref, 'sh', '-c', write])
    const before = await engine.docker(['volume', 'inspect', 'db-data'])

    expect((await engine.drayage.check(described, 'm-4')).obstacles.map(({ code }) => code)).toContain(
      'DRAYAGE_VOLUME_EXISTS',
    )
    await expect(engine.drayage.prepare(described, image, 'm-4')).rejects.toMatchObject({
      code: 'DRAYAGE_VOLUME_EXISTS',
      details: { volume: 'db-data' },
    })
    await engine.drayage.discard('m-4')
    expect(await engine.docker(['volume', 'inspect', 'db-data'])).toBe(before)
    const kept = await engine.docker(['run', '--rm', '-v', 'db-data:/data', plain.ref, 'cat', '/data/a'])
    expect(kept).toBe('somebody')
  })

  test('a container of that name is refused and left alone, and what was made before it is discarded', async () => {
    const engine = host(kind)
    await engine.docker(['run', '-d', '--name', 'app', '-v', 'app-data:/data', plain.ref])
    const described = await engine.drayage.describe('app')
    await engine.docker(['rm', '--force', '--volumes', 'app'])
    await engine.docker(['volume', 'rm', 'app-data'])
    await engine.docker(['create', '--name', 'app', '--tmpfs', '/asked', plain.ref])
    const { Id } = await engine.inspect('app')

    await expect(engine.drayage.prepare(described, described.image?.id ?? '', 'm-5')).rejects.toMatchObject({
      code: 'DRAYAGE_CONTAINER_EXISTS',
    })
    expect(await engine.volumeNames()).not.toEqual([])
    await engine.drayage.discard('m-5')
    expect(await engine.volumeNames()).toEqual([])
    expect((await engine.inspect('app')).Id).toBe(Id)
  })

  test('one migration’s undo leaves another’s things alone', async () => {
    const engine = host(kind)
    await engine.docker(['run', '-d', '--name', 'one', '-v', 'one-data:/data', '--tmpfs', '/asked', plain.ref])
    const described = await engine.drayage.describe('one')
    await engine.docker(['rm', '--force', 'one'])
    await engine.docker(['volume', 'rm', 'one-data'])
    const { containerId } = await engine.drayage.prepare(described, described.image?.id ?? '', 'm-6')
    await engine.drayage.discard('m-66')
    await engine.drayage.discard('')
    expect((await engine.inspect('one')).Id).toBe(containerId)
    expect((await engine.drayage.volume('one-data')).migrationId).toBe('m-6')
    await expect(engine.drayage.prepare(described, described.image?.id ?? '', 'm-7')).rejects.toMatchObject({
      code: 'DRAYAGE_VOLUME_EXISTS',
    })
  })

  test('a prepared container whose policy is `always` does not start when its engine does', async () => {
    const engine = host(kind)
    await engine.docker(['run', '-d', '--name', 'eager', '--restart', 'always', '--tmpfs', '/asked', plain.ref])
    const described = await engine.drayage.describe('eager')
    await engine.docker(['rm', '--force', 'eager'])
    const { containerId } = await engine.drayage.prepare(described, described.image?.id ?? '', 'm-8')
    await engine.docker(['run', '-d', '--name', 'witness', '--restart', 'always', '--tmpfs', '/asked', plain.ref])
    await engine.engine.restart()
    // The witness is started by the same pass over all containers.
    await expect.poll(async () => (await engine.inspect('witness')).State.Running, { timeout: 30_000 }).toBe(true)
    expect(await engine.drayage.container(containerId)).toMatchObject({
      status: 'created',
      restartPolicy: { Name: 'always' },
    })
  })
})
