// Two agents on loopback, with certificates as the coordinator issues them: host-1 gives what its migration has noted,
// host-2 takes it. Anew for each test of the file that asks for them.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import type { Server } from '@grpc/grpc-js'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import type { TicketSigner } from '../../../shared/identity/ticket.ts'
import { createServer, handlers, listen } from '../../../shared/rpc/server.ts'
import { services } from '../../../shared/rpc/services.ts'
import type { TlsIdentity } from '../../../shared/rpc/tls.ts'
import { createEnginePaths } from '../../engine-paths.ts'
import { createAuthority, type TestAuthority } from '../../identity/testing/authority.ts'
import type { SourceNote } from '../../state/migrations.ts'
import { openState, type State } from '../../state/state.ts'
import { createVolumeEngine, isPacked, type Piece, type VolumeEngine } from '../../volume/engine.ts'
import { createAdmission } from '../admission.ts'
import { transferHandlers } from '../handlers.ts'
import { createPuller, type Puller } from '../pull.ts'
import { createServing, type Serving, type ServingParts } from '../serve.ts'
import { giveTicket } from './tickets.ts'

export const migrationId = '01JTRANSFER'
export const note: SourceNote = {
  ...{ role: 'source', migrationId, workloadId: 'w', epoch: 3, peerHost: 'host-2', containerId: 'c' },
  ...{ containerName: 'web', imageId: 'sha256:1', imageReferences: ['web:1'], volumes: [] },
  ...{ fenced: null, stopped: null, isolated: null },
}
export const request = { migrationId, volume: 'data', round: 1, final: true, rootIdentity: '', compression: 'none' }
export const imageRequest = { migrationId, imageId: 'sha256:1', references: ['web:1'] }
export const never = new AbortController().signal

// What a giver says before its first piece.
export const announced = { entries: 10, contentBytes: 4 * 1024 * 1024, depth: 3, pathBytes: 100, recordBytes: 10_000 }

// A giver of volumes that does as it likes.
export const giverOf = (pullVolume: Serving['pullVolume']): Serving => ({
  pullVolume,
  pullImage: async function* () {},
  pullNoise: async function* () {},
})

export const read = async (pieces: AsyncIterable<Piece>): Promise<Buffer> => {
  const all: Buffer[] = []
  for await (const piece of pieces) all.push(isPacked(piece) ? zstdDecompressSync(piece.zstd) : piece)
  return Buffer.concat(all)
}

type Peer = { readonly host: string; readonly address: string }

export type TwoAgents = {
  readonly authority: TestAuthority
  readonly signer: TicketSigner
  readonly volumes: VolumeEngine
  readonly source: TlsIdentity
  readonly target: TlsIdentity
  // Of this test alone, and removed after it.
  readonly dir: string
  // The source's, where the migration is noted.
  readonly state: State
  mountpointOf(volume: string): string
  serve(serving: Serving): Promise<Peer>
  // What an agent gives, with what the test puts in the place of its parts.
  serveSource(changes?: Partial<ServingParts>): Promise<Peer>
  // With the coordinator's ticket for what is asked for.
  pullBy(identity: TlsIdentity, stallTimeoutMs?: number): Puller
}

export const twoAgents = (contents: Readonly<Record<string, Buffer | string>>): TwoAgents => {
  type Parts = Pick<TwoAgents, 'authority' | 'signer' | 'volumes' | 'source' | 'target' | 'dir' | 'state'>
  const parts = {} as { -readonly [part in keyof Parts]: Parts[part] }
  let servers: Server[] = []
  const mountpointOf = (volume: string): string => join(parts.dir, 'volumes', volume, '_data')

  beforeAll(async () => {
    parts.authority = await createAuthority()
    parts.volumes = createVolumeEngine()
    parts.source = await parts.authority.agent('host-1')
    parts.target = await parts.authority.agent('host-2')
    parts.signer = await parts.authority.ticketSigner()
  })
  afterAll(() => parts.volumes.close())

  beforeEach(async () => {
    parts.dir = await mkdtemp(join(tmpdir(), 'drayage-transfer-'))
    parts.state = await openState(parts.dir)
    const noted = []
    for (const [name, content] of Object.entries(contents)) {
      const mountpoint = mountpointOf(name)
      await mkdir(mountpoint, { recursive: true })
      await writeFile(join(mountpoint, 'file'), content)
      noted.push({ name, mountpoint, rootIdentity: await parts.volumes.identify(mountpoint) })
    }
    await parts.state.epochs.grant(note)
    await parts.state.migrations.put({ ...note, volumes: noted })
  })
  afterEach(async () => {
    for (const server of servers) server.forceShutdown()
    servers = []
    await rm(parts.dir, { recursive: true, force: true })
  })

  const serve = async (serving: Serving): Promise<Peer> => {
    const server = createServer()
    servers.push(server)
    server.addService(services.Transfer, transferHandlers(serving, handlers(['agent'])))
    const { port } = await listen(server, '127.0.0.1:0', parts.source, { mutual: true })
    return { host: 'host-1', address: `127.0.0.1:${port}` }
  }

  return Object.assign(parts, {
    mountpointOf,
    serve,
    serveSource: (changes: Partial<ServingParts> = {}) => {
      const { volumes, state, source } = parts
      const admission = createAdmission({ host: 'host-1', trusted: source, now: () => new Date() })
      const engine = { exportImage: async function* () {} }
      return serve(
        createServing({ engine, volumes, paths: createEnginePaths(undefined), state, admission, ...changes }),
      )
    },
    pullBy: (identity: TlsIdentity, stallTimeoutMs = 20_000): Puller => {
      const puller = createPuller({ tls: identity, stallTimeoutMs })
      const under = { workloadId: 'w', epoch: 3, sourceHost: 'host-1' }
      const apart = { workloadId: '', epoch: 0, sourceHost: 'host-1' }
      return {
        volume: (peer, asked, signal) => {
          const { migrationId: transferId = '', volume = '' } = asked
          const wish = { ...(transferId === migrationId ? under : apart), transferId, volume }
          return puller.volume(peer, { ...asked, ticket: giveTicket(parts.signer, identity, wish) }, signal)
        },
        image: (peer, asked, signal) => {
          const { imageId = '' } = asked
          const ticket = giveTicket(parts.signer, identity, { ...under, transferId: migrationId, imageId })
          return puller.image(peer, { ...asked, ticket }, signal)
        },
        noise: (peer, asked, signal) => {
          const { transferId = '' } = asked
          const ticket = giveTicket(parts.signer, identity, { ...apart, transferId, noise: true })
          return puller.noise(peer, { ...asked, ticket }, signal)
        },
      }
    },
  })
}
