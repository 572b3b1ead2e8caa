// One side of the line between two agents, in a process of its own, so that what it costs can be told from the other's.
// Speaks to bench/line/main.ts, which started it.
import { mkdir } from 'node:fs/promises'
import { createEnginePaths } from '../../agent/engine-paths.ts'
import type { SourceNote } from '../../agent/state/migrations.ts'
import { openState } from '../../agent/state/state.ts'
import { createAdmission } from '../../agent/transfer/admission.ts'
import { transferHandlers } from '../../agent/transfer/handlers.ts'
import { createPuller } from '../../agent/transfer/pull.ts'
import { createServing } from '../../agent/transfer/serve.ts'
import { giveTicket } from '../../agent/transfer/testing/tickets.ts'
import { createVolumeEngine } from '../../agent/volume/engine.ts'
import type { TicketSigner } from '../../shared/identity/ticket.ts'
import { createServer, handlers, listen } from '../../shared/rpc/server.ts'
import { services } from '../../shared/rpc/services.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'

const migrationId = '01JLINE'
const volumes = createVolumeEngine()

type Pulling = { readonly tls: TlsIdentity; readonly signer: TicketSigner }

export type Order =
  | { readonly do: 'serve'; readonly dir: string; readonly volume: string; readonly tls: TlsIdentity }
  // Pulls into `into`; null: what arrives is counted and thrown away.
  | ({
      readonly do: 'pull'
      readonly address: string
      readonly into: string | null
      readonly compression: string
    } & Pulling)
  // The engine alone, in this one process.
  | { readonly do: 'read'; readonly volume: string }
  | { readonly do: 'copy'; readonly volume: string; readonly into: string }

export type Answer = {
  readonly port: number
  readonly bytes: number
  readonly wallMs: number
}

const note: SourceNote = {
  role: 'source',
  migrationId,
  workloadId: 'w',
  epoch: 1,
  peerHost: 'host-2',
  containerId: 'c',
  containerName: 'web',
  imageId: 'sha256:1',
  imageReferences: ['web:1'],
  volumes: [],
  fenced: null,
  stopped: null,
  isolated: null,
}

const never = new AbortController().signal

const serve = async ({ dir, volume, tls }: Extract<Order, { do: 'serve' }>): Promise<number> => {
  const state = await openState(dir)
  await state.epochs.grant(note)
  const rootIdentity = await volumes.identify(volume)
  await state.migrations.put({ ...note, volumes: [{ name: 'data', mountpoint: volume, rootIdentity }] })
  const engine = {
    exportImage: async function* () {
      const piece = Buffer.alloc(1024 * 1024, 1)
      for (let sent = 0; sent < 1024; sent++) yield Buffer.from(piece.buffer)
    },
  }
  const admission = createAdmission({ host: 'host-1', trusted: tls, now: () => new Date() })
  const serving = createServing({ engine, volumes, paths: createEnginePaths(undefined), state, admission })
  const server = createServer()
  server.addService(services.Transfer, transferHandlers(serving, handlers(['agent'])))
  return (await listen(server, '127.0.0.1:0', tls, { mutual: true })).port
}

const pull = async ({ address, into, compression, tls, signer }: Extract<Order, { do: 'pull' }>): Promise<number> => {
  const peer = { host: 'host-1', address }
  const puller = createPuller({ tls })
  const leave = { transferId: migrationId, workloadId: note.workloadId, epoch: note.epoch, sourceHost: 'host-1' }
  if (into === null) {
    const pulled = puller.image(
      peer,
      {
        migrationId,
        imageId: note.imageId,
        references: [],
        ticket: giveTicket(signer, tls, { ...leave, imageId: note.imageId }),
      },
      never,
    )
    for await (const _ of pulled.pieces);
    return pulled.bytes()
  }
  const ticket = giveTicket(signer, tls, { ...leave, volume: 'data' })
  const root = `${into}/data`
  await mkdir(root)
  await mkdir(`${into}/memory`)
  let pulled: ReturnType<typeof puller.volume> | undefined
  const written = await volumes.receive(
    root,
    () => {
      const nothing = { rootIdentity: '', heldDigest: '', lacking: [] }
      pulled = puller.volume(
        peer,
        { migrationId, volume: 'data', round: 1, final: false, ...nothing, compression, ticket },
        never,
      )
      return pulled
    },
    { memory: `${into}/memory`, noteWritten: true },
  )
  const summary = await pulled?.summary()
  if (summary?.digest !== written.digest) throw new Error('the copy is not the original')
  return pulled?.bytes() ?? 0
}

process.on('message', async (order: Order) => {
  const startedAt = performance.now()
  let [port, bytes] = [0, 0]
  if (order.do === 'serve') port = await serve(order)
  else if (order.do === 'pull') bytes = await pull(order)
  else if (order.do === 'read') {
    const { pieces, summary } = volumes.read(order.volume, { final: true })
    for await (const piece of pieces) bytes += piece.length
    await summary
  } else {
    await mkdir(order.into)
    const { pieces } = volumes.read(order.volume, { final: true })
    bytes = (await volumes.write(order.into, pieces)).tarBytes
  }
  process.send?.({ port, bytes, wallMs: performance.now() - startedAt } satisfies Answer)
})
process.on('disconnect', () => process.exit())
