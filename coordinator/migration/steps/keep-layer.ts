// What the container has changed outside its volumes goes with it, where that was asked for: once it is stopped, as an image
// from which the target's container is made anew. Before the last round of the volumes, since an engine that makes a
// container puts the image's files into those that are empty.
import { AppError } from '../../../shared/errors.ts'
import type { PreparedMember } from '../../../shared/rpc/generated/drayage/v1/PreparedMember.ts'
import { choicesOf, leaseOf, type Workload } from '../record.ts'
import type { MovingMember, StepContext } from './step.ts'

// Answers the target's container from now on; null: there was nothing to keep.
export const keepLayer = async (
  { record, source, target, signal, progress }: StepContext,
  member: MovingMember,
  workload: Workload,
  prepared: PreparedMember[],
): Promise<{ readonly containerId: string } | null> => {
  const { writableLayer, allow, maxBytesPerSecond } = record.request.options
  if (writableLayer !== 'keep') return null
  const lease = leaseOf(member)
  const kept = await source.agent.keepLayer({ lease, containerId: member.containerId }, { signal })
  if (kept.image === null) return null
  const layer = kept.image
  const messages = target.agent.receiveImage(
    {
      lease,
      image: layer,
      source: { host: source.host, address: source.address },
      bytesPerSecond: maxBytesPerSecond ?? 0,
      isLayer: true,
    },
    { signal },
  )
  let imageId: string | undefined
  for await (const { bytes, done } of messages) {
    progress({ what: layer.reference, bytes, totalBytes: null })
    if (done) imageId = done.imageId
  }
  if (imageId === undefined) {
    throw new AppError(
      'DRAYAGE_STREAM_DAMAGED',
      `What ${workload.name} keeps outside its volumes was cut off on its way to ${target.host}.`,
    )
  }
  return target.agent.prepareTarget(
    {
      ...{ lease, workload, imageId, layer },
      ...{ overwriteChanged: record.terms.overwriteChanged ?? false, allowedPowers: allow },
      choices: choicesOf(record.request, workload.name),
      prepared,
    },
    { signal },
  )
}
