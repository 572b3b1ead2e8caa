import { expect, test } from 'vitest'
import { cancelled, moved, plan, rolledBack, running, stepsUpTo } from '../testing/samples.ts'
import type { Paint } from './colour.ts'
import { migrationText, outcomeText } from './outcome.ts'
import { planText } from './plan.ts'

const paint: Paint = (_format, text) => text

test('the end of a move says what moved, what proves it, what was down, what is kept, and what to do', () => {
  expect(outcomeText(moved(), paint).split('\n')).toEqual([
    'web has moved from host-1 to host-2.',
    '  now       host-2 owns web, and it runs there.',
    '  moved     1 volume, 5.00 GiB in 10,234 entries; 5.00 GiB sent in 2 rounds',
    '  verified  data: sha256:3f9a3f9a3f9a… on both sides (10,234 entries)',
    '            what was copied while it ran was read back from the disk of host-2',
    '  downtime  1.42 s',
    '  kept      the stopped container and its data on host-1',
    '  id        01JZ0V3M8Q2X5T7Y9A1B2C3D4E',
    '  next      Check host-2, then remove the old copy by hand.',
  ])
})

test('digests that differ are never called the same, whatever state the migration claims', () => {
  const whole = moved()
  const volumes = whole.receipt?.volumes.map((volume) => ({ ...volume, targetDigest: 'sha256:00' })) ?? []
  const text = outcomeText({ ...whole, receipt: { volumes, verified: 'written', issuedAt: whole.createdAt } }, paint)
  expect(text).toContain('data: NOT the same')
})

test('a migration that was put back says why, and that nothing changed', () => {
  const text = outcomeText(rolledBack('DRAYAGE_TARGET_FULL', 'host-2 has no room'), paint)
  expect(text).toContain('web was not moved: everything on host-1 is as it was.')
  expect(text).toContain('at the step finalcopy: DRAYAGE_TARGET_FULL: host-2 has no room')
  const ofCancel = outcomeText(cancelled(), paint)
  expect(ofCancel).toContain('was cancelled: everything on host-1 is as it was.')
  expect(ofCancel).not.toContain('why')
})

test('what a target cannot hold is listed by path, up to twenty, where the message does not name all', () => {
  const failed = rolledBack('DRAYAGE_UNREPRESENTABLE', 'cannot hold 25 of the entries: path-0: times; …')
  const paths = Array.from({ length: 25 }, (_, index) => `path-${index}: times`)
  const withPaths = (named: string[]) =>
    outcomeText({ ...failed, error: failed.error && { ...failed.error, paths: named } }, paint)
  const text = withPaths(paths)
  expect(text).toContain('path-19: times')
  expect(text).not.toContain('path-20')
  expect(text).toContain('and 5 more, which --json names')
  expect(withPaths(paths.slice(0, 1)).match(/path-0/g)?.length).toBe(1)
})

test('one that failed past its commit asks for somebody', () => {
  const error = { code: 'DRAYAGE_TARGET_NOT_STARTED', message: 'port taken', step: 'start' as const, reasons: [] }
  expect(outcomeText(moved({ state: 'failed', error }), paint)).toContain('failed: somebody has to look.')
})

test('one that is being put back says so, why, and what it waits for', () => {
  const why = { code: 'DRAYAGE_TARGET_FULL', message: 'host-2 has no room', step: 'finalcopy' as const, reasons: [] }
  const waiting = {
    code: 'DRAYAGE_AGENT_UNREACHABLE',
    message: 'host-1 does not answer',
    step: 'stop' as const,
    reasons: [],
  }
  const text = outcomeText(running('stop', { steps: stepsUpTo('stop', 'undoing'), error: why, waiting }), paint)
  expect(text).toContain('web is not moving to host-2; it is being put back on host-1: starting web on host-1 again.')
  expect(text).toContain('at the step finalcopy: DRAYAGE_TARGET_FULL: host-2 has no room')
  expect(text).toMatch(/waits for +DRAYAGE_AGENT_UNREACHABLE: host-1 does not answer/)
})

