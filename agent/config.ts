import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { parseHostPowers } from '../shared/api/host-powers.ts'
import { bytesIn } from '../shared/config/bytes.ts'
import { hostPort, oneOf, positiveInteger, readSettings, text } from '../shared/config/settings.ts'
import { AppError, type Finding } from '../shared/errors.ts'
import { failpointFolder } from '../shared/failpoints/failpoints.ts'
import { defaultSilenceMs } from '../shared/rpc/silence.ts'
import type { HostRules } from './authority/rules.ts'
import { allowedBinds } from './binds/paths.ts'
import { type VolumeRoot, volumeRoot } from './engine-paths.ts'
import type { LogLevel } from './log.ts'

export type AgentConfig = {
  readonly dataDir: string
  readonly logLevel: LogLevel
  // host:port of the coordinator's gRPC.
  readonly coordinator: string
  // host:port where it enrols new agents.
  readonly enrol: string
  // A secret: never logged. From a file, where one was named and holds one.
  readonly joinToken: string | undefined
  // That file's path: what is said where a token is needed and it has none.
  readonly joinTokenFile: string | undefined
  readonly listen: string
  // undefined: the address that `listen` names, with the port that was bound.
  readonly advertise: string | undefined
  readonly dockerHost: string
  readonly volumeRoot: VolumeRoot | undefined
  readonly silenceMs: number
  // What may not come here, whoever allows it.
  readonly rules: HostRules
  // For tests: shared/failpoints.
  readonly failpoints: string | undefined
}

const defaultEnrolPort = 8443

const byteCount = (raw: string): number => {
  const bytes = bytesIn(raw)
  if (bytes === null || bytes < 1) throw new Error(`"${raw}" is not a size such as 500G or 2T`)
  return bytes
}

const registryNames = (raw: string): readonly string[] => {
  const names = raw.split(',').map((name) => name.trim())
  const wrong = names.filter((name) => !/^[A-Za-z0-9.-]+(:\d{1,5})?$/.test(name))
  if (wrong.length > 0)
    throw new Error(`${wrong.map((name) => `"${name}"`).join(', ')} is no registry, such as docker.io`)
  return names
}

const path = (raw: string): string => resolve(raw)

const dockerHost = (raw: string): string => {
  if (/^unix:\/\/\/./.test(raw) || /^(tcp|https?):\/\/[^/\s]+\/?$/.test(raw)) return raw
  throw new Error(`"${raw}" is neither unix:///path nor tcp://host:port`)
}

// Read one by one, so that the faults of each stand beside those of the others and of the machine.
const settings = {
  dataDir: { env: 'DRAYAGE_DATA_DIR', flag: 'dataDir', default: '/var/lib/drayage/agent', parse: path },
  logLevel: {
    env: 'DRAYAGE_LOG_LEVEL',
    flag: 'logLevel',
    default: 'info',
    parse: oneOf('debug', 'info', 'warn', 'error'),
  },
  coordinator: { env: 'DRAYAGE_COORDINATOR', flag: 'coordinator', parse: hostPort },
  enrol: { env: 'DRAYAGE_ENROL', flag: 'enrol', optional: true, parse: hostPort },
  joinToken: { env: 'DRAYAGE_JOIN_TOKEN', flag: 'joinToken', optional: true, parse: text },
  joinTokenFile: { env: 'DRAYAGE_JOIN_TOKEN_FILE', flag: 'joinTokenFile', optional: true, parse: path },
  listen: { env: 'DRAYAGE_LISTEN', flag: 'listen', default: '0.0.0.0:8442', parse: hostPort },
  advertise: { env: 'DRAYAGE_ADVERTISE', flag: 'advertise', optional: true, parse: hostPort },
  dockerHost: { env: 'DOCKER_HOST', flag: 'dockerHost', default: 'unix:///var/run/docker.sock', parse: dockerHost },
  volumeRoot: { env: 'DRAYAGE_VOLUME_ROOT', flag: 'volumeRoot', optional: true, parse: volumeRoot },
  silenceMs: { env: 'DRAYAGE_SILENCE_MS', flag: 'silenceMs', default: `${defaultSilenceMs}`, parse: positiveInteger },
  forbid: { env: 'DRAYAGE_FORBID', flag: 'forbid', optional: true, parse: parseHostPowers },
  imageRegistries: { env: 'DRAYAGE_IMAGE_REGISTRIES', flag: 'imageRegistries', optional: true, parse: registryNames },
  largestVolume: { env: 'DRAYAGE_LARGEST_VOLUME', flag: 'largestVolume', optional: true, parse: byteCount },
  allowBind: { env: 'DRAYAGE_ALLOW_BIND', flag: 'allowBind', optional: true, parse: allowedBinds },
  failpoints: { env: 'DRAYAGE_FAILPOINTS', optional: true, parse: failpointFolder },
} as const

