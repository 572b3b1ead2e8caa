import { AppError, type ErrorDetails } from '../../shared/errors.ts'

// The stream is not what a volume's reader writes: cut, altered on the way, or made to harm. What it left in the target
// must not be used.
export const damaged = (why: string, details: ErrorDetails = {}): AppError =>
  new AppError(
    'DRAYAGE_STREAM_DAMAGED',
    `The volume's stream was refused: ${why}. What has come of it is not used; it must be sent again, whole.`,
    { details: { ...details, reason: why } },
  )
