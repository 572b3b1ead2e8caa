// For tests: two agents on the loopback of a network namespace of its own, between whom every packet is dropped for a while,
// in both directions, in the middle of a volume. Nobody hears of it: no connection is closed, no link goes down.
//   unshare --net node paused-line.ts DIR SILENCE-MS PAUSE-MS|given-up
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { asAppError } from '../../../shared/errors.ts'
import { createServer, handlers, listen } from '../../../shared/rpc/server.ts'
import { services } from '../../../shared/rpc/services.ts'
import { signOfLifeMs } from '../../../shared/rpc/silence.ts'
import { createEnginePaths } from '../../engine-paths.ts'
import { createAuthority } from '../../identity/testing/authority.ts'
import type { SourceNote } from '../../state/migrations.ts'
import { openState } from '../../state/state.ts'
import { createVolumeEngine, type Piece, packedBytes } from '../../volume/engine.ts'
import { createAdmission } from '../admission.ts'
import { transferHandlers } from '../handlers.ts'
import { createPuller, type VolumePull } from '../pull.ts'
import { createServing } from '../serve.ts'
import { giveTicket } from './tickets.ts'

export type Attempt = {
  // Of the tree that the target named; empty: it had none.
  readonly held: string
  readonly crossedBytes: number
  // null: it came to its end.
  readonly error: string | null
}
export type Told = {
  readonly attempts: readonly Attempt[]
  readonly droppedPackets: number
  readonly tarBytes: number
  readonly isSame: boolean
}

const mebibyte = 1024 * 1024
const volumeBytes = 48 * mebibyte
const bytesPerSecond = 16 * mebibyte
const pausedAfter = 24 * mebibyte

const [dir = '', silence = '', until = ''] = process.argv.slice(2)
const silenceMs = Number(silence)
const migrationId = '01JPAUSED'
const root = join(dir, 'volume')
const copy = join(dir, 'copy')
const memory = join(dir, 'memory')
for (const made of [root, copy, memory]) await mkdir(made)
await writeFile(join(root, 'a-small-one'), 'before the large one')
await writeFile(join(root, 'large'), randomBytes(volumeBytes))

const everyPacket = ['INPUT', '-i', 'lo', '-p', 'tcp', '-j', 'DROP']
const iptables = (...args: string[]): string => execFileSync('iptables', ['-w', ...args], { encoding: 'utf8' })
const dropped = (): number => Number(/^\s*(\d+)\s+\d+\s+DROP/m.exec(iptables('-L', 'INPUT', '-v', '-x', '-n'))?.[1])
execFileSync('ip', ['link', 'set', 'lo', 'up'])

const authority = await createAuthority()
const [sourceTls, targetTls] = [await authority.agent('host-1'), await authority.agent('host-2')]
const signer = await authority.ticketSigner()
const volumes = createVolumeEngine()
const note: SourceNote = {
  ...{ role: 'source', migrationId, workloadId: 'w', epoch: 1, peerHost: 'host-2', containerId: 'c' },
  ...{ containerName: 'web', imageId: 'sha256:1', imageReferences: [], fenced: null, stopped: null, isolated: null },
  volumes: [{ name: 'data', mountpoint: root, rootIdentity: await volumes.identify(root) }],
}
const state = await openState(join(dir, 'state'))
await state.epochs.grant(note)
await state.migrations.put(note)

const checkpoints = { everyMs: 0, leastBytes: 4 * mebibyte }
const serving = createServing({
  engine: { exportImage: async function* () {} },
  volumes: {
    readPacked: (at, options, compression, isBehind) =>
      volumes.readPacked(at, { ...options, checkpoints }, compression, isBehind),
  },
  ...{ paths: createEnginePaths(undefined), state, signOfLifeMs: signOfLifeMs(silenceMs) },
  admission: createAdmission({ host: 'host-1', trusted: sourceTls, now: () => new Date() }),
})
const server = createServer({ silenceMs })
server.addService(services.Transfer, transferHandlers(serving, handlers(['agent'])))
const { port } = await listen(server, '127.0.0.1:0', sourceTls, { mutual: true })
const puller = createPuller({ tls: targetTls, silenceMs })

const attempt = async (onBytes: (crossed: number) => void) => {
  let pull: VolumePull | undefined
  let held = ''
  const watched = async function* (pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
    let crossed = 0
    for await (const piece of pieces) {
      crossed += packedBytes(piece)
      onBytes(crossed)
      yield piece
    }
  }
  const run = async () => {
    const written = await volumes.receive(
      copy,
      ({ digest, lacking }) => {
        held = digest
        const leave = { transferId: migrationId, workloadId: 'w', epoch: 1, sourceHost: 'host-1', volume: 'data' }
        const asked = {
          migrationId,
          volume: 'data',
          round: 1,
          heldDigest: digest,
          bytesPerSecond,
        }
        const ticket = giveTicket(signer, targetTls, leave)
        const opened = puller.volume(
          { host: 'host-1', address: `127.0.0.1:${port}` },
          { ...asked, lacking: lacking.map(({ path, blocks }) => ({ path, blocks: [...blocks] })), ticket },
          new AbortController().signal,
        )
        pull = opened
        return { pieces: watched(opened.pieces), limits: opened.limits }
      },
      { memory },
    )
    const summary = await pull?.summary()
    return { isSame: summary?.digest === written.digest, tarBytes: summary?.tarBytes ?? 0 }
  }
  try {
    const ended = await run()
    return { ...ended, said: { held, crossedBytes: pull?.bytes() ?? 0, error: null } }
  } catch (thrown) {
    const { code } = asAppError(thrown, '')
    return { isSame: false, tarBytes: 0, said: { held, crossedBytes: pull?.bytes() ?? 0, error: code } }
  }
}

let droppedPackets = 0
const goOn = (): void => {
  droppedPackets = dropped()
  iptables('-D', ...everyPacket)
}
let paused: Promise<void> | undefined
const first = await attempt((crossed) => {
  if (paused !== undefined || crossed < pausedAfter) return
  iptables('-A', ...everyPacket)
  paused = until === 'given-up' ? Promise.resolve() : pause(Number(until)).then(goOn)
})
await paused
const attempts: Attempt[] = [first.said]
let last = first
if (first.said.error !== null && paused !== undefined && until === 'given-up') {
  goOn()
  last = await attempt(() => {})
  attempts.push(last.said)
}
const { isSame, tarBytes } = last
process.send?.({ attempts, droppedPackets, tarBytes, isSame } satisfies Told)
process.disconnect?.()
server.forceShutdown()
await volumes.close()
