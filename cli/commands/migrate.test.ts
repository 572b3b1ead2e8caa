import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Migration } from '../../shared/api/migrations.ts'
import {
  type EventSink,
  events,
  type FakeCoordinator,
  json,
  problem,
  startFakeCoordinator,
} from '../testing/fake-coordinator.ts'
import { dray, startDray } from '../testing/run-dray.ts'
import { cancelled, migrationId, moved, plan, rolledBack, running } from '../testing/samples.ts'

const start = 'POST /v1/migrations'
const planning = 'POST /v1/migrations:plan'
const one = `GET /v1/migrations/${migrationId}`
const stream = `GET /v1/migrations/${migrationId}/events`
const cancelling = `POST /v1/migrations/${migrationId}/cancel`

let coordinator: FakeCoordinator
beforeEach(async () => {
  coordinator = await startFakeCoordinator()
  coordinator.on(planning, json(plan()))
  coordinator.on(start, json(running('lock'), 202))
  coordinator.on(one, json(running('precopy')))
})
afterEach(() => coordinator.close())

const args = ['migrate', 'web', '--from', 'host-1', '--to', 'host-2']
const migrate = (...more: string[]) => dray([...args, ...more], { url: coordinator.url })

const wholeMove = (sink: EventSink) => {
  sink.migration(running('precopy'))
  sink.comment()
  sink.progress({ step: 'precopy', what: 'data', bytes: 1_073_741_824, totalBytes: 5_368_709_120 })
  sink.migration(running('start', { rounds: moved().rounds }))
  sink.migration(moved())
  sink.end()
}

test('a move shows its plan and its steps on stderr, and how it ended on stdout', async () => {
  coordinator.on(stream, events(wholeMove))
  const { exit, stdout, stderr } = await migrate()
  expect(exit).toBe(0)
  expect(stderr).toContain('  volume    data at /srv/data: 5.00 GiB in 10,234 entries\n')
  expect(stderr).toContain('\nprecopy   data: 1.00 GiB of 5.00 GiB\n')
  expect(stderr).toMatch(/\ncommit {4}handing over to host-2 \(1\.00 s\)\n/)
  expect(stdout).toMatch(/^web has moved from host-1 to host-2\.\n/)
  expect(stdout).toContain('downtime  1.42 s')
  expect(stdout).not.toContain('precopy')
  expect(coordinator.asked.find(({ path }) => path === '/v1/migrations')?.body).toEqual({
    container: 'web',
    from: 'host-1',
    to: 'host-2',
    options: {},
  })
})

test('what is said of how it shall be made is asked of the coordinator; what cannot be read is refused before', async () => {
  await migrate('--detach', '--max-downtime', '250ms', '--max-rounds', '20')
  expect(coordinator.asked.find(({ path }) => path === '/v1/migrations')?.body).toMatchObject({
    options: { maxDowntimeMs: 250, maxRounds: 20 },
  })
  expect(await migrate('--max-downtime', '5')).toMatchObject({ exit: 2, stderr: expect.stringContaining('500ms') })
  expect(coordinator.count(start)).toBe(1)

  await migrate('--detach', '--devices', 'skip', '--verify', 'full')
  const bodies = coordinator.asked.filter(({ path }) => path === '/v1/migrations').map(({ body }) => body)
  expect(bodies.at(-1)).toMatchObject({ options: { devices: 'skip', verify: 'full' } })
  expect(await migrate('--verify', 'twice')).toMatchObject({ exit: 2, stderr: expect.stringContaining('reread') })

  await migrate('--detach', '--bwlimit', '100M', '--compress', 'none')
  const last = coordinator.asked.filter(({ path }) => path === '/v1/migrations').at(-1)?.body
  expect(last).toMatchObject({ options: { maxBytesPerSecond: 104_857_600, compression: 'none' } })
  await migrate('--detach', '--without-dependents')
  const alone = coordinator.asked.filter(({ path }) => path === '/v1/migrations').at(-1)?.body
  expect(alone).toMatchObject({ options: { dependents: 'leave' } })
  await migrate('--detach', '--with-dependents')
  const together = coordinator.asked.filter(({ path }) => path === '/v1/migrations').at(-1)?.body
  expect(together).toMatchObject({ options: { dependents: 'take' } })
  expect(await migrate('--with-dependents', '--without-dependents')).toMatchObject({ exit: 2 })
  await migrate('--detach', '--writable-layer', 'keep', '--images', 'pull')
  const kept = coordinator.asked.filter(({ path }) => path === '/v1/migrations').at(-1)?.body
  expect(kept).toMatchObject({ options: { writableLayer: 'keep', images: 'pull' } })
  expect(await migrate('--bwlimit', '100')).toMatchObject({ exit: 2, stderr: expect.stringContaining('100M') })
})

