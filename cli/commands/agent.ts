import { Command } from 'commander'
import { hostPowers } from '../../shared/api/host-powers.ts'
import { exitCodesHelp } from '../exit-codes.ts'
import { breakGlassCommand } from './agent-break-glass.ts'
import { addProcessOptions, type ProcessOption } from './process-options.ts'

const ofTheHost: readonly ProcessOption[] = [
  {
    flags: '--data-dir <folder>',
    what: 'its key, its certificate, and what it must not forget',
    env: 'DRAYAGE_DATA_DIR',
    default: '/var/lib/drayage/agent',
  },
  {
    flags: '--docker-host <url>',
    what: "this host's engine",
    env: 'DOCKER_HOST',
    default: 'unix:///var/run/docker.sock',
  },
  {
    flags: '--volume-root <engine=agent>',
    what: "the engine's data folder, as the engine and as the agent see it, where they differ",
    env: 'DRAYAGE_VOLUME_ROOT',
  },
]

const options: readonly ProcessOption[] = [
  { flags: '--coordinator <host:port>', what: "the coordinator's port for agents", env: 'DRAYAGE_COORDINATOR' },
  {
    flags: '--enrol <host:port>',
    what: "the coordinator's port for new agents",
    env: 'DRAYAGE_ENROL',
    default: "the coordinator's host, port 8443",
  },
  {
    flags: '--join-token <token>',
    what: 'from "dray host add"; needed once, until it has a certificate',
    env: 'DRAYAGE_JOIN_TOKEN',
  },
  {
    flags: '--join-token-file <file>',
    what: 'the file that holds it, where others can see flags and variables',
    env: 'DRAYAGE_JOIN_TOKEN_FILE',
  },
  {
    flags: '--listen <host:port>',
    what: 'where the coordinator and other agents connect',
    env: 'DRAYAGE_LISTEN',
    default: '0.0.0.0:8442',
  },
  {
    flags: '--advertise <host:port>',
    what: 'the address to give them, where --listen names none',
    env: 'DRAYAGE_ADVERTISE',
  },
  {
    flags: '--forbid <powers>',
    what: `what no container may bring here, whoever allows it: any of ${hostPowers.join(',')}`,
    env: 'DRAYAGE_FORBID',
  },
  {
    flags: '--image-registries <names>',
    what: 'take containers of images of these registries alone (docker.io,registry.example:5000)',
    env: 'DRAYAGE_IMAGE_REGISTRIES',
  },
  {
    flags: '--largest-volume <size>',
    what: 'take no volume that is larger on disk when its move begins (500G, 2T)',
    env: 'DRAYAGE_LARGEST_VOLUME',
  },
  {
    flags: '--allow-bind <path>',
    what: 'let directories of this host at or below this one be copied, from here and to here, with containers that mount them (--binds copy); may be said again; in the variable with colons between; default none',
    env: 'DRAYAGE_ALLOW_BIND',
    repeatable: true,
  },
  {
    flags: '--silence-ms <ms>',
    what: 'how long the other side of a call may say nothing before it counts as gone; as on the coordinator',
    env: 'DRAYAGE_SILENCE_MS',
    default: '20000',
  },
  {
    flags: '--log-level <level>',
    what: 'error, warn, info, or debug',
    env: 'DRAYAGE_LOG_LEVEL',
    default: 'info',
  },
]

export const agentCommand = (): Command =>
  addProcessOptions(new Command('agent'), [...ofTheHost, ...options])
    .summary("run this host's agent")
    .description(
      "Run this host's agent: it reports what the Docker engine here has, carries out the coordinator's steps, and " +
        'streams volumes and images straight to other agents. One on each Docker host, as root, since it reads and ' +
        'writes the files of volumes. It runs until SIGTERM or Ctrl-C.\n\nA flag goes before its environment variable.',
    )
    .addHelpText(
      'after',
      `
Examples:
  dray host add host-1                      (where DRAYAGE_TOKEN is set: prints the token and this line)
  sudo dray agent --coordinator boss:8441 --join-token dray1.host-1.… --advertise host-1:8442
  sudo dray agent --coordinator boss:8441 --advertise host-1:8442      (later: the certificate is kept)

${exitCodesHelp(0, 2, 6, 7, 8)}`,
    )
    .action(async (flags: Record<string, string | undefined>) => {
      const { runAgent } = await import('../../agent/main.ts')
      await runAgent(flags)
    })
    // What stands after the subcommand's name is the subcommand's.
    .enablePositionalOptions()
    .addCommand(
      breakGlassCommand(ofTheHost, async (flags, request) => {
        const { runBreakGlass } = await import('../../agent/main.ts')
        return runBreakGlass(flags, request)
      }),
    )
