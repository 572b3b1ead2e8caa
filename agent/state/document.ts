// What an agent must not forget, in files that are whole after a power cut, or loudly not: they carry a checksum that is
// compared before a word of them is believed.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Static, TSchema } from 'typebox'
import Value from 'typebox/value'
import { replaceFile } from '../../shared/disk/durable-file.ts'
import { AppError } from '../../shared/errors.ts'

const format = 1
const checksum = (content: unknown): string => createHash('sha256').update(JSON.stringify(content)).digest('hex')

export const writeDocument = (path: string, content: unknown): Promise<void> =>
  replaceFile(path, `${JSON.stringify({ format, sha256: checksum(content), content }, null, 1)}\n`)

// null: there is no such file. Anything else that is not exactly what was written throws DRAYAGE_STATE_DAMAGED: what
// stands in these files decides who may run a workload, so they are never taken for empty.
export const readDocument = async <S extends TSchema>(path: string, schema: S): Promise<Static<S> | null> => {
  const text = await readFile(path, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return null
    throw damaged(path, `it cannot be read (${thrown.message})`, thrown)
  })
  if (text === null) return null
  const document = parse(path, text)
  if (document.format !== format) {
    throw damaged(path, `it has format ${String(document.format)}, and this version knows ${format}`)
  }
  if (document.content === undefined || document.sha256 !== checksum(document.content)) {
    throw damaged(path, 'its content does not match its checksum')
  }
  if (!Value.Check(schema, document.content)) {
    const [first] = Value.Errors(schema, document.content)
    throw damaged(
      path,
      `its content has not the expected shape (${first?.instancePath || '/'} ${first?.message ?? ''})`,
    )
  }
  return document.content as Static<S>
}

const parse = (path: string, text: string): { format?: unknown; sha256?: unknown; content?: unknown } => {
  try {
    const document: unknown = JSON.parse(text)
    return typeof document === 'object' && document !== null ? document : {}
  } catch (thrown) {
    throw damaged(path, 'it is not whole', thrown)
  }
}

const damaged = (path: string, why: string, cause?: unknown): AppError =>
  new AppError(
    'DRAYAGE_STATE_DAMAGED',
    `${path} is not as this agent left it: ${why}. It says who may run which workload, so nothing is done without it. ` +
      'Restore it from a backup, or move it away once you have made sure that no migration is under way on this host.',
    { cause },
  )
