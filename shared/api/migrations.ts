import { type Static, Type } from 'typebox'
import { Bytes, Finding, HostName, Nullable, Timestamp } from './common.ts'
import { MigrationOptions, RequestedOptions } from './migration-options.ts'

// queued: it waits for its turn. paused: an operator holds it back; the source runs.
export const MigrationState = Type.Union([
  Type.Literal('planned'),
  Type.Literal('queued'),
  Type.Literal('running'),
  Type.Literal('paused'),
  Type.Literal('awaiting-finalize'),
  Type.Literal('completed'),
  Type.Literal('failed'),
  Type.Literal('rolled-back'),
  Type.Literal('cancelled'),
])
export type MigrationState = Static<typeof MigrationState>

// move: to another host. return: back to the host that it came from, whose retired copy is the base of what is sent.
// finalize: removes what a move or a return has left on the host that the workload came from.
export const MigrationKind = Type.Union([Type.Literal('move'), Type.Literal('return'), Type.Literal('finalize')])
export type MigrationKind = Static<typeof MigrationKind>

// The steps of the hand-over, in their order, and after them those of finalize: coordinator/migration/decide.ts.
export const StepName = Type.Union([
  Type.Literal('lock'),
  Type.Literal('plan'),
  Type.Literal('image'),
  Type.Literal('hold'),
  Type.Literal('precopy'),
  Type.Literal('fence'),
  Type.Literal('stop'),
  Type.Literal('isolate'),
  Type.Literal('finalcopy'),
  Type.Literal('commit'),
  Type.Literal('start'),
  Type.Literal('retain'),
  Type.Literal('remove'),
])
export type StepName = Static<typeof StepName>

export const MigrationRequest = Type.Object(
  {
    container: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'Name, id, or unique prefix of an id' }),
    ),
    project: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        description: 'Instead of a container: all those of this Compose project',
      }),
    ),
    from: HostName,
    to: HostName,
    options: Type.Optional(RequestedOptions),
  },
  { additionalProperties: false },
)
export type MigrationRequest = Static<typeof MigrationRequest>

export const ReturnRequest = Type.Object(
  {
    discardWrites: Type.Optional(
      Type.Boolean({
        description:
          'Give up what was written since the move: it goes back to the data of the moment it was stopped for it',
      }),
    ),
    overwriteChanged: Type.Optional(
      Type.Boolean({
        description:
          'Give up what somebody wrote to the retired copy since the move; without this it is refused with DRAYAGE_RETAINED_CHANGED',
      }),
    ),
    writableLayer: Type.Optional(
      Type.Union([Type.Literal('refuse'), Type.Literal('discard')], {
        description:
          'What was changed outside the volumes since the move: it goes back with the container that was kept, and that has its own. Not said: as in the move, where keep takes it along only if no copy was kept, and is refused otherwise',
      }),
    ),
  },
  { additionalProperties: false },
)
export type ReturnRequest = Static<typeof ReturnRequest>

export const FinalizeRequest = Type.Object(
  { removeImage: Type.Optional(Type.Boolean({ description: 'The image too, unless something else there uses it' })) },
  { additionalProperties: false },
)
export type FinalizeRequest = Static<typeof FinalizeRequest>

export const Step = Type.Object({
  name: StepName,
  state: Type.Union([
    Type.Literal('pending'),
    Type.Literal('running'),
    Type.Literal('done'),
    Type.Literal('failed'),
    Type.Literal('undoing'),
    Type.Literal('undone'),
  ]),
  startedAt: Nullable(Timestamp),
  endedAt: Nullable(Timestamp),
})
export type Step = Static<typeof Step>

// One volume's copy in one round: what it carried.
export const Round = Type.Object({
  round: Type.Integer({ minimum: 1 }),
  final: Type.Boolean({ description: 'Made while the source was stopped' }),
  volume: Type.String(),
  entries: Type.Integer({ description: 'New, changed and removed names' }),
  bytesSent: Type.Integer({ minimum: 0, description: 'What crossed the wire, compressed where it was' }),
  contentBytes: Type.Integer({ minimum: 0, description: 'Content of files that was carried, as it is on disk' }),
  durationMs: Type.Integer(),
})
export type Round = Static<typeof Round>

// Why copying from the running source ended when it did, and what came of it.
export const LiveCopy = Type.Object({
  rounds: Type.Integer({ minimum: 1, description: 'While the source ran' }),
  stopped: Type.Union([Type.Literal('fits'), Type.Literal('no-longer-shrinking'), Type.Literal('most-rounds')], {
    description:
      'fits: the last round was predicted to be short. no-longer-shrinking: the source changes about as fast as it is copied. most-rounds: enough of them were made',
  }),
  // Of the last round, which is made while the source is stopped.
  predictedMs: Nullable(Type.Integer()),
  finalMs: Nullable(Type.Integer()),
})
export type LiveCopy = Static<typeof LiveCopy>

// The proof: per volume, the digest that both sides computed, one of what it read, the other of what it holds.
export const Receipt = Type.Object({
  volumes: Type.Array(
    Type.Object({
      name: Type.String(),
      entries: Type.Integer(),
      contentBytes: Bytes,
      sourceDigest: Type.String(),
      targetDigest: Type.String(),
      skipped: Type.Array(Finding),
    }),
  ),
  verified: Type.Union([Type.Literal('written'), Type.Literal('reread'), Type.Literal('full')], {
    description:
      'What the digests stand on, beside what was read and written. written: nothing was read back. reread: what was copied while the source ran was read back from the target’s disk, and was right. full: everything was, in the last round, and the source was read whole again',
  }),
  issuedAt: Timestamp,
})
export type Receipt = Static<typeof Receipt>

