// How one migration is to be made, where its operator wants it otherwise than usual.
import { type Static, Type } from 'typebox'

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
  },
  { additionalProperties: false },
)
export type MigrationOptions = Static<typeof MigrationOptions>

export const defaultOptions: MigrationOptions = { maxDowntimeMs: 1_000, maxRounds: 8, onUnhealthy: 'return' }

// In a fixed order, so that two of them compare as text.
export const completeOptions = (asked: Partial<MigrationOptions> = {}): MigrationOptions => ({
  maxDowntimeMs: asked.maxDowntimeMs ?? defaultOptions.maxDowntimeMs,
  maxRounds: asked.maxRounds ?? defaultOptions.maxRounds,
  onUnhealthy: asked.onUnhealthy ?? defaultOptions.onUnhealthy,
})
