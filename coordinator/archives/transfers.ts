// What exports, imports, copies and removals have in common: an id, a hold on their volumes, and an end of which they can be asked
// afterwards, since a body that breaks off cannot say why.
import { ulid } from 'ulid'
import type { Transfer } from '../../shared/api/archives.ts'
import { AppError, asAppError } from '../../shared/errors.ts'
import type { Clock } from '../migration/ports.ts'
import type { HeldVolumes, VolumeHolds } from '../store/volume-holds.ts'

export type TransferLog = {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

type Wanted = Omit<HeldVolumes, 'id'>

export type Held = {
  readonly id: string
  // Throws what `work` throws, and remembers it.
  watch<T>(work: () => Promise<T>): Promise<T>
  watchEach<T>(items: AsyncIterable<T>): AsyncGenerator<T>
}

export type Transfers = {
  // Holds the volumes until `signal` is aborted, which whoever calls must see to, also after a success.
  begin(transfer: Wanted, signal: AbortSignal): Promise<Held>
  // Throws DRAYAGE_TRANSFER_NOT_FOUND. Those that have ended are remembered for a while, by this process alone.
  get(id: string): Transfer
}

const mostRemembered = 200

export const createTransfers = (
  holds: Pick<VolumeHolds, 'take' | 'release'>,
  clock: Pick<Clock, 'now'>,
  log: TransferLog,
): Transfers => {
  const known = new Map<string, Transfer>()
  const now = (): string => clock.now().toISOString()

  const remember = (transfer: Transfer): void => {
    known.set(transfer.id, transfer)
    // The oldest that has ended goes first; what runs is never forgotten.
    for (const { id, endedAt } of known.values()) {
      if (known.size <= mostRemembered) return
      if (endedAt !== null) known.delete(id)
    }
  }
  const change = (id: string, changes: Partial<Transfer>): void => {
    const transfer = known.get(id)
    if (transfer !== undefined && transfer.endedAt === null) remember({ ...transfer, ...changes })
  }
  const fail = (id: string, thrown: unknown): void => {
    const { code, message } = asAppError(thrown, 'The transfer failed')
    change(id, { endedAt: now(), error: { code, message } })
    log.warn({ transfer: id, code, reason: message }, 'Transfer failed')
  }

  return {
    begin: async (wanted, signal) => {
      const id = ulid(clock.now().getTime())
      await holds.take({ ...wanted, id })
      const { kind, reads, makes } = wanted
      remember({ id, kind, reads: [...reads], makes: [...makes], startedAt: now(), endedAt: null, error: null })
      const end = () => {
        change(id, { endedAt: now() })
        holds
          .release(id)
          .catch((thrown) => log.error({ transfer: id, err: thrown }, 'A volume stays held until the next start'))
      }
      if (signal.aborted) end()
      else signal.addEventListener('abort', end, { once: true })
      log.info({ transfer: id, ...wanted }, 'Transfer begun')
      return {
        id,
        watch: async (work) => {
          try {
            return await work()
          } catch (thrown) {
            fail(id, thrown)
            throw thrown
          }
        },
        watchEach: async function* (items) {
          try {
            yield* items
          } catch (thrown) {
            fail(id, thrown)
            throw thrown
          }
        },
      }
    },
    get: (id) => {
      const transfer = known.get(id)
      if (transfer !== undefined) return transfer
      throw new AppError(
        'DRAYAGE_TRANSFER_NOT_FOUND',
        `No transfer ${id} is known. The coordinator remembers the last ${mostRemembered} since it was started.`,
      )
    },
  }
}
