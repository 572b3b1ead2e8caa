// How one migration is to be made, where its operator wants it otherwise than usual.
import { type Static, Type } from 'typebox'
import { AppError } from '../errors.ts'
import { NotACommand, readCommand } from '../hooks/command.ts'
import { defaultHookTimeoutMs, type Hook, longestHookTimeoutMs } from '../hooks/hook.ts'
import { formatPublish, NotAPort, parsePublish } from '../ports/publish.ts'
import { Nullable } from './common.ts'
import { HostPower, orderedPowers } from './host-powers.ts'

// What becomes of a workload that was handed over and does not come up on the target.
export const OnUnhealthy = Type.Union(
  [Type.Literal('return'), Type.Literal('discard'), Type.Literal('keep'), Type.Literal('stop')],
  {
    default: 'return',
    description:
      'When it does not come up on the target. return (the default): it goes back, with what it wrote there. discard: it goes back to the data of the moment it was stopped for the move; what it wrote on the target is given up. keep: it is left as it is. stop: it is stopped there',
  },
)
export type OnUnhealthy = Static<typeof OnUnhealthy>

const Words = Type.Array(Type.String({ maxLength: 8_192 }), { minItems: 1, maxItems: 256 })
const TimeoutMs = Type.Integer({ minimum: 1, maximum: longestHookTimeoutMs, default: defaultHookTimeoutMs })
const OnError = Type.Union([Type.Literal('fail'), Type.Literal('continue')], { default: 'fail' })

const hook = (what: string) =>
  Nullable(
    Type.Object(
      { command: Words, timeoutMs: TimeoutMs, onError: OnError },
      { additionalProperties: false, description: `${what} null: what the container’s label says, if it has one` },
    ),
  )

// As people write it: the command also as one string, read into words without a shell (docs/hooks.md).
const HookRequest = Type.Object(
  {
    command: Type.Union([Type.String({ minLength: 1, maxLength: 8_192 }), Words]),
    timeoutMs: Type.Optional(TimeoutMs),
    onError: Type.Optional(OnError),
  },
  { additionalProperties: false },
)
export type HookRequest = Static<typeof HookRequest>

export const MigrationOptions = Type.Object(
  {
    maxDowntimeMs: Type.Integer({
      minimum: 0,
      maximum: 86_400_000,
      default: 1_000,
      description:
        'Copying from the running source ends when the last round, made while it is stopped, is predicted to take no longer than this. Stopping and starting the container come on top',
    }),
    maxRounds: Type.Integer({
      minimum: 1,
      maximum: 100,
      default: 8,
      description: 'The most rounds that are made while the source runs, whatever they would still gain',
    }),
    onUnhealthy: OnUnhealthy,
    devices: Type.Union([Type.Literal('keep'), Type.Literal('skip'), Type.Literal('refuse')], {
      default: 'keep',
      description:
        'Device nodes in volumes. keep: they are copied like everything else. skip: they are left out, and the receipt lists them. refuse: the migration is refused, with their paths',
    }),
    allow: Type.Array(HostPower, {
      default: [],
      uniqueItems: true,
      description:
        'The power over the target host that the container may have there. What it has and is not named here refuses the migration; the target’s own configuration may forbid it all the same',
    }),
    verify: Type.Union([Type.Literal('written'), Type.Literal('reread'), Type.Literal('full')], {
      default: 'reread',
      description:
        'What of the copy is read back from the target’s disk before the hand-over. written: nothing; both sides’ digests are of what they read and wrote. reread: what was copied while the source ran, after each round, at no cost of downtime. full: everything, in the last round and on both sides, while the source is stopped',
    }),
    maxBytesPerSecond: Type.Union([Type.Integer({ minimum: 1024, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()], {
      default: null,
      description:
        'The most bytes that leave the source in a second for this migration: its image and all its volumes together, as they are on the wire. null: no limit',
    }),
    compression: Type.Union([Type.Literal('auto'), Type.Literal('zstd'), Type.Literal('none')], {
      default: 'auto',
      description:
        'Of volumes on their way. auto: with zstd, where the line is slower than compressing and the data shrinks. zstd: whatever shrinks. none: never',
    }),
    dependents: Type.Union([Type.Literal('refuse'), Type.Literal('leave'), Type.Literal('take')], {
      default: 'refuse',
      description:
        'Containers of the source’s host that belong together with the container. refuse: it is not moved without them. take: all of them are moved, or none. leave: those that it depends on, or that depend on it (Compose: depends_on), stay; what shares its volumes, its namespaces or a link with it is never left behind',
    }),
    writableLayer: Type.Union([Type.Literal('refuse'), Type.Literal('discard'), Type.Literal('keep')], {
      default: 'refuse',
      description:
        'What the container has changed outside its volumes, beside what is known to be harmless (/tmp, /run, histories of shells). refuse: it is not moved, and the plan lists it. discard: it is left behind. keep: it is taken along, as an image of its own upon the container’s, made while the container is stopped',
    }),
    publish: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
      default: [],
      maxItems: 256,
      description:
        'Ports to be published otherwise on the target, as docker run --publish takes them: [[ADDRESS:][HOST]:]CONTAINER[/PROTOCOL], or ranges. Each takes the place of all that the container publishes of that port of its own. A way back restores what was before',
    }),
    binds: Type.Union([Type.Literal('refuse'), Type.Literal('require'), Type.Literal('copy')], {
      default: 'refuse',
      description:
        'Directories and files of the host that the container mounts. refuse: it is not moved. require: the target must have them, of the same kind and at the same path; nothing is copied. copy: directories are copied like volumes, to the same path, where the agents of both hosts allow it; they stay where they come from',
    }),
    images: Type.Union([Type.Literal('send'), Type.Literal('pull')], {
      default: 'send',
      description:
        'Of images that the target lacks. send: from the source. pull: by their digests from the registries that they came from, without credentials, and sent where that does not lead to the same image',
    }),
    preStop: hook(
      'A command that is run in the container where it comes from, before it is stopped there. One that fails puts everything back, unless onError is continue.',
    ),
    postStart: hook(
      'A command that is run in the container where it goes, after it has come up. One that fails counts as a container that did not come up, unless onError is continue.',
    ),
  },
  { additionalProperties: false },
)
export type MigrationOptions = Static<typeof MigrationOptions>

