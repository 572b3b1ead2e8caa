// Where the demo can take place: in the lab of namespaces, or in the lab of containers (docker-compose.yml) where this
// machine has an engine already.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type CommandOptions, run } from './command.ts'
import type { Docker } from './docker.ts'
import { dray, freePort } from './drayage.ts'
import { guideAfterMove } from './guide.ts'
import { images, loadImage } from './images.ts'
import { LabUnavailable, requireLab } from './install.ts'
import { startLab } from './lab.ts'

export type DemoHost = { readonly name: string; readonly docker: Docker }

export type DemoLab = {
  readonly from: DemoHost
  readonly to: DemoHost
  // Puts an image with busybox on the host, and answers what it is called there.
  readonly loadBusybox: (host: DemoHost) => Promise<string>
  // The command line, on this terminal. Answers its exit code.
  readonly dray: (args: readonly string[]) => Promise<number>
  readonly drayJson: (args: readonly string[]) => Promise<unknown>
  // How to look around afterwards, and how to take it down.
  readonly guide: string
  readonly stop: () => Promise<void>
}

const onThisTerminal = async (command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> => {
  const [program = '', ...args] = command
  const [code] = (await once(spawn(program, args, { env, stdio: 'inherit' }), 'exit')) as [number | null]
  return code ?? 1
}

const inNamespaces = async (keep: boolean): Promise<DemoLab> => {
  const lab = await startLab({ hosts: 2, keep })
  const env = { ...process.env, DRAYAGE_URL: lab.coordinator.url, DRAYAGE_TOKEN: lab.coordinator.token }
  const command = (args: readonly string[]) => [process.execPath, dray, ...args]
  const [from, to] = [lab.host('host-1'), lab.host('host-2')]
  return {
    from,
    to,
    loadBusybox: async (host) => (await loadImage(host, images.busybox)).ref,
    dray: (args) => onThisTerminal(command(args), env),
    drayJson: async (args) => JSON.parse(await run(command([...args, '--json']), { env })),
    guide: guideAfterMove(lab.record, 'ledger', to.name),
    stop: lab.stop,
  }
}

const project = 'drayage-demo'
// The name of a public image: this machine's engine has it, or fetches it.
const publicBusybox = 'busybox'

const inContainers = async (): Promise<DemoLab> => {
  const compose = ['docker', 'compose', '--project-name', project]
  const env = { ...process.env, DRAYAGE_REST_PORT: String(await freePort()) }
  const options: CommandOptions = { env, cwd: join(import.meta.dirname, '../..'), timeoutMs: 900_000 }
  const dockerIn =
    (host: string): Docker =>
    async (args, more) =>
      (await run([...compose, 'exec', '-T', host, 'docker', ...args], { ...options, ...more })).replace(/\n$/, '')
  const stop = async () => void (await run([...compose, 'down', '--volumes', '--remove-orphans'], options))
  // Ctrl-C ends what is under way, which ends the demo, which takes the containers down.
  process.on('SIGINT', () => {})
  process.stderr.write('lab: building and starting what docker-compose.yml says; minutes, the first time\n')
  try {
    await run([...compose, 'up', '--build', '--wait'], options)
  } catch (error) {
    await stop()
    throw error
  }
  const hosts = ['host-1', 'host-2'].map((name): DemoHost => ({ name, docker: dockerIn(name) }))
  const [from, to] = hosts as [DemoHost, DemoHost]
  const onTerminal = process.stdout.isTTY ? [] : ['-T']
  return {
    from,
    to,
    async loadBusybox({ name }) {
      const here = await run(['docker', 'image', 'inspect', publicBusybox], options).catch(() => undefined)
      if (here === undefined) await run(['docker', 'pull', publicBusybox], options)
      const load = 'docker save "$0" | docker compose --project-name "$1" exec -T "$2" docker load'
      await run(['sh', '-c', load, publicBusybox, project, name], options)
      return publicBusybox
    },
    dray: (args) => onThisTerminal([...compose, 'exec', ...onTerminal, 'operator', 'dray', ...args], env),
    drayJson: async (args) =>
      JSON.parse(await run([...compose, 'exec', '-T', 'operator', 'dray', ...args, '--json'], options)),
    guide: [
      'The lab stays up. Look around:',
      `  ${compose.join(' ')} exec operator dray ps`,
      `  ${compose.join(' ')} exec operator dray migrations`,
      `  ${compose.join(' ')} exec ${to.name} docker logs --follow --tail 5 ledger`,
      '',
      'Take it down:',
      `  ${compose.join(' ')} down --volumes`,
    ].join('\n'),
    stop,
  }
}

const engineMissing = async (): Promise<string | undefined> => {
  try {
    await run(['docker', 'version', '--format', '{{.Server.Version}}'])
    await run(['docker', 'compose', 'version'])
    return undefined
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return `no Docker engine with Compose answers here, which would do as well: ${why}`
  }
}

export const demoPlaces = ['namespaces', 'containers'] as const
export type DemoPlace = (typeof demoPlaces)[number]

// Throws LabUnavailable with what is missing for either.
const choosePlace = async (): Promise<DemoPlace> => {
  try {
    await requireLab()
    return 'namespaces'
  } catch (error) {
    if (!(error instanceof LabUnavailable)) throw error
    const missing = await engineMissing()
    if (missing === undefined) return 'containers'
    throw new LabUnavailable([...error.reasons, missing])
  }
}

export const openDemoLab = async (wanted: DemoPlace | undefined, keep: boolean): Promise<DemoLab> =>
  (wanted ?? (await choosePlace())) === 'namespaces' ? inNamespaces(keep) : inContainers()