test('--json prints one document, the migration, and asks for no plan', async () => {
  coordinator.on(stream, events(wholeMove))
  const { exit, stdout, stderr } = await migrate('--json')
  expect(exit).toBe(0)
  expect(JSON.parse(stdout)).toEqual(moved())
  expect(stderr).toContain('handing over')
  expect(coordinator.count(planning)).toBe(0)
})

test('--dry-run prints the plan and starts nothing', async () => {
  const text = await migrate('--dry-run')
  expect(text).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^web \(running\): host-1 to host-2\n/) })
  expect(JSON.parse((await migrate('--dry-run', '--json')).stdout)).toEqual(plan())
  expect(coordinator.count(start)).toBe(0)
})

test('--dry-run lists what belongs together with the container, and why', async () => {
  const ties = [
    { kind: 'shared-volume', words: 'uses the volume data, and so does web' },
    { kind: 'depends-on', words: 'depends on web' },
  ]
  const set = [
    { id: 'd'.repeat(64), name: 'reader', state: 'exited', ties, separable: false },
    { id: 'e'.repeat(64), name: 'late', state: 'running', ties: ties.slice(1), separable: true },
  ]
  coordinator.on(planning, json(plan({ set })))
  const { stdout } = await migrate('--dry-run')
  expect(stdout).toContain('  belongs with  reader (exited) uses the volume data, and so does web, depends on web\n')
  expect(stdout).toMatch(/\n +late \(running\) depends on web; may be left behind\n/)
})

test('--dry-run says what each container has outside its volumes, and what of its project does not move', async () => {
  const writableLayer = { changes: 21, paths: ['A /opt', 'D /etc/group'], bytes: 4096, policy: 'keep' as const }
  const [web] = plan().members
  if (web === undefined) throw new Error('the sample moves nobody')
  const line = '21 changes (4.00 KiB), taken along, while it is stopped: A /opt, D /etc/group, and 19 more\n'
  coordinator.on(planning, json(plan({ members: [{ ...web, writableLayer }] })))
  expect((await migrate('--dry-run')).stdout).toContain(`  ${line}`)
  const members = [web, { ...web, id: 'd', name: 'db', writableLayer }]
  const projects = [
    {
      name: 'blog',
      containers: [{ host: 'host-3', name: 'cache', state: 'exited', isPart: true, words: 'is a part of the project' }],
      volumes: [{ host: 'host-1', name: 'rows' }],
      services: [{ name: 'job', container: 'blog-job-1', host: 'host-1', lastSeen: '2026-01-05T08:00:00.000Z' }],
      unheard: [{ host: 'host-4', inventoryAt: null }],
    },
  ]
  coordinator.on(planning, json(plan({ members, projects })))
  const { stdout } = await migrate('--dry-run')
  expect(stdout).toContain(`db: ${line}`)
  expect(stdout).toMatch(/not moved +cache on host-3 \(exited\) is a part of the project\n/)
  for (const words of [/volume rows on host-1/, /service job of blog .*blog-job-1/, /host-4 may have a part of blog/]) {
    expect(stdout).toMatch(words)
  }
})

