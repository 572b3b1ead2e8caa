// Whether this agent can do its work here at all, asked before it serves: every fault that there is, at once.
import { constants } from 'node:fs'
import { access, mkdir, stat } from 'node:fs/promises'
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
      config.dataDir === undefined ? [] : dataDirFaults(config.dataDir, config.joinToken),
      config.dockerHost === undefined ? [] : engineFaults(connectTo(config.dockerHost), config),
    ])
  ).flat()

// One message for all of them.
export const refuseToStart = (faults: readonly Finding[]): AppError => {
  const [only, ...others] = faults.map(({ message }) => message)
  const list = others.length === 0 ? ` ${only}` : `\n${[only, ...others].map((message) => `  - ${message}`).join('\n')}`
  return new AppError('DRAYAGE_CONFIG_INVALID', `The agent cannot start:${list}`, { details: { reasons: faults } })
}

const dataDirFaults = async (dataDir: string, joinToken: string | undefined): Promise<readonly Finding[]> => {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (thrown) {
    const why = (thrown as Error).message
    return [fault(`The data directory ${dataDir} (--data-dir) cannot be written: ${why}`)]
  }
  try {
    return enrolmentFaults(await loadIdentity(dataDir), joinToken)
  } catch (thrown) {
    if (thrown instanceof AppError) return [thrown]
    throw thrown
  }
}

const enrolmentFaults = (identity: AgentIdentity | null, joinToken: string | undefined): readonly Finding[] => {
  if (joinToken !== undefined) return []
  if (identity === null) {
    return [
      fault(
        'This host has no certificate yet, and no join token was given: run `dray host add NAME` where the coordinator ' +
          'is, and start the agent with what it prints (--join-token, DRAYAGE_JOIN_TOKEN)',
      ),
    ]
  }
  if (identity.validUntil.getTime() > Date.now()) return []
  return [
    fault(
      `The certificate of ${identity.host} expired on ${identity.validUntil.toISOString()}: run \`dray host add ` +
        `${identity.host}\` again, and start the agent with the new join token`,
    ),
  ]
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
  const faults: Finding[] = []
  if (process.getuid?.() !== 0) {
    faults.push(
      fault('The agent does not run as root, and so cannot read and write the files of volumes: start it as root'),
    )
  }
  const stranger = await unlikeTheEngines(createEnginePaths(config.volumeRoot), facts, inventory)
  if (stranger !== null) {
    faults.push(
      fault(
        `The engine keeps its data in ${facts.dataRoot}, and from here ${stranger}: run the agent on the engine's host, ` +
          'or say where it sees that folder (--volume-root ENGINE_PATH=AGENT_PATH)',
      ),
    )
  }
  return faults
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
