// Which orphans are meant.
import type { Command } from 'commander'
import type { OrphansQuery } from '../../shared/api/orphans.ts'
import { parseDuration, parseSize } from './option-values.ts'

export type OrphanFilters = {
  readonly host?: string
  readonly anonymous?: true
  readonly project?: string
  readonly olderThan?: string
  readonly largerThan?: string
}

export const addOrphanFilters = (command: Command): Command =>
  command
    .option('--host <host>', 'of this host only')
    .option('--anonymous', 'only those that Docker named itself')
    .option('--project <project>', 'of this Compose project only')
    .option('--older-than <duration>', 'unused for at least so long, as far as was seen: 12h, 30d')
    .option('--larger-than <size>', 'on disk, as last measured: 100M, 1G')

export const orphansQuery = (filters: OrphanFilters, names: readonly string[]): OrphansQuery => {
  const { host, anonymous, project, olderThan, largerThan } = filters
  return {
    ...(host === undefined ? {} : { host }),
    ...(names.length === 0 ? {} : { name: [...names] }),
    ...(anonymous ? { anonymous: 'true' } : {}),
    ...(project === undefined ? {} : { project }),
    ...(olderThan === undefined
      ? {}
      : { unusedForSeconds: String(Math.ceil(parseDuration('--older-than', olderThan) / 1000)) }),
    ...(largerThan === undefined ? {} : { largerThanBytes: String(parseSize('--larger-than', largerThan)) }),
  }
}