test('--dry-run says how long it may take, what is there already, and in what the engines differ', async () => {
  const engine = { version: '28.5.2', os: 'linux', architecture: 'amd64', storageDriver: 'overlay2' }
  const source = { ...engine, containerdImageStore: false }
  const volumes = plan().volumes.map((volume) => ({ ...volume, keptBytes: 1024, traits: ['read-only'] }))
  const forecast = { copyMs: 61_000, downtimeMs: null, basedOn: 3 }
  const engines = { source, target: { ...source, version: '20.10.24' } }
  coordinator.on(planning, json(plan({ volumes, forecast, engines, targetFreeInodes: 1000 })))
  const { stdout } = await migrate('--dry-run')
  expect(stdout).toContain('1.00 KiB there already from an earlier move, read-only\n')
  expect(stdout).toContain('Docker 28.5.2 on host-1, 20.10.24 on host-2\n')
  expect(stdout).toContain('20.0 GiB and 1000 inodes free on host-2\n')
  expect(stdout).toMatch(
    /copying: about 1 min 01 s for .*, by 3 earlier moves between these hosts; the image comes on top\n/,
  )
})

const slowest = (part: 'line' | 'limit' | 'reading' | 'writing', rate: number, unit: 'bytes/s' | 'files/s') => ({
  slowest: { part, rate, unit },
})
test.each([
  [slowest('line', 52 * 1024 * 1024, 'bytes/s'), 'by the 52.0 MiB/s just measured between them'],
  [slowest('limit', 1024 * 1024, 'bytes/s'), 'by the limit of 1.00 MiB/s'],
  [slowest('reading', 900, 'files/s'), 'by the 900 files/s at which host-1 was just seen to read'],
  [slowest('writing', 1024 * 1024, 'bytes/s'), 'by the 1.00 MiB/s at which host-2 was just seen to write'],
])('--dry-run says by what a first move is foreseen: %j', async (what, words) => {
  const image = { ...plan().image, presentOnTarget: true }
  const members = plan().members.map((member) => ({ ...member, image }))
  const forecast = { copyMs: 241_000, downtimeMs: null, basedOn: 0, unknown: ['The downtime is not known.'], ...what }
  coordinator.on(planning, json(plan({ image, members, forecast })))
  const { stdout } = await migrate('--dry-run')
  expect(stdout).toMatch(/copying: about 4 min 01 s for /)
  expect(stdout).toContain(`, ${words}\n`)
  expect(stdout).toContain('The downtime is not known.\n')
})

test('a refused plan gives every reason with its code, exits 4, and starts nothing', async () => {
  const refusals = [
    { code: 'DRAYAGE_PORT_TAKEN', message: 'Port 8080 is taken on host-2.' },
    { code: 'DRAYAGE_BIND_MOUNT', message: '/etc is a bind mount.' },
  ]
  coordinator.on(planning, json(plan({ refusals })))
  const refused = await migrate()
  expect(refused).toMatchObject({ exit: 4, stdout: '' })
  expect(refused.stderr).toContain('\n  DRAYAGE_PORT_TAKEN: Port 8080 is taken on host-2.\n')
  expect(refused.stderr).toContain('\n  DRAYAGE_BIND_MOUNT: /etc is a bind mount.\n')
  expect((await migrate('--dry-run')).exit).toBe(4)
  expect(coordinator.count(start)).toBe(0)

  coordinator.on(start, problem('DRAYAGE_PLAN_REFUSED', 'web cannot move, for 2 reasons.', refusals))
  const document = await migrate('--json')
  expect(document.exit).toBe(4)
  expect(JSON.parse(document.stdout).problem).toMatchObject({ code: 'DRAYAGE_PLAN_REFUSED', reasons: refusals })
})

test('--detach prints the id alone on stdout, and leaves', async () => {
  expect(await migrate('--detach')).toMatchObject({ exit: 0, stdout: `${migrationId}\n` })
  expect(coordinator.count(stream)).toBe(0)
})

test('the key that is given is sent, and without one each run has its own', async () => {
  coordinator.on(stream, events(wholeMove))
  const keys = () => coordinator.asked.flatMap(({ headers }) => headers['idempotency-key'] ?? [])
  await migrate('--idempotency-key', 'build-7')
  await migrate('--detach')
  await migrate('--detach')
  expect(keys()[0]).toBe('build-7')
  expect(new Set(keys()).size).toBe(3)
  // The plan of a container that has moved already would be refused, where its migration is the answer.
  expect(coordinator.count(planning)).toBe(2)
})

