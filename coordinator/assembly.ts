// The one place where the coordinator's parts are put together.
import type { Logger } from 'pino'
import type { OwnIdentity } from '../shared/identity/own-identity.ts'
import { signOfLifeMs } from '../shared/rpc/silence.ts'
import { createConnections } from './agents/connections.ts'
import { createHostDirectory } from './agents/directory.ts'
import { hostNotFound } from './agents/host-not-found.ts'
import { createPresence, type Presence } from './agents/presence.ts'
import { createHostRemoval } from './agents/removal.ts'
import type { AppDeps } from './app.ts'
import { createArchiveService } from './archives/service.ts'
import type { Settings } from './config.ts'
import { createFencing } from './fencing/fencing.ts'
import { createGuardedHosts } from './fencing/guarded-hosts.ts'
import { createApiTokens } from './identity/api-tokens.ts'
import type { Authority } from './identity/authority.ts'
import { createRotation, type Rotation } from './identity/rotation.ts'
import { createTicketOffice, type TicketOffice } from './identity/ticket-office.ts'
import { openTrusted, type Trusted } from './identity/trusted.ts'
import { finalizeWhenDue } from './migration/finalize-when-due.ts'
import { holdsLease } from './migration/holds-lease.ts'
import type { Clock } from './migration/ports.ts'
import { createMigrationService, type MigrationService } from './migration/service.ts'
import { createOrphans } from './orphans/orphans.ts'
import { createHolds } from './recovery/holds.ts'
import { createRecovery } from './recovery/recovery.ts'
import type { Stores } from './store/stores.ts'
import { createVerifier } from './verification/verifier.ts'
import { createWebhookSender } from './webhook/sender.ts'
import { openWebhook } from './webhook/settings.ts'

export type Common = {
  readonly settings: Settings
  readonly stores: Stores
  readonly authority: Authority
  readonly identity: OwnIdentity
  readonly clock: Clock
  readonly log: Logger
  // What runs by itself ends when it is aborted.
  readonly stopping: AbortSignal
}

export type Assembled = {
  readonly presence: Presence
  readonly migrations: MigrationService
  readonly archives: ReturnType<typeof createArchiveService>
  readonly tickets: TicketOffice
  readonly trusted: Trusted
  readonly rotation: Rotation
  // A host's agent has started, or has found us again.
  registered(host: string): void
  // What the REST interface is made of.
  readonly rest: Omit<AppDeps, 'tls' | 'log'>
  // Every port listens.
  ready(): void
  // Begins what runs by itself. `done` resolves when the last of it that writes has ended.
  run(): { readonly done: Promise<void> }
  // Where an operator wants it so. Once what was unfinished has been taken up again.
  finalizeInTime(): void
  close(): Promise<void>
}

