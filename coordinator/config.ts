import { isIP } from 'node:net'
import { duration } from '../shared/config/durations.ts'
import {
  hostPort,
  oneOf,
  positiveInteger,
  readSettings,
  type SettingsOf,
  text,
  webAddress,
} from '../shared/config/settings.ts'
import { failpointFolder } from '../shared/failpoints/failpoints.ts'
import { defaultSilenceMs } from '../shared/rpc/silence.ts'
import { defaultLimits } from './migration/turns/queue.ts'

// DNS names and IP addresses, with commas in between.
const namesOrAddresses = (raw: string): readonly string[] => {
  const names = raw.split(',').map((name) => name.trim())
  if (raw.trim() === '') return []
  for (const name of names) {
    if (isIP(name) === 0 && !/^[a-zA-Z0-9*]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/.test(name)) {
      throw new Error(`"${name}" is neither a DNS name nor an IP address`)
    }
  }
  return names
}

const definitions = {
  dataDir: { env: 'DRAYAGE_DATA_DIR', flag: 'dataDir', default: '/var/lib/drayage/coordinator', parse: text },
  // For people and scripts: this machine alone, unless told otherwise.
  restListen: { env: 'DRAYAGE_REST_LISTEN', flag: 'restListen', default: '127.0.0.1:8440', parse: hostPort },
  // auto: TLS unless it listens on loopback alone.
  restTls: { env: 'DRAYAGE_REST_TLS', flag: 'restTls', default: 'auto', parse: oneOf('auto', 'always', 'never') },
  restCertificate: { env: 'DRAYAGE_REST_CERTIFICATE', flag: 'restCertificate', optional: true, parse: text },
  restKey: { env: 'DRAYAGE_REST_KEY', flag: 'restKey', optional: true, parse: text },
  restNames: { env: 'DRAYAGE_REST_NAMES', flag: 'restNames', default: '', parse: namesOrAddresses },
  // For agents that have a certificate.
  grpcListen: { env: 'DRAYAGE_GRPC_LISTEN', flag: 'grpcListen', default: '0.0.0.0:8441', parse: hostPort },
  // For agents that have a join token.
  enrolListen: { env: 'DRAYAGE_ENROL_LISTEN', flag: 'enrolListen', default: '0.0.0.0:8443', parse: hostPort },
  logLevel: {
    env: 'DRAYAGE_LOG_LEVEL',
    flag: 'logLevel',
    default: 'info',
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  },
  // Off unless given.
  finalizeAfterMs: { env: 'DRAYAGE_FINALIZE_AFTER', flag: 'finalizeAfter', optional: true, parse: duration },
  // Off unless given; then with a secret.
  webhookUrl: { env: 'DRAYAGE_WEBHOOK_URL', flag: 'webhookUrl', optional: true, parse: webAddress },
  webhookSecretFile: { env: 'DRAYAGE_WEBHOOK_SECRET_FILE', flag: 'webhookSecretFile', optional: true, parse: text },
  // At once; others wait for their turn.
  maxMigrations: {
    env: 'DRAYAGE_MAX_MIGRATIONS',
    flag: 'maxMigrations',
    default: `${defaultLimits.total}`,
    parse: positiveInteger,
  },
  maxMigrationsPerHost: {
    env: 'DRAYAGE_MAX_MIGRATIONS_PER_HOST',
    flag: 'maxMigrationsPerHost',
    default: `${defaultLimits.perHost}`,
    parse: positiveInteger,
  },
  // Of an agent's certificate.
  certificateLifetimeMs: {
    env: 'DRAYAGE_CERTIFICATE_LIFETIME',
    flag: 'certificateLifetime',
    default: '30d',
    parse: duration,
  },
  heartbeatMs: { env: 'DRAYAGE_HEARTBEAT_MS', flag: 'heartbeatMs', default: '5000', parse: positiveInteger },
  patienceMs: { env: 'DRAYAGE_PATIENCE_MS', flag: 'patienceMs', default: '60000', parse: positiveInteger },
  settleMs: { env: 'DRAYAGE_SETTLE_MS', flag: 'settleMs', default: '3000', parse: positiveInteger },
  silenceMs: { env: 'DRAYAGE_SILENCE_MS', flag: 'silenceMs', default: `${defaultSilenceMs}`, parse: positiveInteger },
  // For tests: shared/failpoints.
  failpoints: { env: 'DRAYAGE_FAILPOINTS', optional: true, parse: failpointFolder },
} as const

export type Settings = SettingsOf<typeof definitions>

export const readDataDir = (flags: Readonly<Record<string, string | undefined>>): { readonly dataDir: string } =>
  readSettings({ dataDir: definitions.dataDir }, flags)

export const readCoordinatorSettings = (flags: Readonly<Record<string, string | undefined>>): Settings =>
  readSettings(definitions, flags)

// "[::1]:8440" and "127.0.0.1:8440", as a listener takes them.
export const splitHostPort = (address: string): { readonly host: string; readonly port: number } => {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) }
}
