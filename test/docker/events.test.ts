// The inventory and the event stream of engines of both generations.
import { afterEach, describe, expect, test } from 'vitest'
import type { InventoryChange } from '../../agent/docker/engine.ts'
import { cleanOut, type EngineHost, engineHosts, plain } from './hosts.ts'

const generations = ['current', 'legacy'] as const
const host = engineHosts(generations, [plain])

// Everything that was told so far, once the watch listens.
const watching = async (engine: EngineHost) => {
  const stop = new AbortController()
  const seen: InventoryChange[] = []
  const changes = engine.drayage.watch(stop.signal)[Symbol.asyncIterator]()
  const first = await changes.next()
  const ended = (async () => {
    for (;;) {
      const { done, value } = await changes.next()
      if (done) return
      seen.push(value)
    }
  })()
  ended.catch(() => {})
  return { first: first.value, seen, ended, stop: () => stop.abort() }
}

describe.each(generations)('%s', (kind) => {
  afterEach(() => cleanOut(host(kind)))

  test('the inventory names every container and volume, running or not', async () => {
    const engine = host(kind)
    await engine.docker(['run', '-d', '--name', 'web', '-v', 'data:/data:ro', '--label', 'a=b', plain.ref])
    await engine.docker(['create', '--name', 'idle', '--tmpfs', '/asked', '-v', '/tmp:/of-host', plain.ref])
    const { containers, volumes } = await engine.drayage.inventory()
    expect(containers.map(({ name, state }) => [name, state]).sort()).toEqual([
      ['idle', 'created'],
      ['web', 'running'],
    ])
    const web = containers.find(({ name }) => name === 'web')
    expect(web).toMatchObject({ id: (await engine.inspect('web')).Id, image: plain.ref, labels: { a: 'b' } })
    expect(web?.mounts).toContainEqual(
      expect.objectContaining({ type: 'volume', volume: 'data', destination: '/data', readOnly: true }),
    )
    expect(containers.find(({ name }) => name === 'idle')?.mounts).toContainEqual(
      expect.objectContaining({ type: 'bind', volume: '', source: '/tmp', destination: '/of-host', readOnly: false }),
    )
    expect(volumes.map(({ anonymous }) => anonymous).sort()).toEqual([false, true])
    expect(volumes.find(({ name }) => name === 'data')).toMatchObject({ driver: 'local', scope: 'local', options: {} })
    expect(Number.isNaN(Date.parse(web?.createdAt ?? ''))).toBe(false)
    expect(volumes.every(({ sizeBytes }) => sizeBytes === undefined)).toBe(true)
  })

  test('what is made, started, renamed, stopped and removed is told as it then is', async () => {
    const engine = host(kind)
    const watch = await watching(engine)
    expect(watch.first).toEqual({
      containers: [],
      volumes: [],
      removedContainerIds: [],
      removedVolumeNames: [],
      started: [],
    })
    const told = (what: (change: InventoryChange) => boolean) =>
      expect.poll(() => watch.seen.some(what), { timeout: 20_000 }).toBe(true)

    await engine.docker(['run', '-d', '--name', 'web', '-v', 'data:/data', plain.ref])
    const { Id } = await engine.inspect('web')
    await told(({ volumes }) => volumes.some(({ name, driver }) => name === 'data' && driver === 'local'))
    await told(({ started }) => started.includes(Id))
    await told(({ containers }) =>
      containers.some(({ id, state, name }) => id === Id && state === 'running' && name === 'web'),
    )
    // A change looks as the full inventory does: nothing flickers.
    const listed = (await engine.drayage.inventory()).containers.find(({ id }) => id === Id)
    expect(
      watch.seen
        .flatMap(({ containers }) => containers)
        .filter(({ id }) => id === Id)
        .at(-1),
    ).toEqual(listed)

    await engine.docker(['rename', 'web', 'shop'])
    await told(({ containers }) => containers.some(({ id, name }) => id === Id && name === 'shop'))
    await engine.docker(['stop', 'shop'])
    await told(({ containers }) => containers.some(({ id, state }) => id === Id && state === 'exited'))
    await engine.docker(['rm', '--volumes', 'shop'])
    await told(({ removedContainerIds }) => removedContainerIds.includes(Id))
    await engine.docker(['volume', 'rm', 'data'])
    await told(({ removedVolumeNames }) => removedVolumeNames.includes('data'))

    watch.stop()
    await watch.ended
  })

  test('a watch ends as unreachable when the engine stops, and can be begun again when it is back', async () => {
    const engine = host(kind)
    const watch = await watching(engine)
    await engine.engine.stop()
    await expect(watch.ended).rejects.toMatchObject({ code: 'DRAYAGE_ENGINE_UNREACHABLE' })
    await engine.engine.start()
    const again = await watching(engine)
    again.stop()
    await again.ended
  })

  test('a watch that nobody wants any more ends without an error, also before it began', async () => {
    const changes = host(kind).drayage.watch(AbortSignal.abort())
    for await (const _ of changes) throw new Error('It told something.')
  })
})
