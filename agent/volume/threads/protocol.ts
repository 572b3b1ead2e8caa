import type { MessagePort } from 'node:worker_threads'
import { AppError, asAppError, type ErrorCode, type ErrorDetails } from '../../../shared/errors.ts'
import type { ListRequest } from '../browse/list.ts'
import type { OpenRequest } from '../browse/open-file.ts'
import type { Holding } from '../round/base-tree.ts'
import type { Compression } from '../round/compression-choice.ts'
import type { RoundLimits } from '../round/limits.ts'
import type { ReadBackRequest } from '../round/read-back.ts'
import type { ReadRequest } from '../round/read-round.ts'
import type { WriteRequest } from '../round/write-round.ts'

// Work for a further thread of a round, in memory that it shares (round/shared-signs.ts), until that one wants no more: small
// files of one that writes (round/file-batches.ts), blocks of large files of one that reads (round/block-slots.ts).
export type Help =
  | { readonly kind: 'make-files'; readonly memory: SharedArrayBuffer }
  | { readonly kind: 'read-blocks'; readonly memory: SharedArrayBuffer }

export type Task =
  | { readonly kind: 'measure'; readonly root: string }
  | { readonly kind: 'sample-reading'; readonly roots: readonly string[] }
  | { readonly kind: 'sample-writing'; readonly directory: string }
  | { readonly kind: 'compare'; readonly root: string; readonly memory: string }
  | { readonly kind: 'clear'; readonly root: string; readonly expectIdentity?: string }
  | { readonly kind: 'read'; readonly request: ReadRequest; readonly compression: Compression }
  | { readonly kind: 'write'; readonly request: WriteRequest }
  | Help
  | { readonly kind: 'read-back'; readonly request: ReadBackRequest }
  | { readonly kind: 'list'; readonly request: ListRequest }
  | { readonly kind: 'open'; readonly request: OpenRequest }
  // A round that is read for its digest, and goes nowhere.
  | { readonly kind: 'digest'; readonly request: ReadRequest }

// Given to a worker, one at a time. All else about it goes through its own port.
export type Assignment = { readonly task: Task; readonly port: MessagePort; readonly signals: SharedArrayBuffer }

// From the main thread: what was announced for a stream to write, where anything was, and its pieces. Memory changes hands
// with the message, it is not copied.
export type Delivery =
  // What follows is of a stream that was opened for what is held, told so many times before: nothing that came is of account.
  | { readonly kind: 'opened'; readonly holding: number }
  | { readonly kind: 'announced'; readonly limits: RoundLimits }
  // `unpacked`: it is compressed, and becomes so many bytes.
  | { readonly kind: 'piece'; readonly bytes: Uint8Array; readonly unpacked?: number }
  | { readonly kind: 'end' }

// From the main thread to one that reads: the memory of a piece that has been used up, for another one.
export type Returned = { readonly memory: ArrayBuffer }

export type PlainError = { readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails }

// From the worker; `done` and `failed` are the last of a task.
export type Report =
  // Before the first piece: what they will bring at most.
  | { readonly kind: 'announced'; readonly limits: RoundLimits }
  | { readonly kind: 'piece'; readonly bytes: Uint8Array; readonly unpacked?: number }
  // One delivered piece has been used up; so many entries are written.
  | { readonly kind: 'taken'; readonly entries: number }
  // Bytes that have been read of what goes nowhere, and files or entries.
  | { readonly kind: 'progress'; readonly bytes: number; readonly entries: number }
  // What the target holds; the pieces are to be those of a round that builds upon it. Told again: what was told is not so.
  | { readonly kind: 'holding'; readonly holding: Holding }
  // A further thread is wanted.
  | { readonly kind: 'help'; readonly task: Help }
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly error: PlainError }

// Errors lose their class on the way between threads.
export const toPlainError = (thrown: unknown): PlainError => {
  const { code, message, details } = asAppError(thrown, 'The volume engine failed')
  return { code, message, details }
}

export const fromPlainError = ({ code, message, details }: PlainError): AppError =>
  new AppError(code, message, { details })

export const cancellation = (): AppError =>
  new AppError(
    'DRAYAGE_CANCELLED',
    'The work on the volume was cancelled before it ended; what it wrote is incomplete.',
  )
