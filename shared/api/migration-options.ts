// How one migration is to be made, where its operator wants it otherwise than usual.
import { type Static, Type } from 'typebox'

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
  },
  { additionalProperties: false },
)
export type MigrationOptions = Static<typeof MigrationOptions>

export const defaultOptions: MigrationOptions = { maxDowntimeMs: 1_000, maxRounds: 8 }

// In a fixed order, so that two of them compare as text.
export const completeOptions = (asked: Partial<MigrationOptions> = {}): MigrationOptions => ({
  maxDowntimeMs: asked.maxDowntimeMs ?? defaultOptions.maxDowntimeMs,
  maxRounds: asked.maxRounds ?? defaultOptions.maxRounds,
})
