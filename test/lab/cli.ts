// `npm run -s lab -- …`: labs that stay up, for looking around by hand.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { Command, CommanderError } from 'commander'
import { dockerOf } from './docker.ts'
import { guideToNewLab } from './guide.ts'
import { type ImageName, images, loadImage } from './images.ts'
import { type EngineKind, LabUnavailable } from './install.ts'
import { startLab } from './lab.ts'
import { inNetns } from './network.ts'
import { reapAbandoned, takeDown } from './reaper.ts'
import { type HostRecord, isAbandoned, type LabRecord, listRecords } from './record.ts'

// What is wrong with the request, for people.
class Refused extends Error {}

const number = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Refused(`"${text}" is no number of hosts.`)
  return value
}

const engineKinds = (text: string): readonly EngineKind[] =>
  text.split(',').map((kind) => {
    if (kind === 'current' || kind === 'legacy') return kind
    throw new Refused(`"${kind}" is no engine: there are "current" and "legacy".`)
  })

type Up = NonNullable<LabRecord['up']>

const asJson = ({ coordinator, hosts }: Up): string =>
  JSON.stringify({
    coordinator: coordinator ?? null,
    hosts: hosts.map(({ name, address, dockerHost, netns, dataRoot }) => ({
      name,
      address,
      dockerHost,
      netns,
      dataRoot,
    })),
  })

type UpOptions = { hosts?: number; engines: readonly EngineKind[]; bare?: boolean; json?: boolean }

const up = async ({ hosts, engines, bare = false, json = false }: UpOptions) => {
  const count = hosts ?? Math.max(2, engines.length)
  const plan = Array.from({ length: count }, (_, index) => ({ engine: engines[index % engines.length] ?? 'current' }))
  const lab = await startLab({ hosts: plan, agents: !bare, coordinator: !bare, keep: true })
  console.log(json && lab.record.up !== undefined ? asJson(lab.record.up) : guideToNewLab(lab.record))
}

const labsUp = async () => (await listRecords()).filter((record) => record.up !== undefined && !isAbandoned(record))

// The one named, or else the latest: of those that stay, before those of a program that is running.
const chosenLab = async (id: string | undefined): Promise<LabRecord & { up: Up }> => {
  const records = await labsUp()
  const latest = records.findLast((record) => record.owner === undefined) ?? records.at(-1)
  const found = id === undefined ? latest : records.find((record) => record.id === id)
  if (found?.up !== undefined) return { ...found, up: found.up }
  const others = records.map((record) => record.id).join(', ')
  if (id === undefined) throw new Refused('No lab is up. `npm run -s lab -- up` starts one.')
  throw new Refused(`Lab ${id} is not up. ${others === '' ? 'None is.' : `These are: ${others}.`}`)
}

const chosenHost = async (name: string, lab: string | undefined): Promise<HostRecord> => {
  const { id, up } = await chosenLab(lab)
  const found = up.hosts.find((host) => host.name === name)
  if (found !== undefined) return found
  throw new Refused(`Lab ${id} has no host ${name}. It has ${up.hosts.map((host) => host.name).join(', ')}.`)
}

// Its exit code is the command's; 128 and the signal's number where a signal ended it, as in a shell.
const exec = async (name: string, command: readonly string[], options: { lab?: string }) => {
  const host = await chosenHost(name, options.lab)
  const asked = command[0] === '--' ? command.slice(1) : command
  const [program = '', ...args] = inNetns(host.netns, asked)
  const env = { ...process.env, ...host.clientEnv, HOME: process.env.HOME }
  // A terminal's Ctrl-C reaches the command too; this process waits for what it makes of it.
  process.on('SIGINT', () => {})
  const child = spawn(program, args, { env, stdio: 'inherit' })
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal]
}

