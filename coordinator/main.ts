// The coordinator's process: the one place where its parts are put together.
import { accessSync, constants, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { AppError } from '../shared/errors.ts'
import { switchOnFailpoints } from '../shared/failpoints/failpoints.ts'
import { version } from '../shared/package-root.ts'
import { createServer, handlers, listen, shutDown } from '../shared/rpc/server.ts'
import { services } from '../shared/rpc/services.ts'
import { signOfLifeMs } from '../shared/rpc/silence.ts'
import { auditCalls } from './agents/audited-calls.ts'
import { createConnections } from './agents/connections.ts'
import { createHostDirectory, hostNotFound } from './agents/directory.ts'
import { createEnrolment } from './agents/enrolment.ts'
import { createPresence } from './agents/presence.ts'
import { createRegistration } from './agents/registration.ts'
import { createRenewal } from './agents/renewal.ts'
import { buildApp } from './app.ts'
import { createArchiveService } from './archives/service.ts'
import { systemClock } from './clock.ts'
import { readCoordinatorSettings, readDataDir, type Settings, splitHostPort } from './config.ts'
import { createFencing } from './fencing/fencing.ts'
import { createGuardedHosts } from './fencing/guarded-hosts.ts'
import { createApiTokens, ensureAdminToken } from './identity/api-tokens.ts'
import { openAuthority } from './identity/authority.ts'
import { restTlsFor } from './identity/rest-tls.ts'
import { finalizeWhenDue } from './migration/finalize-when-due.ts'
import type { Journal } from './migration/ports.ts'
import { createMigrationService } from './migration/service.ts'
import { createHolds } from './recovery/holds.ts'
import { createRecovery } from './recovery/recovery.ts'
import { createApiTokenStore } from './store/api-tokens.ts'
import { createAuditStore } from './store/audit.ts'
import { type BackupFacts, databaseFile, restoreBackup, takeBackup } from './store/backup.ts'
import { type Database, isAnswering, lockDirectory, openDatabase } from './store/database.ts'
import { createFenceStore } from './store/fences.ts'
import { createHostStore } from './store/hosts.ts'
import { createInventoryStore } from './store/inventory.ts'
import { createJoinTokenStore } from './store/join-tokens.ts'
import { createJournal } from './store/journal.ts'
import { createRecoveryStore } from './store/recovery.ts'
import { readStatistics } from './store/statistics.ts'
import { createVolumeHolds } from './store/volume-holds.ts'
import { createDeliveryStore } from './store/webhook-deliveries.ts'
import { createVerifier } from './verification/verifier.ts'
import { createWebhookSender } from './webhook/sender.ts'
import { openWebhook } from './webhook/settings.ts'

export type Coordinator = {
  // Where it really listens: a port 0 was a wish.
  readonly restUrl: string
  readonly grpcPort: number
  readonly enrolPort: number
  stop(): Promise<void>
}

// How long running calls may go on when it is asked to stop.
const graceMs = 5_000

const stopSignals = ['SIGTERM', 'SIGINT'] as const

// Until SIGTERM or SIGINT. Throws DRAYAGE_CONFIG_INVALID with every fault at once; a second signal ends it at once.
export const runCoordinator = async (flags: Record<string, string | undefined>): Promise<void> => {
  const settings = readCoordinatorSettings(flags)
  const log = pino({ level: settings.logLevel, base: null }, pino.destination(2))
  const stopped = Promise.withResolvers<NodeJS.Signals>()
  const onSignal = (signal: NodeJS.Signals) => {
    for (const each of stopSignals) process.off(each, onSignal)
    stopped.resolve(signal)
  }
  for (const each of stopSignals) process.on(each, onSignal)
  if (settings.failpoints !== undefined) {
    switchOnFailpoints(settings.failpoints)
    log.warn({ folder: settings.failpoints }, 'FAILPOINTS ARE ON: this process fails on purpose. For tests alone')
  }
  const coordinator = await startCoordinator(settings, log)
  const signal = await stopped.promise
  log.info({ signal }, 'Stopping; migrations that have not ended go on at the next start')
  await coordinator.stop()
  log.info('Stopped')
}

const dataDirOf = (flags: Record<string, string | undefined>): string => readDataDir(flags).dataDir

// On the coordinator's machine, whether it runs or not.
export const runBackup = (flags: Record<string, string | undefined>, to: string): Promise<BackupFacts> =>
  takeBackup(dataDirOf(flags), to, { version, now: systemClock.now() })

export const runRestore = (flags: Record<string, string | undefined>, from: string): Promise<BackupFacts> =>
  restoreBackup(from, dataDirOf(flags), { now: systemClock.now() })

export const startCoordinator = async (settings: Settings, log: Logger): Promise<Coordinator> => {
  // Each part that is up leaves here how it is taken down; the last one up is the first one down.
  const parts = new AsyncDisposableStack()
  try {
    prepareDirectory(settings.dataDir)
    const lock = lockDirectory(settings.dataDir)
    parts.defer(() => lock.release())
    const db = await openDatabase(join(settings.dataDir, databaseFile))
    parts.defer(() => db.destroy())
    const serving = await serve(settings, db, log, parts)
    log.info({ ...serving, version, dataDir: settings.dataDir }, 'The coordinator is up')
    return { ...serving, stop: () => parts.disposeAsync() }
  } catch (thrown) {
    await parts.disposeAsync()
    throw thrown
  }
}

const prepareDirectory = (dataDir: string): void => {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (thrown) {
    throw new AppError(
      'DRAYAGE_CONFIG_INVALID',
      `The data directory ${dataDir} cannot be used: ${(thrown as Error).message}. Choose another (--data-dir), or make this one writable.`,
      { cause: thrown },
    )
  }
}

const serve = async (
  settings: Settings,
  db: Database,
  log: Logger,
  parts: AsyncDisposableStack,
): Promise<Omit<Coordinator, 'stop'>> => {
  const { dataDir, heartbeatMs, patienceMs, settleMs, silenceMs, finalizeAfterMs } = settings
  const clock = systemClock
  const [hosts, inventory, joinTokens, apiTokens] = [
    createHostStore(db),
    createInventoryStore(db),
    createJoinTokenStore(db),
    createApiTokenStore(db),
  ]

  const authority = await openAuthority(dataDir, clock.now(), settings.certificateLifetimeMs)
  log.info({ fingerprint: authority.fingerprint, file: join(dataDir, 'ca.pem') }, 'The certificate authority')
  const identity = await authority.issueOwn(clock.now())
  const tokenFile = await ensureAdminToken(dataDir, apiTokens, clock.now())
  if (tokenFile !== null) log.info({ file: tokenFile }, 'There was no token of an admin: one is in this file now')

  const stopping = new AbortController()
  const presence = createPresence({ hosts, clock, heartbeatMs, log })
  parts.defer(() => presence.flush())
  const connections = createConnections({ hosts, presence, identity, silenceMs })
  parts.defer(() => connections.close())
  const webhook = openWebhook(settings.webhookUrl, settings.webhookSecretFile)
  const journal: Journal = createJournal(db, clock, webhook === null ? {} : { announced: () => webhookSender?.wake() })
  const deliveries = createDeliveryStore(db, clock)
  const webhookSender = webhook === null ? null : createWebhookSender({ ...webhook, deliveries, journal, clock, log })
  const fences = createFenceStore(db, clock)
  const onlineSince = async (name: string) => {
    const row = await hosts.find(name)
    if (row === null) throw hostNotFound(name)
    const { state, lastSeen } = presence.of(row)
    return state === 'online' ? lastSeen : null
  }
  const holding = createHolds()
  const onHold = () => holding.everything() !== null
  const fencing = createFencing({ hosts: connections, fences, journal, onlineSince, onHold, clock, log })
  const recovery = await createRecovery({
    ...{ hosts: connections, fences, journal, holds: holding, clock, log },
    store: createRecoveryStore(db),
    enrolled: async () =>
      (await hosts.list())
        .filter(({ enrolledAt }) => enrolledAt !== null)
        .map((row) => ({ name: row.name, state: presence.of(row).state })),
    tell: fencing.tell,
  })
  const guarded = createGuardedHosts({ hosts: connections, fences, journal, heard: recovery.heard })
  const migrations = createMigrationService({
    ...{ journal, hosts: guarded, holds: holding, clock, log, patienceMs, settleMs },
    limits: { total: settings.maxMigrations, perHost: settings.maxMigrationsPerHost },
  })
  const holds = createVolumeHolds(db, clock)
  await holds.clear()
  const archives = createArchiveService({
    hosts: connections,
    holds,
    clock,
    log,
    signOfLifeMs: signOfLifeMs(silenceMs),
  })
  const directory = createHostDirectory({
    ...{ hosts, joinTokens, presence, fences, clock },
    fingerprint: authority.fingerprint,
  })

  const audit = createAuditStore(db, clock)
  const { failed, enrolled } = auditCalls({ audit, clock, log })
  const enrolment = createEnrolment({ authority, joinTokens, clock, enrolled, log })
  const fromAnyone = handlers(['anonymous', 'agent'], failed)
  const enrolServer = createServer()
  enrolServer.addService(services.Enrolment, { Enrol: fromAnyone.unary(enrolment.enrol) })

  const registration = createRegistration({
    hosts,
    inventory,
    presence,
    clock,
    heartbeatMs,
    version,
    stopping: stopping.signal,
    registered: (host) => {
      // What it is owed comes before anything else; what it remembers is asked after that, which may have changed it.
      recovery.forget(host)
      const told = fencing.isBack(host).then(() => recovery.ask(host))
      told.catch((thrown) => log.error({ host, err: thrown }, 'A host that registered could not be taken in'))
    },
  })
  const renewal = createRenewal({ authority, hosts, callerOf: registration.callerOf, clock, log })
  const fromAgents = handlers(['agent'], failed)
  const grpcServer = createServer({ silenceMs })
  grpcServer.addService(services.Coordinator, {
    Register: fromAgents.unary(registration.register),
    Heartbeat: fromAgents.unary(registration.heartbeat),
    Report: fromAgents.duplex(registration.report),
    Renew: fromAgents.unary(renewal.renew),
    PullArchive: fromAgents.serverStream(archives.give),
  })

  let listening = false
  const app = await buildApp({
    hosts: directory,
    fencing,
    recovery,
    inventory,
    migrations,
    archives,
    verifier: createVerifier({ journal, hosts: connections, clock }),
    statistics: () => readStatistics(db),
    unready: async () => [
      ...(listening ? [] : ['not every port is listening yet']),
      ...(await isAnswering(db).then(
        () => [],
        (thrown: Error) => [`the database does not answer: ${thrown.message}`],
      )),
    ],
    tls: await restTlsFor(settings, splitHostPort(settings.restListen).host, authority, clock.now()),
    tokens: createApiTokens(apiTokens, clock),
    audit,
    log,
  })

  parts.defer(() => shutDown(grpcServer, graceMs))
  parts.defer(() => shutDown(enrolServer, graceMs))
  parts.defer(() => closeWithin(app, graceMs))
  const [grpc, enrol, restUrl] = await Promise.allSettled([
    listen(grpcServer, settings.grpcListen, identity, { mutual: true }),
    listen(enrolServer, settings.enrolListen, identity, { mutual: false }),
    app.listen(splitHostPort(settings.restListen)),
  ])
  const notListening = [
    [`--grpc-listen (DRAYAGE_GRPC_LISTEN) ${settings.grpcListen}`, grpc] as const,
    [`--enrol-listen (DRAYAGE_ENROL_LISTEN) ${settings.enrolListen}`, enrol] as const,
    [`--rest-listen (DRAYAGE_REST_LISTEN) ${settings.restListen}`, restUrl] as const,
  ].flatMap(([setting, outcome]) =>
    outcome.status === 'rejected' ? [`${setting}: ${(outcome.reason as Error).message}`] : [],
  )
  if (grpc.status === 'rejected' || enrol.status === 'rejected' || restUrl.status === 'rejected') {
    throw cannotListen(notListening)
  }
  listening = true
  parts.defer(() => stopping.abort())

  const watching = presence.watch(stopping.signal)
  watching.catch((thrown) => log.error({ err: thrown }, 'Hosts are no longer watched'))
  const telling = fencing.run(stopping.signal)
  telling.catch((thrown) => log.error({ err: thrown }, 'Hosts that are back are no longer told what they are owed'))
  // Until its last words are written, the database is there.
  const sending = webhookSender?.run(stopping.signal)
  parts.defer(async () => sending)
  parts.defer(() => stopping.abort())
  parts.defer(() => migrations.stop())
  await migrations.resumeUnfinished()
  if (finalizeAfterMs !== undefined) {
    const due = finalizeWhenDue({ journal, migrations, clock, afterMs: finalizeAfterMs, log }, stopping.signal)
    due.catch((thrown) => log.error({ err: thrown }, 'Migrations are no longer finalized by themselves'))
  }
  return { restUrl: restUrl.value, grpcPort: grpc.value.port, enrolPort: enrol.value.port }
}

const cannotListen = (faults: readonly string[]): AppError =>
  new AppError(
    'DRAYAGE_CONFIG_INVALID',
    `The coordinator cannot listen where it should: ${faults.join('; ')}. Is another program there, or is the address not of this machine?`,
    { details: { reasons: faults.map((message) => ({ code: 'not-listening', message })) } },
  )

// Connections that are still at work when the time is up are cut.
const closeWithin = async (
  app: { close(): Promise<unknown>; readonly server: { closeAllConnections(): void } },
  ms: number,
): Promise<void> => {
  const timer = setTimeout(() => app.server.closeAllConnections(), ms)
  await app.close()
  clearTimeout(timer)
}
