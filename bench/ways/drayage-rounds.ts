// Drayage's rounds one by one. The two agents are the lab's real ones and do what they do in any migration; only that this
// benchmark stands in the coordinator's place, with a certificate of its authority, so that a round can be asked for when
// a run is to be measured, and nothing else happens meanwhile.
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import tls from 'node:tls'
import { ulid } from 'ulid'
import { createAgentPort } from '../../coordinator/agents/agent-port.ts'
import { openAuthority } from '../../coordinator/identity/authority.ts'
import { createTicketOffice } from '../../coordinator/identity/ticket-office.ts'
import type { AgentPort } from '../../coordinator/migration/ports.ts'
import type { HostList } from '../../shared/api/hosts.ts'
import { defaultOptions } from '../../shared/api/migration-options.ts'
import { keyHashOf } from '../../shared/identity/key-hash.ts'
import { agentDnsName } from '../../shared/identity/names.ts'
import { connect } from '../../shared/rpc/client.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'
import { mountpointOf, type Stage } from '../stage.ts'
import type { Copying, Source } from './copy-way.ts'

type Agent = { readonly host: string; readonly address: string; readonly port: AgentPort; readonly close: () => void }

const asCoordinator = async ({ lab }: Pick<Stage, 'lab'>): Promise<(host: string) => Agent> => {
  const { dataDir } = lab.coordinator
  const authority = await openAuthority(dataDir, new Date())
  const identity = await authority.issueOwn(new Date())
  const { hosts } = (await lab.coordinator.call('GET', '/v1/hosts')) as HostList
  const addressOf = (host: string): string => {
    const address = hosts.find(({ name }) => name === host)?.address
    if (!address) throw new Error(`The coordinator knows no address of ${host}.`)
    return address
  }
  const signer = await authority.issueForTickets(new Date())
  const office = createTicketOffice({
    signer: () => signer,
    authorities: () => authority.certificate,
    keyOf: (host) => presentedKey(addressOf(host), host, identity),
    isUnderWay: async () => true,
    clock: { now: () => new Date() },
  })
  return (host) => {
    const address = addressOf(host)
    const endpoint = {
      ...{ address, dnsName: agentDnsName(host), describedAs: `the agent of ${host}` },
      whenUnreachable: 'DRAYAGE_AGENT_UNREACHABLE',
    } as const
    const client = connect('Agent', endpoint, identity)
    return { host, address, port: createAgentPort(() => client, office.to(host)), close: () => client.close() }
  }
}

// Of the agent that serves there.
const presentedKey = async (
  address: string,
  host: string,
  { authority, key, certificate }: TlsIdentity,
): Promise<string> => {
  const { hostname, port } = new URL(`tls://${address}`)
  const socket = tls.connect({
    ...{ host: hostname, port: Number(port), servername: agentDnsName(host), ALPNProtocols: ['h2'] },
    ...{ ca: authority, key, cert: certificate },
  })
  await once(socket, 'secureConnect')
  const { raw } = socket.getPeerCertificate()
  socket.destroy()
  return keyHashOf(new X509Certificate(raw))
}

const only = <T>(items: readonly T[], what: string): T => {
  const [item] = items
  if (item === undefined || items.length > 1) throw new Error(`There are ${items.length} ${what}, and not one.`)
  return item
}

// The steps lock, plan and hold of coordinator/migration/steps/hand-over.ts, then as many rounds of precopy as are asked for, then
// their undo.
export const openRounds = async (stage: Stage, { name }: Source): Promise<Copying> => {
  const agent = await asCoordinator(stage)
  const [source, target] = [agent(stage.from.name), agent(stage.to.name)]
  const lease = { migrationId: ulid(), workloadId: ulid(), epoch: 1 }
  const { workloads } = await source.port.describeWorkloads({ containers: [name], measureVolumes: false })
  const workload = only(workloads, `containers ${name}`)
  const volume = only(workload.volumes, `volumes of ${name}`)
  const grant = { lease, containerId: workload.containerId }
  await target.port.grantEpoch({ ...grant, role: 'target', peerHost: source.host })
  await source.port.grantEpoch({ ...grant, role: 'source', peerHost: target.host })
  const { migrationId, workloadId } = lease
  const arrival = { workload, migrationId, workloadId, overwriteChanged: false, allowedPowers: [], choices: {} }
  const { checks } = await target.port.checkTargets({ targets: [arrival] })
  const { imageId, obstacles } = only(checks, `answers about ${name}`)
  if (obstacles.length > 0) throw new Error(`${name} cannot move: ${JSON.stringify(obstacles)}`)
  await target.port.prepareTarget({
    ...{ lease, workload, imageId, overwriteChanged: false, allowedPowers: [], choices: {}, prepared: [] },
  })

  let round = 0
  return {
    target: await mountpointOf(stage.to, volume.name),
    once: async () => {
      round += 1
      const messages = target.port.receiveVolume({
        ...{ lease, volume: volume.name, source: { host: source.host, address: source.address } },
        ...{ round, final: false, rootIdentity: volume.rootIdentity },
        ...{ devices: defaultOptions.devices, verification: defaultOptions.verify },
        ...{ bytesPerSecond: 0, compression: defaultOptions.compression },
      })
      for await (const { result } of messages) {
        if (!result) continue
        if (result.sourceDigest === '' || result.sourceDigest !== result.targetDigest) {
          throw new Error(`The digests of round ${round} differ: ${result.sourceDigest}, ${result.targetDigest}.`)
        }
        return { rereadMs: result.rereadMs }
      }
      throw new Error(`Round ${round} has ended without a result.`)
    },
    discard: async () => {
      await target.port.discardTarget({ lease })
      await target.port.forgetMigration({ lease, movedHere: '' })
      await source.port.forgetMigration({ lease, movedHere: '' })
      source.close()
      target.close()
    },
  }
}
