// What agents call: one server for those that have a certificate, one for those that have a join token.
import type { Server } from '@grpc/grpc-js'
import { version } from '../../shared/package-root.ts'
import type { RenewTicketReply } from '../../shared/rpc/generated/drayage/v1/RenewTicketReply.ts'
import type { RenewTicketRequest__Output } from '../../shared/rpc/generated/drayage/v1/RenewTicketRequest.ts'
import { createServer, handlers } from '../../shared/rpc/server.ts'
import { services } from '../../shared/rpc/services.ts'
import type { TlsListenerOptions } from '../../shared/rpc/tls-listener.ts'
import type { Assembled, Common } from '../assembly.ts'
import { auditCalls } from './audited-calls.ts'
import { createEnrolment } from './enrolment.ts'
import { createRefusalReports } from './refusals.ts'
import { createRegistration } from './registration.ts'
import { createRenewal } from './renewal.ts'

export type AgentServers = {
  readonly enrolled: Server
  readonly enrolment: Server
} & Pick<TlsListenerOptions, 'turnedAway' | 'banned'>

export const createAgentServers = (
  { settings, stores, authority, clock, log, stopping }: Common,
  { archives, presence, registered, rotation, tickets, trusted }: Assembled,
): AgentServers => {
  const { heartbeatMs, silenceMs } = settings
  const { hosts, inventory, joinTokens } = stores
  const { failed, turnedAway, enrolled } = auditCalls({ audit: stores.audit, clock, log })

  const enrolment = createEnrolment({
    ...{ authority, joinTokens, banned: trusted.banned, clock, log },
    enrolled: async (host, address) => {
      rotation.forget(host)
      await enrolled(host, address)
    },
  })
  const fromAnyone = handlers(['anonymous', 'agent'], failed, trusted.banned)
  const enrolmentServer = createServer()
  enrolmentServer.addService(services.Enrolment, { Enrol: fromAnyone.unary(enrolment.enrol) })

  const registration = createRegistration({
    ...{ hosts, inventory, presence, clock, heartbeatMs, version, stopping, registered, trusted, rotation },
  })
  const renewal = createRenewal({ authority, hosts, callerOf: registration.callerOf, clock, log })
  const refusals = createRefusalReports({ audit: stores.audit, callerOf: registration.callerOf, log })
  const fromAgents = handlers(['agent'], failed, trusted.banned)
  const enrolledServer = createServer({ silenceMs })
  enrolledServer.addService(services.Coordinator, {
    Register: fromAgents.unary(registration.register),
    Heartbeat: fromAgents.unary(registration.heartbeat),
    Report: fromAgents.duplex(registration.report),
    Renew: fromAgents.unary(renewal.renew),
    RenewTicket: fromAgents.unary<RenewTicketRequest__Output, RenewTicketReply>(async ({ ticket }, context) => {
      await registration.callerOf(context)
      return { ticket: await tickets.renew(ticket, context) }
    }),
    ReportRefusals: fromAgents.unary(refusals.report),
    PullArchive: fromAgents.serverStream(archives.give),
  })
  return { enrolled: enrolledServer, enrolment: enrolmentServer, turnedAway, banned: trusted.banned }
}
