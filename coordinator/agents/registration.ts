// proto/coordinator.proto, service Coordinator: agents say that they are there, and what their hosts have.
import { hostPort } from '../../shared/config/settings.ts'
import { AppError } from '../../shared/errors.ts'
import type { HeartbeatReply } from '../../shared/rpc/generated/drayage/v1/HeartbeatReply.ts'
import type { HeartbeatRequest__Output } from '../../shared/rpc/generated/drayage/v1/HeartbeatRequest.ts'
import type { InventoryAck } from '../../shared/rpc/generated/drayage/v1/InventoryAck.ts'
import type { InventoryReport__Output } from '../../shared/rpc/generated/drayage/v1/InventoryReport.ts'
import type { RegisterReply } from '../../shared/rpc/generated/drayage/v1/RegisterReply.ts'
import type { RegisterRequest__Output } from '../../shared/rpc/generated/drayage/v1/RegisterRequest.ts'
import type { CallContext } from '../../shared/rpc/server.ts'
import type { Rotation } from '../identity/rotation.ts'
import type { Trusted } from '../identity/trusted.ts'
import type { Clock } from '../migration/ports.ts'
import type { HostStore } from '../store/hosts.ts'
import type { InventoryStore } from '../store/inventory.ts'
import { hostNotFound } from './host-not-found.ts'
import type { Presence } from './presence.ts'

export type RegistrationOptions = {
  readonly hosts: HostStore
  readonly inventory: InventoryStore
  readonly presence: Presence
  readonly clock: Pick<Clock, 'now'>
  readonly heartbeatMs: number
  readonly version: string
  // Report streams last for as long as their agents do; they end when this is aborted.
  readonly stopping: AbortSignal
  // Its agent has started, or has found us again.
  readonly registered?: (host: string) => void
  readonly trusted?: Pick<Trusted, 'newerThan'>
  readonly rotation?: Pick<Rotation, 'heard'>
}

export const createRegistration = ({
  hosts,
  inventory,
  presence,
  clock,
  heartbeatMs,
  version,
  stopping,
  registered = () => {},
  trusted = { newerThan: () => null },
  rotation = { heard: () => {} },
}: RegistrationOptions) => {
  // The newest stream of a host is the one that counts: one whose agent went without a word may still look open.
  const reporting = new Map<string, AbortController>()

  // The agent that enrolled last speaks for a host. A certificate that was given before is good to TLS until it ends, and
  // two agents that took turns as one host would make a jumble of what it has.
  const callerOf = async ({ caller, callerKeyHash }: CallContext): Promise<string> => {
    const name = caller.host ?? ''
    const host = await hosts.find(name)
    if (host === null) throw hostNotFound(name)
    if (host.publicKeyHash !== callerKeyHash()) throw replaced(name, host.enrolledAt)
    return name
  }

  const register = async (request: RegisterRequest__Output, context: CallContext): Promise<RegisterReply> => {
    const host = await callerOf(context)
    const address = reachableAddress(request.advertiseAddress)
    await hosts.register(host, { address, agentVersion: request.agentVersion, engine: request.engine }, clock.now())
    await presence.heard(host, request.engine !== null)
    rotation.heard(host, request.authorities)
    registered(host)
    return {
      heartbeatIntervalMs: heartbeatMs,
      coordinatorVersion: version,
      trust: trusted.newerThan(request.trustVersion),
    }
  }

  const heartbeat = async (request: HeartbeatRequest__Output, context: CallContext): Promise<HeartbeatReply> => {
    const host = await callerOf(context)
    await presence.heard(host, request.engineReachable)
    rotation.heard(host, request.authorities)
    return { trust: trusted.newerThan(request.trustVersion) }
  }

  const report = async function* (
    messages: AsyncIterable<InventoryReport__Output>,
    context: CallContext,
  ): AsyncGenerator<InventoryAck> {
    const host = await callerOf(context)
    reporting.get(host)?.abort()
    const own = new AbortController()
    reporting.set(host, own)
    const end = AbortSignal.any([own.signal, stopping, context.signal])
    let expected = 1
    try {
      for await (const { sequence, ...message } of untilAborted(messages, end)) {
        requireInOrder(sequence, message.full, expected)
        await inventory.record(host, message, clock.now())
        yield { sequence }
        expected += 1
      }
      if (own.signal.aborted) {
        throw new AppError('DRAYAGE_CANCELLED', `Another stream of ${host} took this one's place.`)
      }
    } finally {
      if (reporting.get(host) === own) reporting.delete(host)
    }
  }

  return { register, heartbeat, report, callerOf }
}

const replaced = (host: string, enrolledAt: Date | null): AppError =>
  new AppError(
    'DRAYAGE_AGENT_REPLACED',
    `Another agent has enrolled as ${host} since (at ${enrolledAt?.toISOString() ?? 'an unknown time'}), and that one is ` +
      'heard. Stop this one; if it is the right one after all, stop the other, remove the folder identity in the data ' +
      `directory of this one, and start it with the token of a new dray host add ${host}.`,
  )

const reachableAddress = (address: string): string => {
  const [, port] = /:(\d+)$/.exec(address) ?? []
  try {
    if (Number(port) === 0) throw new Error(`"${address}" has no port`)
    return hostPort(address)
  } catch (thrown) {
    throw new AppError(
      'DRAYAGE_INVALID_REQUEST',
      `The agent's advertised address is of no use: ${(thrown as Error).message}. Give --advertise host:port.`,
      { cause: thrown },
    )
  }
}

// A message that is missing would leave a gap in what is known; a new stream begins with everything.
const requireInOrder = (sequence: number, full: boolean, expected: number): void => {
  if (sequence !== expected) {
    throw new AppError(
      'DRAYAGE_INVALID_REQUEST',
      `Report ${sequence} came where ${expected} was due. Nothing of it was taken in; report anew, from a full one.`,
    )
  }
  if (expected === 1 && !full) {
    throw new AppError('DRAYAGE_INVALID_REQUEST', 'The first report of a stream must be a full one.')
  }
}

// The source's own iterator is left without `return`, which would destroy the call before its status has been sent.
const untilAborted = async function* <T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  const aborted = Promise.withResolvers<{ done: true; value: undefined }>()
  const onAbort = () => aborted.resolve({ done: true, value: undefined })
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    while (!signal.aborted) {
      const next = iterator.next()
      // Lost to the abort, it fails later, when the call is closed.
      next.catch(() => {})
      const result = await Promise.race([next, aborted.promise])
      if (result.done === true) return
      yield result.value
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