test('the exit code is that of how it ended', async () => {
  const endings: readonly (readonly [Migration, number])[] = [
    [moved({ state: 'completed' }), 0],
    [rolledBack('DRAYAGE_DIGEST_MISMATCH', 'The digests differ.'), 5],
    [rolledBack('DRAYAGE_AGENT_UNREACHABLE', 'host-2 does not answer.'), 7],
    [rolledBack('DRAYAGE_OF_A_NEWER_COORDINATOR', 'Something new.'), 5],
    [cancelled(), 130],
    [
      moved({ state: 'failed', error: { code: 'DRAYAGE_ENGINE_REFUSED', message: 'x', step: 'start', reasons: [] } }),
      6,
    ],
  ]
  for (const [ending, exit] of endings) {
    coordinator.on(
      stream,
      events((sink) => sink.migration(ending)),
    )
    const ended = await migrate('--json')
    expect(ended.exit).toBe(exit)
    expect(JSON.parse(ended.stdout)).toEqual(ending)
  }
})

test('events that are cut in the middle go on from where the migration is', async () => {
  let connections = 0
  coordinator.on(
    stream,
    events((sink) => {
      connections += 1
      if (connections > 2) return wholeMove(sink)
      sink.migration(running('image'))
      sink.cut()
    }),
  )
  const { exit, stdout, stderr } = await migrate('--json')
  expect(exit).toBe(0)
  expect(JSON.parse(stdout)).toEqual(moved())
  expect(connections).toBe(3)
  expect(stderr.match(/^lock /gm)).toHaveLength(1)
})

test('where events do not get through at all, it asks', async () => {
  coordinator.on(stream, (_asked, response) => response.writeHead(502).end('<html>Bad gateway</html>'))
  let polls = 0
  coordinator.on(one, (asked, response) => {
    polls += 1
    return json(polls < 3 ? running('stop') : moved())(asked, response)
  })
  const { exit, stderr } = await migrate()
  expect(exit).toBe(0)
  expect(stderr).toMatch(/^retain /m)
})

test('a coordinator that restarts is waited for', async () => {
  coordinator.on(
    stream,
    events((sink) => sink.migration(running('precopy'))),
  )
  const run = startDray([...args], { url: coordinator.url })
  await run.untilSaid(/^hold /m)
  const { port } = coordinator
  await coordinator.close()
  await run.untilSaid(/The coordinator is away/)
  coordinator = await startFakeCoordinator(port)
  coordinator.on(stream, events(wholeMove))
  coordinator.on(one, json(running('precopy')))
  const { exit, stderr } = await run.ended
  expect(exit).toBe(0)
  expect(stderr.match(/The coordinator is away/g)).toHaveLength(1)
  expect(stderr).toContain('The coordinator is back.')
})

test('a coordinator that stays away ends it with 7, saying that the end is not known', async () => {
  coordinator.on(
    stream,
    events((sink) => sink.migration(running('precopy'))),
  )
  const run = startDray([...args, '--json', '--give-up-after', '1'], { url: coordinator.url })
  await run.untilSaid(/^hold /m)
  await coordinator.close()
  const { exit, stdout, stderr } = await run.ended
  expect(exit).toBe(7)
  expect(JSON.parse(stdout).problem.code).toBe('DRAYAGE_COORDINATOR_UNREACHABLE')
  expect(stderr).toContain(`dray migrations ${migrationId} tells`)
})

test('a lost answer to the start is asked for again under the same key', async () => {
  let tries = 0
  coordinator.on(start, (asked, response) => {
    tries += 1
    return tries === 1 ? response.destroy() : json(running('lock'), 202)(asked, response)
  })
  coordinator.on(stream, events(wholeMove))
  expect((await migrate()).exit).toBe(0)
  const keys = coordinator.asked.flatMap(({ headers }) => headers['idempotency-key'] ?? [])
  expect(keys).toHaveLength(2)
  expect(new Set(keys).size).toBe(1)
})

