// Named places in the code at which a test makes this process hang, die, fail, or leave something out. They do nothing
// unless a folder was named that says of itself that it is for tests; then each place looks there for a file of its
// name, every time it is passed, so that a running process can be told. The fault matrix (test/faults) lives on them.
//
//   hang                     waits until the file is gone
//   exit                     ends the process as kill -9 does
//   error CODE message       fails with that AppError
//   skip {"reply":"as JSON"} leaves out the effect that the place stands for, and answers this
//
// NAME.reached appears when a place that has a file is passed. With a file `trace`, every place that is passed adds a
// line to it: nanoseconds of the machine's monotonic clock, and the name.
import { accessSync, appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError, isErrorCode } from '../errors.ts'

// What the folder must hold. Nobody has this file by accident, whatever variables a process inherits.
export const permission = 'failpoints-for-tests-only'

// The setting DRAYAGE_FAILPOINTS. Throws where the folder does not say that it is for tests.
export const failpointFolder = (raw: string): string => {
  if (!isAbsolute(raw)) throw new Error(`"${raw}" is no absolute path`)
  try {
    accessSync(join(raw, permission))
  } catch {
    throw new Error(`${raw} holds no file ${permission}. It makes a process fail on purpose, for tests; unset it`)
  }
  return raw
}

let folder: string | null = null

// For as long as the process lives.
export const switchOnFailpoints = (of: string): void => {
  folder = of
}

type Action =
  | { readonly kind: 'hang' | 'exit' }
  | { readonly kind: 'error'; readonly error: AppError }
  | { readonly kind: 'skip'; readonly reply: unknown }

const parse = (name: string, text: string): Action => {
  const [word = '', ...rest] = text.trim().split(' ')
  if (word === 'hang' || word === 'exit') return { kind: word }
  if (word === 'skip') return { kind: 'skip', reply: JSON.parse(rest.join(' ') || '{}') }
  const [code = '', ...message] = rest
  if (word === 'error' && isErrorCode(code)) {
    return { kind: 'error', error: new AppError(code, message.join(' ') || `The failpoint ${name} was told to fail.`) }
  }
  throw new Error(`The failpoint ${name} is told "${text.trim()}", which is no action.`)
}

const actionAt = (within: string, name: string): Action | null => {
  const file = join(within, name)
  try {
    return parse(name, readFileSync(file, 'utf8'))
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw thrown
  }
}

const trace = (within: string, name: string): void => {
  const file = join(within, 'trace')
  if (existsSync(file)) appendFileSync(file, `${process.hrtime.bigint()} ${name}\n`)
}

const act = async (within: string, name: string): Promise<Action | null> => {
  trace(within, name)
  const action = actionAt(within, name)
  if (action === null) return null
  writeFileSync(join(within, `${name}.reached`), '')
  if (action.kind === 'exit') process.kill(process.pid, 'SIGKILL')
  if (action.kind === 'hang') while (existsSync(join(within, name))) await pause(10)
  if (action.kind === 'error') throw action.error
  return action
}

// A place between two parts of an effect.
export const failpoint = async (name: string): Promise<void> => {
  if (folder !== null) await act(folder, name)
}

// An effect with the places NAME.before and NAME.after; NAME itself may be told to skip it.
export const withFailpoints = async <T>(name: string, effect: () => Promise<T>): Promise<T> => {
  if (folder === null) return effect()
  await act(folder, `${name}.before`)
  const action = actionAt(folder, name)
  const result = action?.kind === 'skip' ? (action.reply as T) : await effect()
  await act(folder, `${name}.after`)
  return result
}

// The same for an effect that tells of itself as it happens. A skipped one answers with one message.
export const streamWithFailpoints = async function* <T>(
  name: string,
  effect: () => AsyncIterable<T>,
): AsyncGenerator<T> {
  if (folder === null) return yield* effect()
  await act(folder, `${name}.before`)
  const action = actionAt(folder, name)
  if (action?.kind === 'skip') yield action.reply as T
  else yield* effect()
  await act(folder, `${name}.after`)
}

// Passes the place once the first piece has been taken, before the second is asked for.
export const failpointWithin = <T>(name: string, pieces: AsyncIterable<T>): AsyncIterable<T> =>
  folder === null ? pieces : interrupted(name, pieces)

const interrupted = async function* <T>(name: string, pieces: AsyncIterable<T>): AsyncGenerator<T> {
  let passed = false
  for await (const piece of pieces) {
    yield piece
    if (!passed) await failpoint(name)
    passed = true
  }
}