test('one in full has its steps and its rounds', () => {
  const text = migrationText(running('precopy', { rounds: moved().rounds }), paint)
  expect(text).toContain('web is moving from host-1 to host-2: copying while web runs.')
  expect(text).toMatch(/steps +lock +done +1\.00 s/)
  expect(text).toMatch(
    /rounds +1 data: 5\.00 GiB in 10,234 entries, 9\.00 s\n +2 \(last\) data: 64\.0 KiB in 3 entries, 40 ms/,
  )
})

test('a plan lists what moves and every refusal with its code', () => {
  const refusals = [
    { code: 'DRAYAGE_PORT_TAKEN', message: 'Port 8080 is taken on host-2.' },
    { code: 'DRAYAGE_BIND_MOUNT', message: '/etc is a bind mount.' },
  ]
  expect(planText(plan({ refusals }), paint).split('\n')).toEqual([
    'web (running): host-1 to host-2',
    '  image     nginx:1.27 (180 MiB), to be sent',
    '  volume    data at /srv/data: 5.00 GiB in 10,234 entries',
    '  networks  app, to be made',
    '  ports     0.0.0.0:8080->80/tcp',
    '  space     5.18 GiB to send, 20.0 GiB free on host-2',
    '  warning   A socket in data is not copied; the container makes it again.',
    'It would be refused, for 2 reasons; nothing was changed:',
    '  DRAYAGE_PORT_TAKEN: Port 8080 is taken on host-2.',
    '  DRAYAGE_BIND_MOUNT: /etc is a bind mount.',
  ])
})

test('what was compressed on its way is told beside what it was', () => {
  const rounds = moved().rounds.map((round) => ({ ...round, bytesSent: round.contentBytes / 4 }))
  const text = migrationText(moved({ rounds, bytesSent: 1_342_192_640 }), paint)
  expect(text).toContain('1.25 GiB (compressed from 5.00 GiB) sent in 2 rounds')
  expect(text).toContain('2 (last) data: 15.0 KiB (compressed from 60.0 KiB) in 3 entries')
})

test('one that waits for its turn, and one that is paused, say so, and for what', () => {
  const queue = { position: 2, waitsFor: 'host-2 takes part in as many as it may' }
  const queued = outcomeText({ ...running('lock'), state: 'queued', queue }, paint)
  expect(queued).toContain('The migration of web from host-1 to host-2 waits for its turn.')
  expect(queued).toContain('waits for  its turn, at place 2: host-2 takes part in as many as it may')
  const paused = outcomeText({ ...running('precopy'), state: 'paused', pauseRequested: true }, paint)
  expect(paused).toContain('The migration of web from host-1 to host-2 is paused.')
})

test('a migration in full shows what its hooks wrote, and whether the webhook was told', () => {
  const at = '2026-01-05T12:00:00.000Z'
  const hook = {
    container: 'web',
    host: 'host-1',
    command: ['sync'],
    onError: 'fail' as const,
    startedAt: at,
    truncated: false,
  }
  const text = migrationText(
    moved({
      hooks: [
        { ...hook, hook: 'pre-stop', endedAt: null, outcome: 'unknown', exitCode: null, output: '' },
        { ...hook, hook: 'pre-stop', endedAt: at, outcome: 'failed', exitCode: 3, output: 'a\u001b[2Jb\nlast\n' },
      ],
      webhooks: [
        { event: 'migration.committed', state: 'sent', at, attempts: 3, sentAt: at, lastError: 'it answered 500' },
        { event: 'migration.ended', state: 'waiting', at, attempts: 1, sentAt: null, lastError: 'it answered 503' },
      ],
    }),
    paint,
  )
  expect(text).toContain('pre-stop of web on host-1 was begun; what came of it is not known: sync')
  expect(text).toContain('pre-stop of web on host-1 failed with 3 in 0 ms: sync')
  expect(text).toContain('a\\x1b[2Jb')
  expect(text).toContain(`told of the hand-over at ${at}, at the 3rd try`)
  expect(text).toContain('still to be told of the end (1 try; the last: it answered 503)')
})
