// How to look around in a lab by hand.
import { images } from './images.ts'
import { labDir } from './places.ts'
import type { LabRecord } from './record.ts'

const hostLines = ({ up }: LabRecord): readonly string[] =>
  (up?.hosts ?? []).map((host) => `  ${host.name}  ${host.address}  Docker ${host.engine.version}  ${host.dockerHost}`)

const settings = ({ up }: LabRecord): readonly string[] =>
  up?.coordinator === undefined
    ? []
    : [`  export DRAYAGE_URL=${up.coordinator.url} DRAYAGE_TOKEN=${up.coordinator.token}`]

// For one in which there is nothing yet.
export const guideToNewLab = (record: LabRecord): string => {
  const [first = 'host-1', second = 'host-2'] = record.up?.hosts.map((host) => host.name) ?? []
  const asking = settings(record)
  return [
    `Lab ${record.id} is up, with its state and logs in ${labDir(record.id)}:`,
    ...hostLines(record),
    '',
    'Put an image on a host and run something there:',
    `  npm run -s lab -- load ${first} busybox`,
    `  npm run -s lab -- exec ${first} -- docker run -d --name web -v data:/data ${images.busybox.ref} sleep 1d`,
    `  npm run -s lab -- exec ${first} -- docker ps`,
    ...(asking.length === 0
      ? []
      : [
          '',
          'Ask Drayage:',
          ...asking,
          '  npm run -s dray -- hosts',
          `  npm run -s dray -- migrate web --from ${first} --to ${second}`,
        ]),
    '',
    'Take it down:',
    `  npm run -s lab -- down ${record.id}`,
  ].join('\n')
}

// For one in which `container` has been moved to `host`.
export const guideAfterMove = (record: LabRecord, container: string, host: string): string =>
  [
    `Lab ${record.id} stays up, with its state and logs in ${labDir(record.id)}:`,
    ...hostLines(record),
    '',
    'Look around:',
    ...settings(record),
    '  npm run -s dray -- ps',
    '  npm run -s dray -- migrations',
    `  npm run -s lab -- exec ${host} -- docker logs --follow --tail 5 ${container}`,
    '',
    'Take it down:',
    `  npm run -s lab -- down ${record.id}`,
  ].join('\n')
