import type { MigrationError } from '../../../shared/api/migrations.ts'
import type { ErrorDetails } from '../../../shared/errors.ts'

// A path, or a path and what is wrong with it.
const pathOf = (entry: unknown): readonly string[] => {
  if (typeof entry === 'string') return [entry]
  if (typeof entry !== 'object' || entry === null || !('path' in entry)) return []
  return ['what' in entry ? `${entry.path}: ${entry.what}` : String(entry.path)]
}

// The entries of a volume that an error is about, as the volume engine names them in its details.
export const pathsIn = ({ paths }: ErrorDetails): Pick<MigrationError, 'paths'> => {
  const named = Array.isArray(paths) ? paths.flatMap(pathOf) : []
  return named.length === 0 ? {} : { paths: named }
}
