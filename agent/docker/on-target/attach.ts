// The workload's networks, as far as its container on the target is connected to them.
import type { Endpoint, InspectedContainer, InspectedNetwork } from '../api/answers.ts'
import { type Client, path } from '../api/client.ts'
import type { ContainerSpec } from './container-spec.ts'

// Once it has run, an engine knows a container's own networks by their ids, and does not start it on another of the same
// name (seen on 20.10 and 28.5). Its built-in ones it knows by name, and may make anew whenever it starts.
export const isRemade = (name: string, { NetworkID }: Endpoint, networks: readonly InspectedNetwork[]): boolean => {
  const here = networks.find((network) => network.Name === name)
  return here !== undefined && !builtIn.has(name) && Boolean(NetworkID) && NetworkID !== here.Id
}

const builtIn: ReadonlySet<string> = new Set(['bridge', 'host', 'none'])

// API versions before 1.44 take one network at create; one way for all is also what a repeated call needs, and one that
// was kept here while somebody removed its network.
export const connectNetworks = async (
  client: Client,
  spec: ContainerSpec,
  container: InspectedContainer,
): Promise<void> => {
  const networks = await client.get<InspectedNetwork[]>('/networks')
  for (const [name, endpoint] of Object.entries(spec.endpoints)) {
    const connected = container.NetworkSettings.Networks?.[name]
    const remade = connected !== undefined && isRemade(name, connected, networks)
    if (!remade && (connected !== undefined || name === spec.primaryNetwork)) continue
    if (remade)
      await client.post(path`/networks/${name}/disconnect`, { body: { Container: container.Id, Force: true } })
    await client.post(path`/networks/${name}/connect`, { body: { Container: container.Id, EndpointConfig: endpoint } })
  }
}
