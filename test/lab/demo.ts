// `npm run demo`: moves a container that writes without pause from one Docker host to another, and checks that nothing
// it had acknowledged was lost. Exits with 0 only where everything held.
import { parseArgs } from 'node:util'
import type { MigrationList } from '../../shared/api/migrations.ts'
import { type DemoHost, type DemoLab, type DemoPlace, demoPlaces, openDemoLab } from './demo-labs.ts'
import { LabUnavailable } from './install.ts'
import { checkLedger, keepLedger } from './ledger.ts'
import { eventually } from './wait.ts'

const bulkMiB = 256
const help = `npm run demo [-- --keep] [-- --in namespaces|containers]

Brings up two Docker hosts on this machine, starts a container on the first that writes to a volume without pause, moves
it to the second, checks every line it wrote, prints how long it was down, takes everything down.

  --in namespaces   engines of its own, in network namespaces: takes Linux, root and apt
  --in containers   docker-compose.yml: takes a Docker engine with Compose
                    (default: namespaces where that can be, else containers)
  --keep            leave it all up afterwards, and say how to look around
`

const say = (text: string) => process.stdout.write(`${text}\n`)
const heading = (text: string) => say(`\n● ${text}`)
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`

// Holds the demo's promise: what is false ends it.
const check = (holds: boolean, what: string) => {
  if (!holds) throw new Error(`This does not hold: ${what}.`)
  say(`  ✓ ${what}`)
}

// On the engine's own command line, as an onlooker without Drayage would.
const readLedger = (host: DemoHost, container: string) => host.docker(['exec', container, 'cat', '/data/ledger'])
const bulkDigest = (host: DemoHost, container: string) => host.docker(['exec', container, 'sha256sum', '/data/bulk'])

const lastAcknowledged = async (host: DemoHost, container: string): Promise<number> =>
  Number(await host.docker(['logs', '--tail', '1', container]))

const startWorkload = async (lab: DemoLab): Promise<string> => {
  const { docker } = lab.from
  const image = await lab.loadBusybox(lab.from)
  const fill = ['dd', 'if=/dev/urandom', 'of=/data/bulk', 'bs=1M', `count=${bulkMiB}`]
  await docker(['run', '--rm', '--volume', 'ledger:/data', image, ...fill])
  const options = ['--detach', '--name', 'ledger', '--volume', 'ledger:/data', '--restart', 'always']
  const id = await docker(['run', ...options, image, ...keepLedger])
  await eventually('the container to write', 30_000, async () => (await lastAcknowledged(lab.from, id)) >= 100)
  return id
}

const downtimeOf = async (lab: DemoLab): Promise<number> => {
  const { migrations } = (await lab.drayJson(['migrations'])) as MigrationList
  const downtimeMs = migrations.find((migration) => migration.container.name === 'ledger')?.downtimeMs
  if (typeof downtimeMs !== 'number') throw new Error('The migration does not say how long the container was down.')
  return downtimeMs
}

const demonstrate = async (lab: DemoLab): Promise<void> => {
  const { from, to } = lab
  heading(`${from.name}: a container that writes a checksummed line, syncs it, and goes on, without pause`)
  const source = await startWorkload(lab)
  const bulkBefore = await bulkDigest(from, source)
  say(`  its volume holds ${bulkMiB} MiB besides; line ${await lastAcknowledged(from, source)} is on the disk`)

  heading(`Moving it to ${to.name}, while it writes`)
  const command = ['migrate', 'ledger', '--from', from.name, '--to', to.name]
  say(`  $ dray ${command.join(' ')}`)
  check((await lab.dray(command)) === 0, 'dray says that the move is done')

  heading('Is everything there?')
  const acknowledged = await lastAcknowledged(from, source)
  const running = (host: DemoHost, filter: string) => host.docker(['ps', '--quiet', '--filter', filter])
  check((await running(from, `id=${source}`)) === '', `the container on ${from.name} is stopped`)
  check((await running(to, 'name=^ledger$')) !== '', `it runs on ${to.name}`)
  const arrived = checkLedger(await readLedger(to, 'ledger'))
  check(
    arrived.lines >= acknowledged,
    `all ${acknowledged} lines acknowledged on ${from.name} are on ${to.name}, intact`,
  )
  check((await bulkDigest(to, 'ledger')) === bulkBefore, `the ${bulkMiB} MiB besides are the same, byte for byte`)
  const later = await eventually('the container to go on', 30_000, async () => {
    const now = checkLedger(await readLedger(to, 'ledger'))
    return now.lines > Math.max(arrived.lines, acknowledged) + 10 && now
  })
  check(later.gapBefore > 1, `it goes on counting where it was: line ${later.lines} by now, with none missing`)

  heading(`Down for ${seconds(await downtimeOf(lab))}, by the coordinator's clock`)
  say(
    `  by the ledger's own: ${seconds(later.longestGapMs)} between lines ${later.gapBefore - 1} and ${later.gapBefore}`,
  )
}

const main = async (place: DemoPlace | undefined, keep: boolean): Promise<void> => {
  heading('Two Docker hosts on this machine')
  const startedAt = performance.now()
  const lab = await openDemoLab(place, keep)
  try {
    for (const { name, docker } of [lab.from, lab.to]) {
      say(`  ${name}: Docker ${await docker(['version', '--format', '{{.Server.Version}}'])}`)
    }
    say(`  up with their agents and a coordinator after ${seconds(performance.now() - startedAt)}`)
    await demonstrate(lab)
  } finally {
    if (keep) say(`\n${lab.guide}`)
    else {
      await lab.stop()
      say('\nEverything is taken down again. `npm run demo -- --keep` leaves it up.')
    }
  }
}

const options = { keep: { type: 'boolean' }, in: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const

try {
  const { values } = parseArgs({ options })
  const place = demoPlaces.find((name) => name === values.in)
  if (values.help) say(help)
  else if (values.in !== undefined && place === undefined)
    throw new Error(`There is no lab in "${values.in}".\n${help}`)
  else await main(place, values.keep ?? false)
} catch (error) {
  process.exitCode = 1
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`\n${error instanceof LabUnavailable ? message : `✗ ${message}`}\n`)
}
