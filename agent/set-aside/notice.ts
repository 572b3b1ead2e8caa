// What a person finds beside a volume that has no data any more. Paths are the engine's: those a person on this host sees.

import { dirname, join } from 'node:path'
import { asideOf, noticeName } from './set-aside.ts'

export const noticeText = (facts: {
  readonly volume: string
  readonly mountpoint: string
  readonly migrationId: string
  readonly container: string
  readonly movedTo: string
  readonly at: string
  // Docker's word: no, always, on-failure, unless-stopped.
  readonly restartPolicy: string
}): string => {
  const aside = asideOf(facts.mountpoint, facts.migrationId)
  const notice = join(dirname(facts.mountpoint), noticeName)
  return `The data of the Docker volume ${facts.volume} was set aside by Drayage.

when:       ${facts.at}
container:  ${facts.container}
moves to:   host ${facts.movedTo}
migration:  ${facts.migrationId}
data:       ${aside}

Nothing was deleted. As long as the data is not in its usual place, no container can start on it here, and so two
copies of ${facts.container} can never run at once.

\`dray migrations ${facts.migrationId}\` says how the move went. To bring the data back by hand, without Drayage:

 1. Make sure that ${facts.container} is stopped on ${facts.movedTo}, for good. What it wrote there is not in here.
 2. On this host, as root:
      mv '${quoted(aside)}' '${quoted(facts.mountpoint)}'
      rm '${quoted(notice)}'
      docker update --restart=${facts.restartPolicy || 'no'} ${facts.container}
      docker start ${facts.container}
`
}

// Inside single quotes of a shell.
const quoted = (path: string): string => path.replaceAll("'", "'\\''")
