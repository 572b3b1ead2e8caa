// Answers as a coordinator gives them, whole, for tests to change in the part that they are about.
import { defaultOptions } from '../../shared/api/migration-options.ts'
import type { Migration, Step, StepName } from '../../shared/api/migrations.ts'
import type { Plan } from '../../shared/api/plan.ts'

const stepNames = [
  'lock',
  'plan',
  'image',
  'hold',
  'precopy',
  'fence',
  'stop',
  'isolate',
  'finalcopy',
  'commit',
  'start',
  'retain',
] as const satisfies readonly StepName[]

export const migrationId = '01JZ0V3M8Q2X5T7Y9A1B2C3D4E'
export const digest = `sha256:${'3f9a'.repeat(16)}`

const at = (second: number): string => new Date(Date.UTC(2026, 0, 5, 12, 0, second)).toISOString()

// Every step before `current` is done; `current` is in the given state.
export const stepsUpTo = (current: StepName, state: Step['state'] = 'running'): Step[] => {
  const reached = (stepNames as readonly StepName[]).indexOf(current)
  return stepNames.map((name, index) => {
    if (index > reached) return { name, state: 'pending', startedAt: null, endedAt: null }
    const own = index < reached ? 'done' : state
    const over = own !== 'running' && own !== 'undoing'
    return { name, state: own, startedAt: at(index), endedAt: over ? at(index + 1) : null }
  })
}

export const running = (step: StepName, changes: Partial<Migration> = {}): Migration => ({
  id: migrationId,
  kind: 'move',
  of: null,
  followedBy: null,
  container: { id: 'c'.repeat(64), name: 'web' },
  members: [{ id: 'c'.repeat(64), name: 'web', targetContainerId: null }],
  from: 'host-1',
  to: 'host-2',
  options: defaultOptions,
  state: 'running',
  steps: stepsUpTo(step),
  rounds: [],
  liveCopy: null,
  bytesSent: 0,
  bytesTotal: 5_368_709_120,
  downtimeMs: null,
  targetContainerId: null,
  receipt: null,
  warnings: [],
  error: null,
  waiting: null,
  queue: null,
  pauseRequested: false,
  hooks: [],
  webhooks: [],
  situation: 'web runs on host-1, untouched; host-2 has nothing of it.',
  next: 'Wait, or cancel it: before the commit everything is put back.',
  createdAt: at(0),
  updatedAt: at(1),
  endedAt: null,
  ...changes,
})

export const moved = (changes: Partial<Migration> = {}): Migration => ({
  ...running('retain'),
  state: 'awaiting-finalize',
  steps: stepsUpTo('retain', 'done'),
  rounds: [
    {
      round: 1,
      final: false,
      volume: 'data',
      entries: 10_234,
      bytesSent: 5_370_000_000,
      contentBytes: 5_368_709_120,
      durationMs: 9_000,
    },
    { round: 2, final: true, volume: 'data', entries: 3, bytesSent: 65_536, contentBytes: 61_440, durationMs: 40 },
  ],
  bytesSent: 5_370_065_536,
  downtimeMs: 1_420,
  targetContainerId: 'd'.repeat(64),
  receipt: {
    volumes: [
      {
        name: 'data',
        entries: 10_234,
        contentBytes: 5_368_709_120,
        sourceDigest: digest,
        targetDigest: digest,
        skipped: [],
      },
    ],
    verified: 'reread',
    issuedAt: at(11),
  },
  situation: 'host-2 owns web, and it runs there.',
  next: 'Check host-2, then remove the old copy by hand.',
  endedAt: at(12),
  ...changes,
})

export const rolledBack = (code: string, message: string): Migration => ({
  ...running('finalcopy'),
  state: 'rolled-back',
  steps: stepsUpTo('finalcopy', 'undone').map((step) =>
    step.state === 'pending' ? step : { ...step, state: 'undone' },
  ),
  error: { code, message, step: 'finalcopy', reasons: [] },
  situation: 'web is on host-1 as it was, and runs; host-2 has nothing of it.',
  next: 'Everything is as it was on host-1.',
  endedAt: at(12),
})

export const cancelled = (): Migration => ({
  ...rolledBack('DRAYAGE_CANCELLED', 'The migration of web was cancelled, and everything was put back.'),
  state: 'cancelled',
})

const image = { reference: 'nginx:1.27', sizeBytes: 188_743_680, presentOnTarget: false }

export const plan = (changes: Partial<Plan> = {}): Plan => ({
  container: { id: 'c'.repeat(64), name: 'web', state: 'running' },
  from: 'host-1',
  to: 'host-2',
  image,
  members: [{ id: 'c'.repeat(64), name: 'web', state: 'running', image, ties: [] }],
  volumes: [
    {
      name: 'data',
      destination: '/srv/data',
      anonymous: false,
      copied: true,
      traits: [],
      entries: 10_234,
      contentBytes: 5_368_709_120,
      diskBytes: 5_368_709_120,
    },
  ],
  networks: [{ name: 'app', presentOnTarget: false }],
  ports: ['0.0.0.0:8080->80/tcp'],
  totalBytes: 5_368_709_120,
  set: [],
  targetFreeBytes: 21_474_836_480,
  warnings: [{ code: 'socket-skipped', message: 'A socket in data is not copied; the container makes it again.' }],
  refusals: [],
  ...changes,
})