const load = async (name: string, image: string, options: { lab?: string }) => {
  if (!Object.hasOwn(images, image)) {
    throw new Refused(`There is no image "${image}": there are ${Object.keys(images).join(', ')}.`)
  }
  const loaded = await loadImage({ docker: dockerOf(await chosenHost(name, options.lab)) }, image as ImageName)
  console.log(`${loaded.ref}  ${loaded.id}`)
}

const list = async ({ json = false }: { json?: boolean }) => {
  const records = await labsUp()
  const hostsOf = (record: LabRecord) => record.up?.hosts.map((host) => host.name) ?? []
  if (json) {
    const rows = records.map((record) => ({
      id: record.id,
      startedAt: record.startedAt,
      ownerPid: record.owner?.pid ?? null,
      hosts: hostsOf(record),
    }))
    return console.log(JSON.stringify({ labs: rows }))
  }
  if (records.length === 0) return console.log('No lab is up.')
  for (const record of records) {
    const stays = record.owner === undefined ? 'until it is taken down' : `while process ${record.owner.pid} lives`
    console.log(`${record.id}  since ${record.startedAt}, ${stays}: ${hostsOf(record).join(', ')}`)
  }
}

const down = async (id: string | undefined, { all = false }: { all?: boolean }) => {
  const reaped = await reapAbandoned()
  const kept = (await listRecords()).filter((record) => record.owner === undefined)
  const wanted = all ? kept : id === undefined ? kept.slice(-1) : [await chosenLab(id)]
  for (const record of wanted) await takeDown(record.id)
  const gone = [...reaped, ...wanted.map((record) => record.id)]
  console.log(gone.length === 0 ? 'There was no lab to take down.' : `Taken down: ${gone.join(', ')}.`)
}

const program = new Command('lab')
  .description(
    'Several Docker hosts on this machine: a network namespace, an engine and a Drayage agent for each, one coordinator ' +
      "beside them. Engines come from Debian's archive at the first start and are kept in /var/cache/drayage-lab " +
      '(`current`, and `legacy`, which is 20.10). It takes Linux, root and apt.',
  )
  .addHelpText(
    'after',
    [
      '',
      'Examples:',
      '  npm run -s lab -- up --hosts 3',
      '  npm run -s lab -- up --engines current,legacy --json > lab.json',
      '  npm run -s lab -- load host-1 web',
      '  npm run -s lab -- exec host-1 -- docker run -d --name web -p 80:80 drayage-lab/web:1',
      '  npm run -s lab -- exec host-2 -- sh',
      '  npm run -s lab -- down',
    ].join('\n'),
  )
  .exitOverride()
  .enablePositionalOptions()

const labOption = ['--lab <id>', 'the lab that is meant (default: the latest)'] as const

program
  .command('up')
  .description('start a lab that stays until it is taken down')
  .option('--hosts <n>', 'how many hosts (default: 2, or one for each engine named)', number)
  .option('--engines <kinds>', 'current or legacy for each host in turn, with commas', engineKinds, ['current'])
  .option('--bare', 'engines alone, without agents and coordinator')
  .option('--json', 'print one JSON document and nothing else')
  .action(up)

program
  .command('down')
  .description('take down the lab named, or the latest that stays; what dead processes left goes too')
  .argument('[id]')
  .option('--all', 'every lab that stays')
  .action(down)

program
  .command('exec')
  .description("run a command in a host's network, with `docker` being its engine's")
  .argument('<host>')
  .argument('<command...>')
  .option(...labOption)
  .passThroughOptions()
  .action(exec)

program
  .command('load')
  .description(`put an image on a host: ${Object.keys(images).join(', ')}`)
  .argument('<host>')
  .argument('<image>')
  .option(...labOption)
  .action(load)

program.command('list').description('the labs that are up').option('--json', 'print one JSON document').action(list)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    process.exitCode = error instanceof Refused ? 2 : 1
    const expected = error instanceof Refused || error instanceof LabUnavailable
    console.error(expected ? error.message : error instanceof Error ? `lab: ${error.message}` : error)
  }
}
