// A tarball, from whoever sends it to the agent of the host where it is to be a volume. The agent pulls: what is in flight
// waits for it, and nothing is kept here.
import type { ImportedVolume } from '../../shared/api/archives.ts'
import { AppError } from '../../shared/errors.ts'
import type { ArchivePiece } from '../../shared/rpc/generated/drayage/v1/ArchivePiece.ts'
import type { PullArchiveRequest__Output } from '../../shared/rpc/generated/drayage/v1/PullArchiveRequest.ts'
import { withSignsOfLife } from '../../shared/rpc/liveness.ts'
import type { CallContext } from '../../shared/rpc/server.ts'
import { archiveOf } from './export.ts'
import type { ArchiveHosts } from './ports.ts'
import type { Transfers } from './transfers.ts'

export type ImportRequest = {
  readonly host: string
  readonly volume: string
  readonly intoEmpty: boolean
  // Directories to take off the front of every path.
  readonly stripComponents: number
  readonly labels: Readonly<Record<string, string>>
}

// body: read once, when `ready` was called: everything that can be refused beforehand has not been.
export type ImportVolume = (
  request: ImportRequest,
  body: AsyncIterable<Buffer>,
  ready: () => void,
  signal: AbortSignal,
) => Promise<ImportedVolume>

export type Imports = {
  readonly importVolume: ImportVolume
  // Coordinator.PullArchive.
  give(request: PullArchiveRequest__Output, call: CallContext): AsyncIterable<ArchivePiece>
}

export const createImports = (
  hosts: ArchiveHosts,
  transfers: Transfers,
  { signOfLifeMs }: { readonly signOfLifeMs: number },
): Imports => {
  // By transfer; each is given once.
  const offers = new Map<string, { readonly host: string; readonly body: AsyncIterable<Buffer> }>()

  return {
    importVolume: async (request, body, ready, signal) => {
      const { host, volume, intoEmpty, stripComponents, labels } = request
      const { agent } = await hosts.archives(host)
      const transfer = await transfers.begin({ kind: 'import', reads: [], makes: [{ host, volume }] }, signal)
      return transfer.watch(async () => {
        offers.set(transfer.id, { host, body })
        try {
          const asked = { transferId: transfer.id, volume, intoEmpty, stripComponents, labels: { ...labels } }
          for await (const report of agent.importVolume(asked, signal)) {
            if (report.ready) ready()
            if (!report.imported?.summary) continue
            const { created, summary } = report.imported
            const { live: _, ...imported } = archiveOf({ host, volume, live: false }, summary, [])
            return { ...imported, created }
          }
          throw new AppError('DRAYAGE_STREAM_DAMAGED', `The agent of ${host} ended the import without saying how.`)
        } finally {
          offers.delete(transfer.id)
        }
      })
    },

    give: async function* ({ transferId }, { caller }) {
      const offer = offers.get(transferId)
      if (offer === undefined || offer.host !== caller.host) {
        throw new AppError(
          'DRAYAGE_TRANSFER_FORBIDDEN',
          `${caller.host} has no part in a transfer ${transferId} that waits to be pulled. Nothing was sent.`,
        )
      }
      offers.delete(transferId)
      for await (const tar of withSignsOfLife(inPieces(offer.body), signOfLifeMs, () => nothing)) yield { tar }
    },
  }
}

const nothing = Buffer.alloc(0)
const pieceBytes = 256 * 1024

// What comes over HTTP comes in small pieces, each of which would be a message.
const inPieces = async function* (body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = []
  let bytes = 0
  for await (const piece of body) {
    waiting.push(piece)
    bytes += piece.length
    if (bytes < pieceBytes) continue
    yield Buffer.concat(waiting)
    waiting = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(waiting)
}