test('Ctrl-C cancels, waits until everything is put back, and exits 130', async () => {
  let sink: EventSink | undefined
  coordinator.on(
    stream,
    events((opened) => {
      sink = opened
      opened.migration(running('precopy'))
    }),
  )
  coordinator.on(cancelling, (asked, response) => {
    json(running('precopy'))(asked, response)
    sink?.migration(cancelled())
  })
  const run = startDray([...args, '--json'], { url: coordinator.url })
  await run.untilSaid(/^hold /m)
  run.interrupt()
  const { exit, stdout, stderr } = await run.ended
  expect(exit).toBe(130)
  expect(coordinator.count(cancelling)).toBe(1)
  expect(stderr).toContain(`Cancelling migration ${migrationId}`)
  expect(stderr).toMatch(/^precopy {3}undone$/m)
  expect(JSON.parse(stdout)).toEqual(cancelled())
})

test('a second Ctrl-C leaves at once, and says that the cancel goes on', async () => {
  coordinator.on(
    stream,
    events((sink) => sink.migration(running('precopy'))),
  )
  coordinator.on(cancelling, json(running('precopy')))
  const run = startDray(args, { url: coordinator.url })
  await run.untilSaid(/^hold /m)
  run.interrupt()
  await run.untilSaid(/puts everything back/)
  run.interrupt()
  const { exit, stdout, stderr } = await run.ended
  expect(exit).toBe(130)
  expect(stdout).toBe('')
  expect(stderr).toContain('Leaving. The cancel goes on')
})

test('past the commit Ctrl-C says that it can no longer be cancelled, and goes on to the end', async () => {
  let sink: EventSink | undefined
  coordinator.on(
    stream,
    events((opened) => {
      sink = opened
      opened.migration(running('start'))
    }),
  )
  coordinator.on(cancelling, problem('DRAYAGE_PAST_COMMIT', 'host-2 owns web now.'))
  const run = startDray(args, { url: coordinator.url })
  await run.untilSaid(/^commit /m)
  run.interrupt()
  await run.untilSaid(/can no longer be cancelled: host-2 owns web now\./)
  sink?.migration(moved())
  const { exit, stdout } = await run.ended
  expect(exit).toBe(0)
  expect(stdout).toContain('web has moved')
})

test('Ctrl-C while it is still planned leaves at once, and starts nothing', async () => {
  coordinator.on(planning, () => {})
  const run = startDray(args, { url: coordinator.url })
  await run.untilSaid(/Planning/)
  run.interrupt()
  expect(await run.ended).toMatchObject({ exit: 130, stderr: expect.stringContaining('Nothing was started') })
  expect(coordinator.count(start)).toBe(0)
})

test('dray cancel waits until everything is put back, and exits 0', async () => {
  coordinator.on(cancelling, json(running('precopy')))
  coordinator.on(
    stream,
    events((sink) => sink.migration(cancelled())),
  )
  const done = await dray(['cancel', migrationId], { url: coordinator.url })
  expect(done).toMatchObject({ exit: 0, stdout: expect.stringContaining('was cancelled') })
  coordinator.on(cancelling, problem('DRAYAGE_PAST_COMMIT', 'host-2 owns web now.'))
  expect((await dray(['cancel', migrationId], { url: coordinator.url })).exit).toBe(4)
})

test('dray cancel does not claim success where the commit came first', async () => {
  coordinator.on(cancelling, json(running('commit')))
  coordinator.on(
    stream,
    events((sink) => sink.migration(moved())),
  )
  expect((await dray(['cancel', migrationId], { url: coordinator.url })).exit).toBe(4)
})

test('a migration can be watched from elsewhere, and its exit code is the migration’s', async () => {
  coordinator.on(stream, events(wholeMove))
  const watched = await dray(['migrations', migrationId, '--watch'], { url: coordinator.url })
  expect(watched).toMatchObject({ exit: 0, stdout: expect.stringContaining('web has moved') })
})
