import { Command } from 'commander'
import { exitCodesHelp } from '../exit-codes.ts'
import { restoreFromBackupCommand, takeBackupCommand } from './backup.ts'
import { addProcessOptions, type ProcessOption } from './process-options.ts'

const dataDir: ProcessOption = {
  flags: '--data-dir <folder>',
  what: 'inventory, journal, certificates, and the admin token',
  env: 'DRAYAGE_DATA_DIR',
  default: '/var/lib/drayage/coordinator',
}

const options: readonly ProcessOption[] = [
  dataDir,
  {
    flags: '--rest-listen <host:port>',
    what: 'where people and scripts ask',
    env: 'DRAYAGE_REST_LISTEN',
    default: '127.0.0.1:8440',
  },
  {
    flags: '--rest-tls <when>',
    what: 'auto: unless it listens on loopback alone; always; or never, for a proxy in front that speaks TLS',
    env: 'DRAYAGE_REST_TLS',
    default: 'auto',
  },
  {
    flags: '--rest-certificate <file>',
    what: 'its certificate with the chain, in PEM; without, one of the own authority',
    env: 'DRAYAGE_REST_CERTIFICATE',
  },
  { flags: '--rest-key <file>', what: 'the key of that certificate, in PEM', env: 'DRAYAGE_REST_KEY' },
  {
    flags: '--rest-names <names>',
    what: 'names and addresses, with commas in between, that the own certificate is to have besides those of this machine',
    env: 'DRAYAGE_REST_NAMES',
  },
  {
    flags: '--grpc-listen <host:port>',
    what: 'where agents connect, with certificates on both sides',
    env: 'DRAYAGE_GRPC_LISTEN',
    default: '0.0.0.0:8441',
  },
  {
    flags: '--enrol-listen <host:port>',
    what: 'where a new agent gets its certificate',
    env: 'DRAYAGE_ENROL_LISTEN',
    default: '0.0.0.0:8443',
  },
  {
    flags: '--certificate-lifetime <duration>',
    what: "of an agent's certificate; it gets the next one by itself when two thirds of it are over",
    env: 'DRAYAGE_CERTIFICATE_LIFETIME',
    default: '30d',
  },
  {
    flags: '--heartbeat-ms <ms>',
    what: 'how often an agent reports; one that is silent for three of these is lost',
    env: 'DRAYAGE_HEARTBEAT_MS',
    default: '5000',
  },
  {
    flags: '--patience-ms <ms>',
    what: 'how long a move waits, before its commit, for a host that does not answer; then everything is put back',
    env: 'DRAYAGE_PATIENCE_MS',
    default: '60000',
  },
  {
    flags: '--silence-ms <ms>',
    what: 'how long an agent may say nothing in a call before it counts as gone; as on the agents',
    env: 'DRAYAGE_SILENCE_MS',
    default: '20000',
  },
  {
    flags: '--settle-ms <ms>',
    what: 'how long a container without a health check must run on the target before it counts as up',
    env: 'DRAYAGE_SETTLE_MS',
    default: '3000',
  },
  {
    flags: '--max-migrations <n>',
    what: 'how many migrations may be under way at once; others wait for their turn',
    env: 'DRAYAGE_MAX_MIGRATIONS',
    default: '4',
  },
  {
    flags: '--max-migrations-per-host <n>',
    what: 'how many of them may have one and the same host as source or target',
    env: 'DRAYAGE_MAX_MIGRATIONS_PER_HOST',
    default: '2',
  },
  {
    flags: '--finalize-after <duration>',
    what: 'remove what a move has kept where it came from, this long after it (7d, 12h); without it, dray finalize alone does',
    env: 'DRAYAGE_FINALIZE_AFTER',
  },
  {
    flags: '--webhook-url <url>',
    what: 'told of every hand-over and every end, signed, so that DNS or a proxy can follow (docs/webhook.md)',
    env: 'DRAYAGE_WEBHOOK_URL',
  },
  {
    flags: '--webhook-secret-file <file>',
    what: 'the secret with which it is signed, of 16 characters or more; needed with --webhook-url',
    env: 'DRAYAGE_WEBHOOK_SECRET_FILE',
  },
  {
    flags: '--log-level <level>',
    what: 'fatal, error, warn, info, debug, trace, or silent',
    env: 'DRAYAGE_LOG_LEVEL',
    default: 'info',
  },
]

export const coordinatorCommand = (): Command =>
  addProcessOptions(new Command('coordinator'), options)
    .summary('run the coordinator')
    .description(
      'Run the coordinator: it knows every host, container and volume, and leads the moves. One for all hosts; no ' +
        'volume data passes through it. It runs until SIGTERM or Ctrl-C; a move that was under way goes on at the next ' +
        'start.\n\nA flag goes before its environment variable.',
    )
    .addHelpText(
      'after',
      `
Examples:
  dray coordinator
  dray coordinator --rest-listen 0.0.0.0:8440 --data-dir /srv/drayage
  export DRAYAGE_TOKEN="$(sudo cat /var/lib/drayage/coordinator/admin-token)"   then: dray hosts

${exitCodesHelp(0, 2, 6)}`,
    )
    .action(async (flags: Record<string, string | undefined>) => {
      const { runCoordinator } = await import('../../coordinator/main.ts')
      await runCoordinator(flags)
    })
    // What stands after the subcommand's name is the subcommand's.
    .enablePositionalOptions()
    .addCommand(backupCommand())
    .addCommand(
      restoreFromBackupCommand([dataDir], async (flags, file) => {
        const { runRestore } = await import('../../coordinator/main.ts')
        return runRestore(flags, file)
      }),
    )

export const backupCommand = (): Command =>
  takeBackupCommand([dataDir], async (flags, file) => {
    const { runBackup } = await import('../../coordinator/main.ts')
    return runBackup(flags, file)
  })