type Flags = Readonly<Record<string, string | undefined>>

// What could be read, and what is wrong with the rest.
export const readConfig = (
  flags: Flags,
  env?: Flags,
): { readonly config: Partial<AgentConfig>; readonly faults: readonly Finding[] } => {
  const config: Record<string, unknown> = {}
  const faults: Finding[] = []
  for (const [name, setting] of Object.entries(settings)) {
    try {
      Object.assign(config, readSettings({ [name]: setting }, flags, env))
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown
      faults.push(...((thrown.details['reasons'] as readonly Finding[] | undefined) ?? [thrown]))
    }
  }
  const { forbid = [], imageRegistries, largestVolume, allowBind = [], ...others } = config
  const read = {
    ...others,
    rules: {
      ...{ forbidden: forbid, registries: imageRegistries, largestVolumeBytes: largestVolume, bindPaths: allowBind },
    },
  } as Partial<AgentConfig>
  if (read.listen !== undefined && read.advertise === undefined && isWildcard(hostOf(read.listen))) {
    faults.push({
      code: 'missing',
      message:
        `--advertise (DRAYAGE_ADVERTISE) is missing: --listen ${read.listen} names no address that others could call; ` +
        `say where they reach this agent, for example --advertise ${hostname()}:8442`,
    })
  }
  const joinToken = tokenOf(read, faults)
  const enrol = read.enrol ?? (read.coordinator && `${hostOf(read.coordinator)}:${defaultEnrolPort}`)
  return {
    config: { ...read, ...(joinToken === undefined ? {} : { joinToken }), ...(enrol === undefined ? {} : { enrol }) },
    faults,
  }
}

// What the tools of a host beside its agent are told: where that agent keeps its state, and how it sees the engine.
// Throws DRAYAGE_CONFIG_INVALID with every fault.
export const readHostConfig = (
  flags: Flags,
  env?: Flags,
): Pick<AgentConfig, 'dataDir' | 'dockerHost' | 'volumeRoot'> => {
  const { dataDir, dockerHost, volumeRoot } = settings
  const read = readSettings({ dataDir, dockerHost, volumeRoot }, flags, env)
  return { ...read, volumeRoot: read.volumeRoot }
}

// A token file that is gone or empty is no fault of its own: once the agent has a certificate nobody needs it any more.
// Where one is needed, preflight says that the file has none.
const tokenOf = ({ joinToken, joinTokenFile }: Partial<AgentConfig>, faults: Finding[]): string | undefined => {
  if (joinTokenFile === undefined) return joinToken
  if (joinToken !== undefined) {
    faults.push({
      code: 'wrong',
      message:
        '--join-token (DRAYAGE_JOIN_TOKEN) and --join-token-file (DRAYAGE_JOIN_TOKEN_FILE) are both given: which of the ' +
        'two holds is not guessed; give one',
    })
    return joinToken
  }
  try {
    const lines = readFileSync(joinTokenFile, 'utf8').trim()
    if (lines.includes('\n')) throw new Error('it has more than one line')
    return lines === '' ? undefined : lines
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    faults.push({
      code: 'wrong',
      message: `--join-token-file (DRAYAGE_JOIN_TOKEN_FILE) is wrong: ${joinTokenFile}: ${(thrown as Error).message}`,
    })
    return undefined
  }
}

export const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(':'))
const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '[::]'
