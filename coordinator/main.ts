// The coordinator's process: what is up, in which order, and how it ends.
import { accessSync, constants, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { AppError } from '../shared/errors.ts'
import { switchOnFailpoints } from '../shared/failpoints/failpoints.ts'
import { createOwnIdentity } from '../shared/identity/own-identity.ts'
import { version } from '../shared/package-root.ts'
import { createAgentServers } from './agents/servers.ts'
import { buildApp } from './app.ts'
import { assemble } from './assembly.ts'
import { systemClock } from './clock.ts'
import { readCoordinatorSettings, readDataDir, type Settings, splitHostPort } from './config.ts'
import { ensureAdminToken } from './identity/api-tokens.ts'
import { openAuthority } from './identity/authority.ts'
import { followAuthority, restTlsFor } from './identity/rest-tls.ts'
import { type Listening, listenToAll } from './listening.ts'
import { type BackupFacts, databaseFile, restoreBackup, takeBackup } from './store/backup.ts'
import { type Database, lockDirectory, openDatabase } from './store/database.ts'
import { openStores } from './store/stores.ts'

export type Coordinator = Listening & { stop(): Promise<void> }

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

// From here on it answers: what is half done is taken up again when everybody can reach it.
const serve = async (
  settings: Settings,
  db: Database,
  log: Logger,
  parts: AsyncDisposableStack,
): Promise<Omit<Coordinator, 'stop'>> => {
  const { dataDir, certificateLifetimeMs, restListen } = settings
  const stores = openStores(db, systemClock)
  const authority = await openAuthority(dataDir, systemClock.now(), {
    agentLifetimeMs: certificateLifetimeMs,
    enrolledHosts: async () =>
      (await stores.hosts.list()).flatMap(({ name, enrolledAt }) => (enrolledAt === null ? [] : [name])),
  })
  log.info({ fingerprint: authority.fingerprint, file: join(dataDir, 'ca.pem') }, 'The certificate authority')
  const identity = createOwnIdentity(await authority.issueOwn(systemClock.now()))
  const restTls = () => restTlsFor(settings, splitHostPort(restListen).host, authority, systemClock.now())
  const tls = await restTls()
  const tokenFile = await ensureAdminToken(dataDir, stores.apiTokens, systemClock.now())
  if (tokenFile !== null) log.info({ file: tokenFile }, 'There was no token of an admin: one is in this file now')

  const stopping = new AbortController()
  const common = { settings, stores, authority, identity, clock: systemClock, log, stopping: stopping.signal }
  const services = await assemble(common)
  parts.defer(() => services.close())
  const app = await buildApp({ ...services.rest, tls, log })
  followAuthority(app.server, restTls, identity.renewals, log)
  const listening = await listenToAll(settings, { app, agents: createAgentServers(common, services), identity }, parts)
  services.ready()

  parts.defer(() => stopping.abort())
  const { done } = services.run()
  // Until its last words are written, the database is there.
  parts.defer(() => done)
  parts.defer(() => stopping.abort())
  parts.defer(() => services.migrations.stop())
  await services.migrations.resumeUnfinished()
  services.finalizeInTime()
  return listening
}
