// The agent's process: wires everything, and nothing else does.
import type { Server } from '@grpc/grpc-js'
import { switchOnFailpoints } from '../shared/failpoints/failpoints.ts'
import { anonymous, tlsHandshake } from '../shared/identity/names.ts'
import { createOwnIdentity, type OwnIdentity } from '../shared/identity/own-identity.ts'
import { version } from '../shared/package-root.ts'
import { listen, shutDown } from '../shared/rpc/server.ts'
import { signOfLifeMs } from '../shared/rpc/silence.ts'
import type { TlsListenerOptions } from '../shared/rpc/tls-listener.ts'
import { createCoordinatorSource } from './archive/coordinator-source.ts'
import { createLending } from './archive/lending.ts'
import { takeBackAll } from './archive/place.ts'
import { type BreakGlassOutcome, type BreakGlassRequest, breakGlass } from './break-glass.ts'
import { type AgentConfig, hostOf, readConfig, readHostConfig } from './config.ts'
import { createEngine } from './docker/engine.ts'
import { createEnginePaths } from './engine-paths.ts'
import { trustAuthorities } from './identity/authorities.ts'
import { establishIdentity } from './identity/establish.ts'
import { keepRenewed } from './identity/renewal.ts'
import { openTrust } from './identity/trust.ts'
import { createGuard } from './inventory/guard.ts'
import { createObserver } from './inventory/observer.ts'
import { createReports } from './inventory/reports.ts'
import { createSizes } from './inventory/sizes.ts'
import { keepLink } from './link/link.ts'
import { createRefusals, toRefusal } from './link/refusals.ts'
import { askToRenew } from './link/renew.ts'
import { renewTicketBy } from './link/renew-ticket.ts'
import { createLog } from './log.ts'
import { findFaults, refuseToStart, requireRoot } from './preflight.ts'
import { createAgentServer } from './server.ts'
import { takeOwnership } from './state/owner.ts'
import { openState } from './state/state.ts'
import { createAdmission } from './transfer/admission.ts'
import { createPuller } from './transfer/pull.ts'
import { createServing } from './transfer/serve.ts'
import { createVolumeEngine } from './volume/engine.ts'

// How long calls that run may take to end when the agent is told to.
const graceMs = 10_000

// Runs until SIGTERM or SIGINT. Throws AppError where it cannot start, with every reason.
export const runAgent = async (flags: Record<string, string | undefined>): Promise<void> => {
  const config = await usableConfig(flags)
  const ownership = await takeOwnership(config.dataDir)
  const stop = new AbortController()
  const onSignal = () => stop.abort()
  process.once('SIGTERM', onSignal)
  process.once('SIGINT', onSignal)
  try {
    await run(config, stop)
  } finally {
    process.off('SIGTERM', onSignal)
    process.off('SIGINT', onSignal)
    await ownership.release()
  }
}

// What a move left on this host is brought back without a coordinator, in place of the agent.
export const runBreakGlass = async (
  flags: Record<string, string | undefined>,
  request: BreakGlassRequest,
): Promise<BreakGlassOutcome> => {
  const { dataDir, dockerHost, volumeRoot } = readHostConfig(flags)
  requireRoot()
  const { identify, close } = createVolumeEngine()
  const host = { dataDir, engine: createEngine({ dockerHost }), paths: createEnginePaths(volumeRoot), identify }
  try {
    return await breakGlass({ ...host, now: () => new Date() }, request)
  } finally {
    await close()
  }
}

const usableConfig = async (flags: Record<string, string | undefined>): Promise<AgentConfig> => {
  const { config, faults } = readConfig(flags)
  const all = [...faults, ...(await findFaults(config, (dockerHost) => createEngine({ dockerHost })))]
  if (all.length > 0) throw refuseToStart(all)
  return config as AgentConfig
}

