// The coordinators that somebody works with, and with which token: what `dray login` keeps, so that nothing has to be said
// again. One file, for its owner alone.
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { readSettings, text } from '../../shared/config/settings.ts'
import { replaceFile } from '../../shared/disk/durable-file.ts'
import { AppError } from '../../shared/errors.ts'

const Context = Type.Object({
  url: Type.String(),
  token: Type.String(),
  // PEM of the authority that is trusted for it besides those of the system; null: none.
  ca: Type.Union([Type.String(), Type.Null()]),
})
export type Context = Static<typeof Context>

const Contexts = Type.Object({
  current: Type.Union([Type.String(), Type.Null()]),
  contexts: Type.Record(Type.String(), Context),
})
export type Contexts = Static<typeof Contexts>

// XDG Base Directory Specification.
export const contextsFile = (): string => {
  const { configHome } = readSettings(
    { configHome: { env: 'XDG_CONFIG_HOME', default: join(homedir(), '.config'), parse: text } },
    {},
  )
  return join(configHome, 'drayage', 'contexts.json')
}

const none: Contexts = { current: null, contexts: {} }

export const readContexts = (): Contexts => {
  const file = contextsFile()
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (Value.Check(Contexts, parsed)) return parsed
    throw new Error('it is not what dray login writes')
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes((thrown as NodeJS.ErrnoException).code ?? '')) return none
    throw new AppError(
      'DRAYAGE_CONFIG_INVALID',
      `${file} cannot be used: ${(thrown as Error).message}. Mend it, or move it away and log in again: dray login.`,
      { cause: thrown },
    )
  }
}

export const writeContexts = async (contexts: Contexts): Promise<void> => {
  const file = contextsFile()
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await replaceFile(file, `${JSON.stringify(contexts, null, 2)}\n`)
}

// Throws DRAYAGE_CONFIG_INVALID.
export const contextNamed = ({ contexts }: Contexts, name: string): Context => {
  const context = contexts[name]
  if (context !== undefined) return context
  const known = Object.keys(contexts).toSorted()
  throw new AppError(
    'DRAYAGE_CONFIG_INVALID',
    `There is no context ${name}. ${known.length === 0 ? 'There is none at all: dray login makes one.' : `There are: ${known.join(', ')}.`}`,
  )
}