export const MigrationError = Type.Object({
  code: Type.String(),
  message: Type.String(),
  step: Nullable(StepName),
  reasons: Type.Array(Finding),
  paths: Type.Optional(
    Type.Array(Type.String(), {
      description: 'Up to 100 entries of a volume that it is about, each with what is wrong with it where that differs',
    }),
  ),
})
export type MigrationError = Static<typeof MigrationError>

// One time that a hook was run.
export const HookRun = Type.Object({
  hook: Type.Union([Type.Literal('pre-stop'), Type.Literal('post-start')]),
  container: Type.String({ description: 'The name of the one that it was run in' }),
  host: HostName,
  command: Type.Array(Type.String()),
  onError: Type.Union([Type.Literal('fail'), Type.Literal('continue')]),
  startedAt: Timestamp,
  endedAt: Nullable(Timestamp),
  outcome: Type.Union(
    [
      Type.Literal('succeeded'),
      Type.Literal('failed'),
      Type.Literal('timed-out'),
      Type.Literal('skipped'),
      Type.Literal('unknown'),
    ],
    {
      description:
        'skipped: the container did not run. unknown: it is at work, or its answer was lost; then it is run again',
    },
  ),
  exitCode: Nullable(Type.Integer()),
  output: Type.String({ description: 'Of both streams, the newest 16 KiB' }),
  truncated: Type.Boolean({ description: 'There was more before it' }),
})
export type HookRun = Static<typeof HookRun>

// A message to the webhook (docs/webhook.md), where there is one.
export const WebhookDelivery = Type.Object({
  event: Type.Union([Type.Literal('migration.committed'), Type.Literal('migration.ended')]),
  state: Type.Union([Type.Literal('waiting'), Type.Literal('sent'), Type.Literal('given-up')], {
    description: 'waiting: it is tried, and tried again. given-up: not delivered within a day',
  }),
  at: Timestamp,
  attempts: Type.Integer({ minimum: 0 }),
  sentAt: Nullable(Timestamp),
  lastError: Nullable(Type.String({ description: 'Why the last try failed' })),
})
export type WebhookDelivery = Static<typeof WebhookDelivery>

export const Migration = Type.Object({
  id: Type.String(),
  kind: MigrationKind,
  of: Nullable(Type.String({ description: 'Of a return or a finalize: the migration that it undoes or completes' })),
  followedBy: Nullable(
    Type.String({ description: 'The return or finalize that has used up, or is using up, what this one kept' }),
  ),
  container: Type.Object({ id: Nullable(Type.String()), name: Type.String() }),
  members: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      targetContainerId: Nullable(Type.String()),
    }),
    { description: 'All containers that it is about, `container` among them, in the order in which they are started' },
  ),
  from: HostName,
  to: HostName,
  options: MigrationOptions,
  state: MigrationState,
  steps: Type.Array(Step),
  rounds: Type.Array(Round),
  liveCopy: Nullable(LiveCopy),
  bytesSent: Bytes,
  bytesTotal: Nullable(Bytes),
  downtimeMs: Nullable(
    Type.Integer({
      description:
        'From asking the source to stop until the target was healthy, or had started where it has no health check; by the coordinator’s clock',
    }),
  ),
  targetContainerId: Nullable(Type.String()),
  receipt: Nullable(Receipt),
  warnings: Type.Array(Finding),
  // Why it was not moved, or is being put back.
  error: Nullable(MigrationError),
  // What stands in its way just now; it is tried again.
  waiting: Nullable(MigrationError),
  queue: Nullable(
    Type.Object(
      {
        position: Type.Integer({ minimum: 1 }),
        waitsFor: Type.String({ description: 'Why its turn has not come, for a person' }),
      },
      { description: 'Its place among those that wait for their turn; null: it does not wait' },
    ),
  ),
  pauseRequested: Type.Boolean({ description: 'It is paused, or will be at the next point where it can be' }),
  hooks: Type.Array(HookRun),
  webhooks: Type.Array(WebhookDelivery),
  situation: Type.String({ description: 'What runs where now, and where the data is, for a person' }),
  next: Type.String({ description: 'What to do now, for a person' }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  endedAt: Nullable(Timestamp),
})
export type Migration = Static<typeof Migration>

export const MigrationList = Type.Object({ migrations: Type.Array(Migration) })
export type MigrationList = Static<typeof MigrationList>

export const MigrationQuery = Type.Object(
  { state: Type.Optional(MigrationState), limit: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,3}$' })) },
  { additionalProperties: false },
)

// Server-sent events of GET /v1/migrations/{id}/events. `migration`: the whole, whenever a step or the state changes,
// and once on connecting. `progress`: about once a second while bytes move. The stream ends when the migration has.
export const Progress = Type.Object({
  step: StepName,
  // The volume's name, or the image's.
  what: Type.String(),
  bytes: Bytes,
  totalBytes: Nullable(Bytes),
})
export type Progress = Static<typeof Progress>

export type MigrationEvent =
  | { readonly event: 'migration'; readonly data: Migration }
  | { readonly event: 'progress'; readonly data: Progress }

const ended: ReadonlySet<MigrationState> = new Set([
  'awaiting-finalize',
  'completed',
  'failed',
  'rolled-back',
  'cancelled',
])
// Nothing more happens by itself. `awaiting-finalize` counts: the workload runs on the target.
export const hasEnded = (state: MigrationState): boolean => ended.has(state)
// The container runs (or rests, as it did) on the target.
export const hasMoved = (state: MigrationState): boolean => state === 'awaiting-finalize' || state === 'completed'
