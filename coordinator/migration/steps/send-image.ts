// The image of one that moves, where the target lacks it: from a registry where that was asked for, from the source otherwise.
import { AppError } from '../../../shared/errors.ts'
import type { Image__Output } from '../../../shared/rpc/generated/drayage/v1/Image.ts'
import { leaseOf, type MemberFacts } from '../record.ts'
import { type MovingMember, needed, type StepContext } from './step.ts'

// One that several members have in common is there when the second of them asks.
export const sendImage = async (
  { record, source, target, signal, progress, warn }: StepContext,
  member: MovingMember,
): Promise<NonNullable<MemberFacts['image']>> => {
  const { workload, imageId } = needed(member.facts.plan, 'plan')
  if (imageId !== '') return { imageId, loaded: false }
  const wanted = needed(workload.image ?? undefined, 'plan') satisfies Image__Output
  const messages = target.agent.receiveImage(
    {
      lease: leaseOf(member),
      image: wanted,
      source: { host: source.host, address: source.address },
      bytesPerSecond: record.request.options.maxBytesPerSecond ?? 0,
      pull: record.request.options.images === 'pull',
    },
    { signal },
  )
  for await (const { bytes, done } of messages) {
    progress({ what: wanted.reference, bytes, totalBytes: wanted.sizeBytes || null })
    if (!done) continue
    const { imageId, loaded, notPulled } = done
    const message = `${target.host} did not pull the image ${wanted.reference} (${notPulled}): it was sent from ${source.host}.`
    if (notPulled !== '') await warn([{ code: 'image-not-pulled', message }])
    return { imageId, loaded }
  }
  throw new AppError(
    'DRAYAGE_STREAM_DAMAGED',
    `The image ${wanted.reference} was cut off on its way to ${target.host}.`,
  )
}
