// One round of the volumes of all members, from the source to the target.
import { AppError } from '../../../shared/errors.ts'
import type { VolumeResult__Output } from '../../../shared/rpc/generated/drayage/v1/VolumeResult.ts'
import { isCopied } from '../../../shared/volumes/plain.ts'
import { leaseOf, type Workload } from '../record.ts'
import type { MovingMember, StepContext } from './step.ts'

// A volume that is mounted twice is one volume.
export const volumesByName = (volumes: Workload['volumes']) => [
  ...new Map(volumes.map((volume) => [volume.name, volume])).values(),
]

// Each volume of which there is something to copy once, with the member that carries it.
const carried = (members: readonly MovingMember[]) =>
  members.flatMap((member) =>
    volumesByName(member.facts.plan?.workload.volumes ?? [])
      .filter((volume) => isCopied(volume) && !volume.carriedByAnother)
      .map((volume) => ({ member, volume })),
  )

type RoundPlan = {
  readonly final: boolean
  // What it is expected to carry; null: not known, since it is what has changed.
  readonly totalBytes: number | null
}

// One round of every volume, in their order.
export const copyRound = async (context: StepContext, plan: RoundPlan) => {
  const { now } = context
  const round = 1 + Math.max(0, ...(await context.rounds()).map((made) => made.round))
  const startedAtMs = now().getTime()
  const results: { readonly name: string; readonly result: VolumeResult__Output }[] = []
  let bytesBefore = 0
  for (const { member, volume } of carried(context.members)) {
    const { result, durationMs } = await copy(context, member, volume, round, bytesBefore, plan)
    bytesBefore += result.bytesSent
    await context.round({
      round,
      final: plan.final,
      volume: volume.name,
      entries: result.changedEntries,
      bytesSent: result.bytesSent,
      contentBytes: result.changedBytes,
      durationMs,
    })
    results.push({ name: volume.name, result })
  }
  const rereadMs = results.reduce((sum, { result }) => sum + result.rereadMs, 0)
  return { startedAtMs, durationMs: Math.max(0, now().getTime() - startedAtMs - rereadMs), rereadMs, results }
}

const copy = async (
  { record, source, target, signal, progress, now }: StepContext,
  member: MovingMember,
  volume: Workload['volumes'][number],
  round: number,
  bytesBefore: number,
  { final, totalBytes }: RoundPlan,
): Promise<{ result: VolumeResult__Output; durationMs: number }> => {
  const startedAt = now().getTime()
  const messages = target.agent.receiveVolume(
    {
      lease: leaseOf(member),
      volume: volume.name,
      source: { host: source.host, address: source.address },
      round,
      final,
      rootIdentity: volume.rootIdentity,
      devices: record.request.options.devices,
      verification: record.request.options.verify,
      bytesPerSecond: record.request.options.maxBytesPerSecond ?? 0,
      compression: record.request.options.compression,
    },
    { signal },
  )
  for await (const { bytes, result } of messages) {
    progress({ what: volume.name, bytes: bytesBefore + bytes, totalBytes })
    if (!result) continue
    if (result.sourceDigest === '' || result.sourceDigest !== result.targetDigest) {
      throw new AppError(
        'DRAYAGE_DIGEST_MISMATCH',
        `The copy of ${volume.name} on ${target.host} is not the original: ${result.targetDigest} against ${result.sourceDigest}. It is thrown away and the source restored.`,
      )
    }
    // Reading back is no part of what a round takes to carry what it carries.
    return { result, durationMs: Math.max(0, now().getTime() - startedAt - result.rereadMs) }
  }
  throw new AppError('DRAYAGE_STREAM_DAMAGED', `The copy of ${volume.name} was cut off on its way to ${target.host}.`)
}
