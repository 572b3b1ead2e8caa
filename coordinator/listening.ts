// The three ports: people and scripts, agents that have a certificate, agents that have a join token.
import type { Server } from '@grpc/grpc-js'
import { AppError } from '../shared/errors.ts'
import type { OwnIdentity } from '../shared/identity/own-identity.ts'
import { listen, shutDown } from '../shared/rpc/server.ts'
import type { AgentServers } from './agents/servers.ts'
import { type Settings, splitHostPort } from './config.ts'

export type Listening = {
  // Where it really listens: a port 0 was a wish.
  readonly restUrl: string
  readonly grpcPort: number
  readonly enrolPort: number
}

type RestServer = {
  listen(address: { readonly host: string; readonly port: number }): Promise<string>
  close(): Promise<unknown>
  readonly server: { closeAllConnections(): void }
}

type Servers = { readonly app: RestServer; readonly agents: AgentServers; readonly identity: OwnIdentity }

// How long running calls may go on when it is asked to stop.
const graceMs = 5_000

// Each server leaves in `parts` how it is shut down. Throws DRAYAGE_CONFIG_INVALID with every port that cannot be had.
export const listenToAll = async (
  { grpcListen, enrolListen, restListen }: Settings,
  { app, agents, identity }: Servers,
  parts: AsyncDisposableStack,
): Promise<Listening> => {
  const { tls, renewals } = identity
  const shutting = (server: Server) => parts.defer(() => shutDown(server, graceMs))
  shutting(agents.enrolled)
  shutting(agents.enrolment)
  parts.defer(() => closeWithin(app, graceMs))
  const [grpc, enrol, restUrl] = await Promise.allSettled([
    listen(agents.enrolled, grpcListen, tls, { ...agents, renewals, mutual: true }),
    listen(agents.enrolment, enrolListen, tls, { renewals, mutual: false }),
    app.listen(splitHostPort(restListen)),
  ])
  if (grpc.status === 'fulfilled' && enrol.status === 'fulfilled' && restUrl.status === 'fulfilled') {
    return { restUrl: restUrl.value, grpcPort: grpc.value.port, enrolPort: enrol.value.port }
  }
  throw cannotListen(
    [
      [`--grpc-listen (DRAYAGE_GRPC_LISTEN) ${grpcListen}`, grpc] as const,
      [`--enrol-listen (DRAYAGE_ENROL_LISTEN) ${enrolListen}`, enrol] as const,
      [`--rest-listen (DRAYAGE_REST_LISTEN) ${restListen}`, restUrl] as const,
    ].flatMap(([setting, outcome]) =>
      outcome.status === 'rejected' ? [`${setting}: ${(outcome.reason as Error).message}`] : [],
    ),
  )
}

const cannotListen = (faults: readonly string[]): AppError =>
  new AppError(
    'DRAYAGE_CONFIG_INVALID',
    `The coordinator cannot listen where it should: ${faults.join('; ')}. Is another program there, or is the address not of this machine?`,
    { details: { reasons: faults.map((message) => ({ code: 'not-listening', message })) } },
  )

// Connections that are still at work when the time is up are cut.
const closeWithin = async (app: RestServer, ms: number): Promise<void> => {
  const timer = setTimeout(() => app.server.closeAllConnections(), ms)
  await app.close()
  clearTimeout(timer)
}
