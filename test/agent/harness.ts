// An agent in this process: everything of its own but the line to a coordinator, whose place the test takes. It serves
// over real mutual TLS and works on a lab host's engine.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noRules } from '../../agent/authority/rules.ts'
import { createEngine, type Engine } from '../../agent/docker/engine.ts'
import { createEnginePaths } from '../../agent/engine-paths.ts'
import type { TestAuthority } from '../../agent/identity/testing/authority.ts'
import { createGuard } from '../../agent/inventory/guard.ts'
import { createObserver } from '../../agent/inventory/observer.ts'
import { createRefusals } from '../../agent/link/refusals.ts'
import type { Log } from '../../agent/log.ts'
import { createAgentServer } from '../../agent/server.ts'
import { openState, type State } from '../../agent/state/state.ts'
import { createAdmission } from '../../agent/transfer/admission.ts'
import { createPuller } from '../../agent/transfer/pull.ts'
import { createServing } from '../../agent/transfer/serve.ts'
import { giveTicket } from '../../agent/transfer/testing/tickets.ts'
import { createVolumeEngine } from '../../agent/volume/engine.ts'
import { agentDnsName } from '../../shared/identity/names.ts'
import { connect, type RpcClient } from '../../shared/rpc/client.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import type { Ticket } from '../../shared/rpc/generated/drayage/v1/Ticket.ts'
import { listen, shutDown } from '../../shared/rpc/server.ts'
import type { LabHost } from '../lab/lab.ts'

// What these tests do not ask for.
const noArchives = { coordinator: { pull: async function* () {} }, lending: { lend: async function* () {} } }

export type TestAgent = {
  readonly host: string
  readonly address: string
  // As the coordinator calls it.
  readonly call: RpcClient<'Agent'>
  readonly engine: Engine
  readonly state: State
  // For this agent to pull from another.
  ticket(lease: Lease, sourceHost: string, what: { volume: string } | { imageId: string }): Ticket
  // What was logged above debug, as lines.
  readonly lines: readonly string[]
  // The process ends and another takes its place on the same data directory.
  restart(): Promise<void>
  close(): Promise<void>
}

export const startTestAgent = async (
  host: Pick<LabHost, 'name' | 'dockerHost'>,
  authority: TestAuthority,
): Promise<TestAgent> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'drayage-agent-'))
  const coordinator = await authority.coordinator()
  const tls = await authority.agent(host.name)
  const signer = await authority.ticketSigner()
  const lines: string[] = []
  const line = (level: string) => (details: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(details)}`)
  const log: Log = { debug: () => {}, info: line('info'), warn: line('warn'), error: line('error') }
  const engine = createEngine({ dockerHost: host.dockerHost })
  const paths = createEnginePaths(undefined)

  const start = async () => {
    const state = await openState(dataDir)
    const volumes = createVolumeEngine()
    const stop = new AbortController()
    const observer = createObserver({ engine, dockerHost: host.dockerHost, log })
    const running = Promise.all([
      createGuard({ engine, state, observer, refusals: createRefusals(() => new Date()), log }).run(stop.signal),
      observer.run(stop.signal),
    ])
    const now = () => new Date()
    const puller = createPuller({ tls })
    const context = { engine, volumes, paths, state, puller, tls, rules: noRules, dataDir, log, now }
    const admission = createAdmission({ host: host.name, trusted: tls, now })
    const serving = createServing({ engine, volumes, paths, state, admission })
    const server = createAgentServer(context, serving, noArchives, {
      ...{ refusals: createRefusals(now), banned: { has: () => false } },
    })
    const { port } = await listen(server, '127.0.0.1:0', tls, { mutual: true })
    const address = `127.0.0.1:${port}`
    const call = connect(
      'Agent',
      {
        address,
        dnsName: agentDnsName(host.name),
        describedAs: `the agent of ${host.name}`,
        whenUnreachable: 'DRAYAGE_AGENT_UNREACHABLE',
      },
      coordinator,
    )
    return {
      state,
      address,
      call,
      end: async () => {
        stop.abort()
        await running
        call.close()
        await shutDown(server, 2_000)
        await volumes.close()
      },
    }
  }

  let current = await start()
  return {
    host: host.name,
    engine,
    ticket: ({ migrationId, workloadId, epoch }, sourceHost, what) =>
      giveTicket(signer, tls, { transferId: migrationId, workloadId, epoch, sourceHost, ...what }),
    lines,
    get address() {
      return current.address
    },
    get call() {
      return current.call
    },
    get state() {
      return current.state
    },
    restart: async () => {
      await current.end()
      current = await start()
    },
    close: async () => {
      await current.end()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