const run = async (config: AgentConfig, stop: AbortController): Promise<void> => {
  const { signal } = stop
  const { silenceMs } = config
  const log = createLog(config.logLevel)
  if (config.failpoints !== undefined) {
    switchOnFailpoints(config.failpoints)
    log.warn({ folder: config.failpoints }, 'FAILPOINTS ARE ON: this process fails on purpose. For tests alone')
  }
  const established = await establishIdentity({ ...config, enrolAddress: config.enrol, log }, signal)
  if (established === null) return
  const identity = createOwnIdentity(established)
  const { tls } = identity

  const state = await openState(config.dataDir)
  const engine = createEngine({ dockerHost: config.dockerHost })
  const volumes = createVolumeEngine()
  const paths = createEnginePaths(config.volumeRoot)
  const observer = createObserver({ engine, dockerHost: config.dockerHost, log })
  const sizes = createSizes({ observer, volumes, paths, state, log })
  const reports = createReports({ observer, sizes })
  const lending = createLending({ engine, volumes, paths, state, dataDir: config.dataDir, log })
  const now = () => new Date()
  const line = { coordinator: config.coordinator, tls, silenceMs }
  const admission = createAdmission({ host: established.host, trusted: tls, now })
  const serving = createServing({
    ...{ engine, volumes, paths, state, admission, lending },
    signOfLifeMs: signOfLifeMs(silenceMs),
  })
  const refusals = createRefusals(now)
  const guard = createGuard({ engine, state, observer, refusals, log })
  const trust = await openTrust(config.dataDir, (authorities) =>
    trustAuthorities(config.dataDir, identity, authorities),
  )
  const coordinator = createCoordinatorSource({ coordinator: config.coordinator, tls, silenceMs })
  const puller = createPuller({
    tls,
    renewTicket: renewTicketBy(line),
    banned: trust.banned,
    onBanned: (refusal, { host, address }) =>
      refusals.note(toRefusal(refusal, tlsHandshake, { role: 'agent', host }, address)),
    silenceMs,
  })
  const context = { engine, volumes, paths, state, puller, tls, rules: config.rules, dataDir: config.dataDir, log, now }
  const server = createAgentServer(
    context,
    serving,
    { coordinator, lending },
    { refusals, banned: trust.banned },
    { silenceMs },
  )

  try {
    await takeBackAll(context)
    const advertiseAddress = await serve(server, config, identity, {
      banned: trust.banned,
      turnedAway: (error, address) => refusals.note(toRefusal(error, tlsHandshake, anonymous, address)),
    })
    log.info({ host: established.host, version, listen: config.listen, advertiseAddress }, 'The agent serves')
    // The guard follows before the observer looks, so that the first look is its own as well. Each runs until the
    // signal; one that ends otherwise ends the process, which says why.
    const tasks = [
      guard.run(signal),
      observer.run(signal),
      sizes.run(signal),
      keepRenewed({ dataDir: config.dataDir, identity, ask: askToRenew(line), log }, signal),
      keepLink({ ...line, identity, advertiseAddress, observer, reports, refusals, trust, log }, signal),
    ]
    await Promise.all(tasks).finally(() => {
      stop.abort()
      return Promise.allSettled(tasks)
    })
    log.info({}, 'The agent is stopping')
    await shutDown(server, graceMs)
  } finally {
    server.forceShutdown()
    await volumes.close()
  }
}

// Answers the address to give to others.
const serve = async (
  server: Server,
  config: AgentConfig,
  { tls, renewals }: OwnIdentity,
  guarding: Pick<TlsListenerOptions, 'banned' | 'turnedAway'>,
): Promise<string> => {
  try {
    const { port } = await listen(server, config.listen, tls, { mutual: true, renewals, ...guarding })
    return config.advertise ?? `${hostOf(config.listen)}:${port}`
  } catch (thrown) {
    throw refuseToStart([
      {
        code: 'DRAYAGE_CONFIG_INVALID',
        message: `It cannot listen on ${config.listen} (--listen): ${(thrown as Error).message}`,
      },
    ])
  }
}