export const assemble = async (common: Common): Promise<Assembled> => {
  const { settings, stores, authority, identity, clock, log, stopping } = common
  const { heartbeatMs, patienceMs, settleMs, silenceMs, finalizeAfterMs } = settings
  const { hosts, inventory, joinTokens, fences, deliveries } = stores

  const presence = createPresence({ hosts, clock, heartbeatMs, log })
  let ticketSigner = await authority.issueForTickets(clock.now())
  const tickets = createTicketOffice({
    signer: () => ticketSigner,
    authorities: () => identity.tls.authority,
    keyOf: async (name) => (await hosts.find(name))?.publicKeyHash ?? null,
    isUnderWay: async (pull) =>
      pull.workloadId === '' ? archives.transfer(pull.transferId).endedAt === null : holdsLease(journal, pull),
    clock,
  })
  const trusted = await openTrusted(stores.revokedKeys, authority, clock)
  const { banned } = trusted
  const connections = createConnections({ hosts, presence, identity: identity.tls, tickets, banned, silenceMs })
  const rotation = createRotation({
    ...{ authority, hosts: hosts.list, clock, log },
    changed: async () => {
      ticketSigner = await authority.issueForTickets(clock.now())
      await identity.update(() => authority.issueOwn(clock.now()))
      connections.renew()
      await trusted.refresh()
    },
    tookStep: (action) =>
      stores.audit.append({
        ...{ actor: null, role: null, address: '', action, subject: authority.fingerprint },
        ...{ outcome: 'allowed', code: null, requestId: null },
      }),
  })
  const removal = createHostRemoval({
    ...{ hosts, clock },
    removed: async (name) => {
      await trusted.refresh()
      connections.forget(name)
      presence.forget(name)
      rotation.forget(name)
      recovery.forget(name)
    },
  })
  const directory = createHostDirectory({
    ...{ hosts, joinTokens, presence, fences, clock },
    authority,
    removal,
  })

  const webhook = openWebhook(settings.webhookUrl, settings.webhookSecretFile)
  const journal = stores.journal(webhook === null ? undefined : () => webhookSender?.wake())
  const webhookSender = webhook === null ? null : createWebhookSender({ ...webhook, deliveries, journal, clock, log })

  const holds = createHolds()
  const fencing = createFencing({
    ...{ hosts: connections, fences, journal, clock, log },
    onHold: () => holds.everything() !== null,
    sighting: async (name) => {
      const row = await hosts.find(name)
      if (row === null) throw hostNotFound(name)
      return presence.of(row)
    },
  })
  const recovery = await createRecovery({
    ...{ hosts: connections, fences, journal, holds, clock, log },
    store: stores.recovery,
    tell: fencing.tell,
    enrolled: async () =>
      (await hosts.list())
        .filter(({ enrolledAt }) => enrolledAt !== null)
        .map((row) => ({ name: row.name, state: presence.of(row).state })),
  })
  const migrations = createMigrationService({
    ...{ journal, holds, clock, log, patienceMs, settleMs },
    hosts: createGuardedHosts({ hosts: connections, fences, journal, heard: recovery.heard }),
    inventories: {
      ofProject: async (project) => ({
        hosts: await directory.list(),
        containers: await inventory.containers({ project, gone: 'true' }),
        volumes: await inventory.volumes({ project }),
      }),
    },
    limits: { total: settings.maxMigrations, perHost: settings.maxMigrationsPerHost },
  })
  // Those of a process that is gone.
  await stores.volumeHolds.clear()
  const orphans = createOrphans({
    ...{ directory, inventory, claims: stores.claims, clock },
    heldBack: holds.everything,
  })
  const archives = createArchiveService({
    ...{
      hosts: connections,
      requireRemovable: orphans.requireRemovable,
      identityOf: orphans.identityOf,
      holds: stores.volumeHolds,
      clock,
      log,
    },
    signOfLifeMs: signOfLifeMs(silenceMs),
  })

  const untilStopped = (whatElse: string, task: Promise<void>): Promise<void> =>
    task.catch((thrown) => log.error({ err: thrown }, whatElse))
  let isListening = false
  return {
    presence,
    migrations,
    archives,
    tickets,
    trusted,
    rotation,

    registered: (host) => {
      // What it is owed comes before anything else; what it remembers is asked after that, which may have changed it.
      recovery.forget(host)
      const told = fencing.isBack(host).then(() => recovery.ask(host))
      told.catch((thrown) => log.error({ host, err: thrown }, 'A host that registered could not be taken in'))
    },

    rest: {
      ...{
        hosts: directory,
        authority: rotation,
        trusted: () => authority.trusted,
        fencing,
        recovery,
        inventory,
        migrations,
        archives,
        orphans,
      },
      verifier: createVerifier({ journal, hosts: connections, clock }),
      tokens: createApiTokens(stores.apiTokens, clock),
      audit: stores.audit,
      statistics: stores.statistics,
      unready: async () => [
        ...(isListening ? [] : ['not every port is listening yet']),
        ...(await stores.isAnswering().then(
          () => [],
          (thrown: Error) => [`the database does not answer: ${thrown.message}`],
        )),
      ],
    },

    ready: () => {
      isListening = true
    },

    run: () => {
      void untilStopped('Hosts are no longer watched', presence.watch(stopping))
      void untilStopped('Hosts that are back are no longer told what they are owed', fencing.run(stopping))
      const sending = webhookSender?.run(stopping) ?? Promise.resolve()
      return { done: untilStopped('Webhooks are no longer sent', sending) }
    },

    finalizeInTime: () => {
      if (finalizeAfterMs === undefined) return
      void untilStopped(
        'Migrations are no longer finalized by themselves',
        finalizeWhenDue({ journal, migrations, clock, afterMs: finalizeAfterMs, log }, stopping),
      )
    },

    close: async () => {
      connections.close()
      await presence.flush()
    },
  }
}
