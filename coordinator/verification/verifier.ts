// The copies that a migration has left, read again on their hosts and compared with its receipt. It changes nothing, and
// lasts as long as whoever asked stays.
import { hasMoved, type Receipt } from '../../shared/api/migrations.ts'
import type {
  CopyVerdict,
  Verification,
  VerificationEvent,
  VerificationProgress,
  VerifiedCopy,
} from '../../shared/api/verifications.ts'
import { AppError, asAppError, type ErrorCode } from '../../shared/errors.ts'
import { partId } from '../../shared/move-set/part.ts'
import type { ArchiveHosts } from '../archives/ports.ts'
import type { Clock, Journal } from '../migration/ports.ts'
import { factsOf } from '../migration/view/view.ts'

export type Verifier = {
  // Throws, with the first event, DRAYAGE_MIGRATION_NOT_FOUND, and DRAYAGE_NOTHING_TO_VERIFY where it moved no volume.
  // The last event is the verification; of a copy that cannot be read it says why.
  verify(id: string, signal: AbortSignal): AsyncIterable<VerificationEvent>
}

export type VerifierOptions = {
  readonly journal: Pick<Journal, 'find' | 'entries'>
  readonly hosts: ArchiveHosts
  readonly clock: Pick<Clock, 'now'>
}

type Side = VerifiedCopy['side']
type Volume = Receipt['volumes'][number]
type Copy = Pick<VerifiedCopy, 'host' | 'side' | 'volume' | 'expectedDigest'> & { readonly totalBytes: number }

const verdicts: Partial<Record<ErrorCode, CopyVerdict>> = {
  DRAYAGE_VOLUME_NOT_FOUND: 'gone',
  DRAYAGE_VOLUME_IN_USE: 'in-use',
  DRAYAGE_SOURCE_CHANGED: 'in-use',
  DRAYAGE_HOST_NOT_FOUND: 'out-of-reach',
  DRAYAGE_HOST_OFFLINE: 'out-of-reach',
  DRAYAGE_AGENT_UNREACHABLE: 'out-of-reach',
  DRAYAGE_ENGINE_UNREACHABLE: 'out-of-reach',
  DRAYAGE_TIMEOUT: 'out-of-reach',
}

const meaningOf = (side: Side, same: boolean): string => {
  if (same) return 'Every entry is what it was when it moved.'
  return side === 'source'
    ? 'It is not what it was when it moved: its disk has not kept it, or somebody has changed it. Do not go back to it without looking.'
    : 'It is not what it was when it moved, as is to be expected of a volume that has been used since.'
}

const unread = (copy: Copy, thrown: unknown): VerifiedCopy => {
  const { code, message } = asAppError(thrown)
  const { totalBytes: _, ...known } = copy
  const nothing = { foundDigest: null, entries: null, contentBytes: null, differing: [] }
  return { ...known, ...nothing, verdict: verdicts[code] ?? 'unreadable', message: `${code}: ${message}` }
}

export const createVerifier = ({ journal, hosts, clock }: VerifierOptions): Verifier => {
  const read = async function* (
    copy: Copy,
    // Which part of the migration has carried it.
    migrationId: string,
    devices: string,
    signal: AbortSignal,
  ): AsyncGenerator<VerificationProgress, VerifiedCopy> {
    const { host, side, volume, expectedDigest, totalBytes } = copy
    try {
      const { agent } = await hosts.archives(host)
      for await (const { bytes, read: found } of agent.readCopy(
        { migrationId, volume, side, devices, expectedDigest },
        signal,
      )) {
        if (!found) {
          yield { volume, host, bytes: Math.min(bytes, totalBytes), totalBytes }
          continue
        }
        const { digest, entries, contentBytes, differing } = found
        const same = digest === expectedDigest
        return {
          ...{ volume, host, side, expectedDigest, foundDigest: digest, entries, contentBytes, differing },
          verdict: same ? 'same' : 'differs',
          message: meaningOf(side, same),
        }
      }
      throw new AppError('DRAYAGE_AGENT_UNREACHABLE', `The agent of ${host} stopped reading ${volume} half-way.`)
    } catch (thrown) {
      if (signal.aborted) throw thrown
      return unread(copy, thrown)
    }
  }

  return {
    verify: async function* (id, signal) {
      const record = await journal.find(id)
      if (record === null) {
        throw new AppError('DRAYAGE_MIGRATION_NOT_FOUND', `There is no migration ${id}. dray migrations lists them.`)
      }
      const facts = factsOf(await journal.entries(id))
      const receipt = facts.finalcopy?.receipt
      if (receipt === undefined || receipt.volumes.length === 0 || !hasMoved(record.state)) {
        throw new AppError(
          'DRAYAGE_NOTHING_TO_VERIFY',
          `Migration ${id} of ${record.subject} is ${record.state} and has ${
            receipt === undefined ? 'no receipt' : `${receipt.volumes.length} volumes in its receipt`
          }: there is no copy of data to compare.`,
        )
      }
      const { from, to, options } = record.request
      const copiesOf = (host: string, side: Side) =>
        receipt.volumes.map(
          ({ name, sourceDigest, contentBytes }: Volume): Copy => ({
            ...{ host, side, volume: name, expectedDigest: sourceDigest, totalBytes: contentBytes },
          }),
        )
      const partOf = (volume: string): string => {
        const index = (facts.plan ?? []).findIndex(({ workload }) =>
          workload.volumes.some(({ name, carriedByAnother }) => name === volume && !carriedByAnother),
        )
        return partId(id, Math.max(index, 0) + 1)
      }
      // What was refused then is data now.
      const devices = options.devices === 'refuse' ? 'keep' : options.devices
      const copies: VerifiedCopy[] = []
      for (const copy of [...copiesOf(from, 'source'), ...copiesOf(to, 'target')]) {
        const reading = read(copy, partOf(copy.volume), devices, signal)
        let step = await reading.next()
        for (; step.done !== true; step = await reading.next()) yield { event: 'progress', data: step.value }
        copies.push(step.value)
      }
      const verification: Verification = {
        migration: id,
        copies,
        sourceIsWhole: copies.every(({ side, verdict }) => side === 'target' || verdict === 'same'),
        verifiedAt: clock.now().toISOString(),
      }
      yield { event: 'verification', data: verification }
    },
  }
}
