// What the engine is and can do: GET /info and GET /version.
import type { EngineFacts__Output } from '../../../shared/rpc/generated/drayage/v1/EngineFacts.ts'
import type { EngineInfo, EngineVersion } from './answers.ts'
import type { Client } from './client.ts'

export const engineInfo = (client: Client) => client.get<EngineInfo>('/info')

const idShiftOf = (securityOptions: readonly string[]): string => {
  const names = securityOptions.flatMap((option) => option.split(',')).map((part) => part.replace(/^name=/, ''))
  if (names.includes('rootless')) return 'rootless'
  return names.includes('userns') ? 'userns-remap' : ''
}

export const factsFrom = (info: EngineInfo, version: EngineVersion): EngineFacts__Output => ({
  id: info.ID,
  version: version.Version,
  apiVersion: version.ApiVersion,
  os: version.Os,
  architecture: version.Arch,
  storageDriver: info.Driver,
  containerdImageStore: (info.DriverStatus ?? []).some(
    ([key, value]) => key === 'driver-type' && value.startsWith('io.containerd.snapshotter'),
  ),
  dataRoot: info.DockerRootDir,
  idShift: idShiftOf(info.SecurityOptions ?? []),
  swarm: info.Swarm?.LocalNodeState === 'active',
})

export const engineFacts = async (client: Client): Promise<EngineFacts__Output> => {
  const [info, version] = await Promise.all([engineInfo(client), client.get<EngineVersion>('/version')])
  return factsFrom(info, version)
}
