import {
  duration,
  hostPort,
  oneOf,
  positiveInteger,
  readSettings,
  type SettingsOf,
  text,
} from '../shared/config/settings.ts'
import { failpointFolder } from '../shared/failpoints/failpoints.ts'
import { defaultSilenceMs } from '../shared/rpc/silence.ts'

const definitions = {
  dataDir: { env: 'DRAYAGE_DATA_DIR', flag: 'dataDir', default: '/var/lib/drayage/coordinator', parse: text },
  // For people and scripts: this machine alone, unless told otherwise.
  restListen: { env: 'DRAYAGE_REST_LISTEN', flag: 'restListen', default: '127.0.0.1:8440', parse: hostPort },
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