// What may be left open, and what may be written in more than one way.
export const RequestedOptions = Type.Partial(
  Type.Object(
    { ...MigrationOptions.properties, preStop: Nullable(HookRequest), postStart: Nullable(HookRequest) },
    { additionalProperties: false },
  ),
)
export type RequestedOptions = Static<typeof RequestedOptions>

export const defaultOptions: MigrationOptions = {
  maxDowntimeMs: 1_000,
  maxRounds: 8,
  devices: 'keep',
  allow: [],
  verify: 'reread',
  onUnhealthy: 'return',
  maxBytesPerSecond: null,
  compression: 'auto',
  dependents: 'refuse',
  writableLayer: 'refuse',
  publish: [],
  binds: 'refuse',
  images: 'send',
  preStop: null,
  postStart: null,
}

const completePublish = (asked: readonly string[] = []): string[] => {
  try {
    return [...new Set(asked.flatMap(parsePublish).map(formatPublish))].toSorted()
  } catch (thrown) {
    if (!(thrown instanceof NotAPort)) throw thrown
    throw new AppError('DRAYAGE_INVALID_REQUEST', `A port to be published cannot be read: ${thrown.message}.`)
  }
}

const completeHook = (name: string, asked: HookRequest | null | undefined): Hook | null => {
  if (!asked) return null
  const { command, timeoutMs = defaultHookTimeoutMs, onError = 'fail' } = asked
  try {
    return { command: typeof command === 'string' ? readCommand(command) : command, timeoutMs, onError }
  } catch (thrown) {
    if (!(thrown instanceof NotACommand)) throw thrown
    throw new AppError('DRAYAGE_INVALID_REQUEST', `The command of ${name} cannot be understood: ${thrown.message}.`)
  }
}

// In a fixed order, so that two of them compare as text. Throws DRAYAGE_INVALID_REQUEST.
export const completeOptions = (asked: RequestedOptions = {}): MigrationOptions => ({
  maxDowntimeMs: asked.maxDowntimeMs ?? defaultOptions.maxDowntimeMs,
  maxRounds: asked.maxRounds ?? defaultOptions.maxRounds,
  devices: asked.devices ?? defaultOptions.devices,
  allow: orderedPowers(asked.allow ?? defaultOptions.allow),
  verify: asked.verify ?? defaultOptions.verify,
  onUnhealthy: asked.onUnhealthy ?? defaultOptions.onUnhealthy,
  maxBytesPerSecond: asked.maxBytesPerSecond ?? defaultOptions.maxBytesPerSecond,
  compression: asked.compression ?? defaultOptions.compression,
  dependents: asked.dependents ?? defaultOptions.dependents,
  writableLayer: asked.writableLayer ?? defaultOptions.writableLayer,
  publish: completePublish(asked.publish),
  binds: asked.binds ?? defaultOptions.binds,
  images: asked.images ?? defaultOptions.images,
  preStop: completeHook('preStop', asked.preStop) as MigrationOptions['preStop'],
  postStart: completeHook('postStart', asked.postStart) as MigrationOptions['postStart'],
})
