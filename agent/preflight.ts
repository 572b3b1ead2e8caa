// Whether this agent can do its work here at all, asked before it serves: every fault that there is, at once.
import { constants } from 'node:fs'
import { access, mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, type Finding } from '../shared/errors.ts'
import type { EngineFacts__Output as EngineFacts } from '../shared/rpc/generated/drayage/v1/EngineFacts.ts'
import type { AgentConfig } from './config.ts'
import type { Engine, Inventory } from './docker/engine.ts'
import { createEnginePaths, type EnginePaths } from './engine-paths.ts'
import { type AgentIdentity, loadIdentity } from './identity/files.ts'

export const findFaults = async (
  config: Partial<AgentConfig>,
  connectTo: (dockerHost: string) => Engine,
): Promise<readonly Finding[]> =>
  (
    await Promise.all([
      config.dataDir === undefined ? [] : dataDirFaults(config.dataDir, config),
      processFaults(),
      config.dockerHost === undefined ? [] : engineFaults(connectTo(config.dockerHost), config),
    ])
  ).flat()

// One message for all of them.
export const refuseToStart = (faults: readonly Finding[]): AppError => {
  const [only, ...others] = faults.map(({ message }) => message)
  const list = others.length === 0 ? ` ${only}` : `\n${[only, ...others].map((message) => `  - ${message}`).join('\n')}`
  return new AppError('DRAYAGE_CONFIG_INVALID', `The agent cannot start:${list}`, { details: { reasons: faults } })
}

const dataDirFaults = async (dataDir: string, token: Token): Promise<readonly Finding[]> => {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (thrown) {
    const why = (thrown as Error).message
    return [fault(`The data directory ${dataDir} (--data-dir) cannot be written: ${why}`)]
  }
  try {
    return enrolmentFaults(await loadIdentity(dataDir), token)
  } catch (thrown) {
    if (thrown instanceof AppError) return [thrown]
    throw thrown
  }
}

type Token = Pick<Partial<AgentConfig>, 'joinToken' | 'joinTokenFile'>

const enrolmentFaults = (identity: AgentIdentity | null, { joinToken, joinTokenFile }: Token): readonly Finding[] => {
  if (joinToken !== undefined) return []
  const givenBy = joinTokenFile === undefined ? '' : ` in ${joinTokenFile}`
  if (identity === null) {
    const none = joinTokenFile === undefined ? 'no join token was given' : `${joinTokenFile} holds no join token`
    return [
      fault(
        `This host has no certificate yet, and ${none}: run \`dray host add NAME\` where the coordinator ` +
          `is, and start the agent with what it prints${givenBy || ' (--join-token, DRAYAGE_JOIN_TOKEN)'}`,
      ),
    ]
  }
  if (identity.validUntil.getTime() > Date.now()) return []
  return [
    fault(
      `The certificate of ${identity.host} expired on ${identity.validUntil.toISOString()}: run \`dray host add ` +
        `${identity.host}\` again, and start the agent with the new join token${givenBy}`,
    ),
  ]
}

// Bits of the effective set (linux/capability.h), and what volumes would lose without each. Without SYS_ADMIN the kernel
// does not even list `trusted.*` attributes (xattr(7)): nobody could tell afterwards that they are missing. So none of
// these is a warning.
const needed = [
  { bit: 0n, name: 'CHOWN', loss: 'files cannot be given their owners' },
  {
    bit: 1n,
    name: 'DAC_OVERRIDE',
    loss: 'what only its owner may read cannot be read, nor files written in folders of others',
  },
  { bit: 3n, name: 'FOWNER', loss: "modes, times and attributes of others' files cannot be set" },
  { bit: 4n, name: 'FSETID', loss: 'the set-user-id and set-group-id bits are lost when the owner is set' },
  { bit: 27n, name: 'MKNOD', loss: 'devices cannot be made' },
  { bit: 31n, name: 'SETFCAP', loss: 'file capabilities cannot be set' },
  { bit: 21n, name: 'SYS_ADMIN', loss: 'attributes named trusted.* are invisible, and would be lost without a word' },
] as const

// mask: the effective capabilities, in hex, as the kernel prints them.
export const capabilityFaults = (mask: string): readonly Finding[] => {
  const held = BigInt(`0x${mask}`)
  return needed
    .filter(({ bit }) => ((held >> bit) & 1n) === 0n)
    .map(({ name, loss }) =>
      fault(
        `The agent lacks the capability ${name}, and without it ${loss}: grant it (--cap-add ${name}, or ` +
          `CAP_${name} in the service's CapabilityBoundingSet=)`,
      ),
    )
}

// For what is done in the agent's place.
export const requireRoot = (): void => {
  if (process.getuid?.() === 0) return
  throw new AppError(
    'DRAYAGE_CONFIG_INVALID',
    'This is done with the files of the agent and of volumes: run it as root.',
  )
}

const processFaults = async (): Promise<readonly Finding[]> => {
  if (process.getuid?.() !== 0) {
    return [
      fault('The agent does not run as root, and so cannot read and write the files of volumes: start it as root'),
    ]
  }
  const [, mask] = /^CapEff:\s*([0-9a-f]+)$/m.exec(await readFile('/proc/self/status', 'utf8')) ?? []
  if (mask === undefined) {
    return [fault('/proc/self/status does not say which capabilities the agent has: mount /proc where it runs')]
  }
  return capabilityFaults(mask)
}

const engineFaults = async (engine: Engine, config: Partial<AgentConfig>): Promise<readonly Finding[]> => {
  let facts: EngineFacts
  let inventory: Inventory
  try {
    facts = await engine.facts()
    inventory = await engine.inventory()
  } catch (thrown) {
    const why = (thrown as Error).message
    return [fault(`No Docker engine can be used at ${config.dockerHost} (--docker-host, DOCKER_HOST): ${why}`)]
  }
  const stranger = await unlikeTheEngines(createEnginePaths(config.volumeRoot), facts, inventory)
  if (stranger === null) return []
  return [
    fault(
      `The engine keeps its data in ${facts.dataRoot}, and from here ${stranger}: run the agent on the engine's host, ` +
        'or say where it sees that folder (--volume-root ENGINE_PATH=AGENT_PATH)',
    ),
  ]
}

// A folder of that name may well be another engine's. Ids of containers are unique, and each has a folder there.
const unlikeTheEngines = async (
  paths: EnginePaths,
  { dataRoot }: EngineFacts,
  { containers }: Inventory,
): Promise<string | null> => {
  const here = paths.here(dataRoot)
  if (!(await isDirectory(join(here, 'volumes')))) return `${join(here, 'volumes')} cannot be seen`
  for (const { id, name } of containers.slice(0, 20)) {
    if (await isDirectory(join(here, 'containers', id))) return null
    if (!(await isDirectory(join(here, 'containers')))) return `${join(here, 'containers')} cannot be seen`
    return `${here} is another engine's: it does not have the container ${name}`
  }
  return null
}

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

const fault = (message: string): Finding => ({ code: 'DRAYAGE_CONFIG_INVALID', message })
