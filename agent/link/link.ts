// The line to the coordinator: who we are, that we live, and what the engine has. Kept up for ever; steps and transfers
// do not need it.
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../shared/errors.ts'
import { coordinatorDnsName } from '../../shared/identity/names.ts'
import type { OwnIdentity } from '../../shared/identity/own-identity.ts'
import { version } from '../../shared/package-root.ts'
import { connect, type RpcClient } from '../../shared/rpc/client.ts'
import type { HeartbeatRequest } from '../../shared/rpc/generated/drayage/v1/HeartbeatRequest.ts'
import type { InventoryReport } from '../../shared/rpc/generated/drayage/v1/InventoryReport.ts'
import { heldBy } from '../identity/authorities.ts'
import type { AgentIdentity } from '../identity/files.ts'
import type { AgentTrust } from '../identity/trust.ts'
import type { Observation, Observer } from '../inventory/observer.ts'
import type { Reports } from '../inventory/reports.ts'
import type { Log } from '../log.ts'
import { persist } from '../outage/persist.ts'
import type { Refusals } from './refusals.ts'

export type LinkOptions = {
  // host:port
  readonly coordinator: string
  readonly identity: Pick<OwnIdentity<AgentIdentity>, 'current' | 'tls'>
  readonly advertiseAddress: string
  readonly observer: Pick<Observer, 'engineReachable' | 'facts'>
  readonly reports: Reports
  readonly refusals: Pick<Refusals, 'follow'>
  readonly trust: Pick<AgentTrust, 'version' | 'accept'>
  readonly log: Log
  readonly silenceMs?: number
}

const callTimeoutMs = 15_000

// Until the signal aborts.
export const keepLink = (options: LinkOptions, signal: AbortSignal): Promise<void> =>
  persist({ what: `The coordinator at ${options.coordinator}`, log: options.log, signal }, (up) =>
    session(options, signal, up),
  )

const session = async (options: LinkOptions, signal: AbortSignal, up: () => void): Promise<void> => {
  const { coordinator, identity, advertiseAddress, observer, reports, refusals, trust, log, silenceMs } = options
  const trusting = () => ({ trustVersion: trust.version(), authorities: heldBy(identity.current()) })
  const client = connect(
    'Coordinator',
    {
      address: coordinator,
      dnsName: coordinatorDnsName,
      describedAs: `the coordinator at ${coordinator}`,
      whenUnreachable: 'DRAYAGE_COORDINATOR_UNREACHABLE',
      ...(silenceMs === undefined ? {} : { silenceMs }),
    },
    identity.tls,
  )
  const ended = new AbortController()
  const both = AbortSignal.any([signal, ended.signal])
  try {
    const reply = await client.unary(
      'Register',
      { agentVersion: version, advertiseAddress, engine: observer.facts(), ...trusting() },
      { timeoutMs: callTimeoutMs, signal },
    )
    if (reply.trust) await trust.accept(reply.trust)
    up()
    log.info({ coordinator, coordinatorVersion: reply.coordinatorVersion }, 'Registered with the coordinator')
    await Promise.race([
      beat(client, { observer, trust, trusting }, Math.max(100, reply.heartbeatIntervalMs), both),
      report(client, reports, both),
      refusals.follow((told) => client.unary('ReportRefusals', told, { timeoutMs: callTimeoutMs, signal: both }), both),
    ])
  } catch (thrown) {
    throw namingAnotherAuthority(thrown, coordinator)
  } finally {
    ended.abort()
    client.close()
  }
}

const beat = async (
  client: RpcClient<'Coordinator'>,
  {
    observer,
    trust,
    trusting,
  }: Pick<LinkOptions, 'observer' | 'trust'> & {
    readonly trusting: () => Pick<HeartbeatRequest, 'trustVersion' | 'authorities'>
  },
  intervalMs: number,
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    const reply = await client.unary(
      'Heartbeat',
      { engineReachable: observer.engineReachable(), ...trusting() },
      { timeoutMs: callTimeoutMs, signal },
    )
    if (reply.trust) await trust.accept(reply.trust)
    await sleep(intervalMs, undefined, { signal }).catch(() => {})
  }
}

const report = async (client: RpcClient<'Coordinator'>, reports: Reports, signal: AbortSignal): Promise<void> => {
  const stream = client.duplex('Report', { signal })
  const sending = async () => {
    let sequence = 0
    for await (const observation of reports.follow(signal)) {
      sequence += 1
      await stream.send(toReport(observation, sequence))
    }
    stream.end()
  }
  const acknowledged = async () => {
    for await (const _ of stream.replies) if (signal.aborted) return
    if (signal.aborted) return
    throw new AppError('DRAYAGE_COORDINATOR_UNREACHABLE', 'The coordinator ended the stream of reports.')
  }
  await Promise.race([sending(), acknowledged()])
}

const toReport = (observation: Observation, sequence: number): InventoryReport => {
  if (observation.full) return { sequence, full: true, engine: observation.engine, ...observation.inventory }
  const { containers, volumes, removedContainerIds, removedVolumeNames } = observation.change
  return { sequence, full: false, containers, volumes, removedContainerIds, removedVolumeNames }
}

// What OpenSSL says (X509_verify_cert_error_string) of a chain that does not end at our root; what that means here is
// worth a sentence.
const anotherRoot = /unable to (verify|get)|self.signed certificate|certificate signature failure|unknown ca/i

const namingAnotherAuthority = (thrown: unknown, coordinator: string): unknown => {
  const { message = '' } = thrown as { message?: string }
  if (!anotherRoot.test(message)) return thrown
  return new AppError(
    'DRAYAGE_AUTHORITY_MISMATCH',
    `What answers at ${coordinator} is not the coordinator that this agent was enrolled with: ${message}`,
    { cause: thrown },
  )
}
