// What a person finds beside a volume that has no data any more. Paths are the engine's: those a person on this host sees.
import { dirname, join } from 'node:path'
import { migrationOfPart } from '../../shared/move-set/part.ts'
import type { RestartPolicy } from '../docker/engine.ts'
import { asideOf, noticeName } from './set-aside.ts'

export const noticeText = (facts: {
  readonly volume: string
  readonly mountpoint: string
  readonly migrationId: string
  readonly container: string
  readonly movedTo: string
  readonly at: string
  // As `docker update --restart` takes it.
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

\`dray migrations ${migrationOfPart(facts.migrationId)}\` says how the move went. To bring ${facts.container} back to this host without
the coordinator, make sure first that it is stopped on ${facts.movedTo}, for good; what it wrote there is not in here.
Then, on this host, as root, with Drayage's agent stopped (systemctl stop drayage-agent, or docker stop drayage-agent):

    dray agent break-glass ${facts.container}

It says what it would do, and how to tell it to. Only if this host's agent has lost its data directory too, by hand, the
first two lines for each volume of ${facts.container} that has such a notice:

    mv -T '${quoted(aside)}' '${quoted(facts.mountpoint)}'
    rm '${quoted(notice)}'
    docker update --restart=${facts.restartPolicy || 'no'} ${facts.container}
    docker start ${facts.container}
`
}

// As `docker update --restart` takes it. Docker's empty name is its "no"; only on-failure has a count, and 0 is no limit.
export const policyFlag = ({ Name, MaximumRetryCount }: RestartPolicy): string =>
  Name === 'on-failure' && MaximumRetryCount > 0 ? `${Name}:${MaximumRetryCount}` : Name || 'no'

// Inside single quotes of a shell.
const quoted = (path: string): string => path.replaceAll("'", "'\\''")
