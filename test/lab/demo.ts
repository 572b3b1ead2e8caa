// `npm run demo`: moves a container that writes without pause from one Docker host to another, and checks that nothing
// it had acknowledged was lost. Exits with 0 only where everything held.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import type { Migration } from '../../shared/api/migrations.ts'
import { dray } from './drayage.ts'
import { guideAfterMove } from './guide.ts'
import { images, loadImage } from './images.ts'
import { LabUnavailable } from './install.ts'
import { type Lab, type LabHost, startLab } from './lab.ts'
import { checkLedger, ledgerImage } from './ledger.ts'
import { eventually } from './wait.ts'

const bulkMiB = 256
const help = `npm run demo [-- --keep]

Brings up two Docker hosts on this machine (Linux, root, apt), starts a container on the first that writes to a volume
without pause, moves it to the second, checks every line it wrote, prints how long it was down, takes everything down.

  --keep   leave it all up afterwards, and say how to look around
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
const readLedger = (host: LabHost, container: string) => host.docker(['exec', container, 'cat', '/data/ledger'])
const bulkDigest = (host: LabHost, container: string) => host.docker(['exec', container, 'sha256sum', '/data/bulk'])

const lastAcknowledged = async (host: LabHost, container: string): Promise<number> =>
  Number(await host.docker(['logs', '--tail', '1', container]))

const startWorkload = async (host: LabHost): Promise<string> => {
  await loadImage(host, 'busybox')
  await loadImage(host, ledgerImage)
  const fill = ['dd', 'if=/dev/urandom', 'of=/data/bulk', 'bs=1M', `count=${bulkMiB}`]
  await host.docker(['run', '--rm', '--volume', 'ledger:/data', images.busybox.ref, ...fill])
  const options = ['--detach', '--name', 'ledger', '--volume', 'ledger:/data', '--restart', 'always']
  const id = await host.docker(['run', ...options, ledgerImage.ref])
  await eventually('the container to write', 30_000, async () => (await lastAcknowledged(host, id)) >= 100)
  return id
}

// The command that an operator would type.
const migrate = async (lab: Lab, from: LabHost, to: LabHost): Promise<void> => {
  const args = ['migrate', 'ledger', '--from', from.name, '--to', to.name]
  say(`  $ dray ${args.join(' ')}`)
  const child = spawn(process.execPath, [dray, ...args], {
    env: { ...process.env, DRAYAGE_URL: lab.coordinator.url, DRAYAGE_TOKEN: lab.coordinator.token },
    stdio: 'inherit',
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  check(code === 0, 'dray says that the move is done')
}

const downtimeOf = async (lab: Lab): Promise<number> => {
  const { migrations } = (await lab.coordinator.call('GET', '/v1/migrations')) as { migrations: Migration[] }
  const downtimeMs = migrations.find((migration) => migration.container.name === 'ledger')?.downtimeMs
  if (typeof downtimeMs !== 'number') throw new Error('The migration does not say how long the container was down.')
  return downtimeMs
}

const demonstrate = async (lab: Lab): Promise<void> => {
  const [from, to] = lab.hosts
  if (from === undefined || to === undefined) throw new Error('The demo takes two hosts.')

  heading(`${from.name}: a container that writes a checksummed line, syncs it, and goes on, without pause`)
  const source = await startWorkload(from)
  const bulkBefore = await bulkDigest(from, source)
  say(`  its volume holds ${bulkMiB} MiB besides; line ${await lastAcknowledged(from, source)} is on the disk`)

  heading(`Moving it to ${to.name}, while it writes`)
  await migrate(lab, from, to)

  heading('Is everything there?')
  const acknowledged = await lastAcknowledged(from, source)
  const running = (host: LabHost, filter: string) => host.docker(['ps', '--quiet', '--filter', filter])
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

const main = async (keep: boolean): Promise<void> => {
  heading('Two Docker hosts on this machine')
  const startedAt = performance.now()
  const lab = await startLab({ hosts: 2, keep })
  for (const host of lab.hosts) say(`  ${host.name}  ${host.address}  Docker ${host.engine.version}`)
  say(`  up with their agents and a coordinator after ${seconds(performance.now() - startedAt)}`)
  try {
    await demonstrate(lab)
  } finally {
    if (!keep) {
      await lab.stop()
      say('\nEverything is taken down again. `npm run demo -- --keep` leaves it up.')
    } else say(`\n${guideAfterMove(lab.record, 'ledger', 'host-2')}`)
  }
}

const options = {
  keep: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

try {
  const { values } = parseArgs({ options })
  if (values.help) say(help)
  else await main(values.keep)
} catch (error) {
  process.exitCode = 1
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`\n${error instanceof LabUnavailable ? message : `✗ ${message}`}\n`)
}
