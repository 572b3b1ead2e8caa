// The hand-over, step by step, in its order. A step may rely on every step above it. Before `commit` each is undone, in
// reverse, when anything fails; after it there is only forward. Every effect is a call to one of the two agents or a
// transaction of the journal, and every one of them may be repeated.
import type { Receipt } from '../../shared/api/migrations.ts'
import { AppError, type ErrorCode } from '../../shared/errors.ts'
import type { Image__Output } from '../../shared/rpc/generated/drayage/v1/Image.ts'
import type { VolumeResult__Output } from '../../shared/rpc/generated/drayage/v1/VolumeResult.ts'
import { askBothSides } from './ask-both-sides.ts'
import { copyRound } from './copy-round.ts'
import type { stepOrder } from './decide.ts'
import { runHook } from './hooks.ts'
import { keepLayer } from './keep-layer.ts'
import { nothingToDiscardTo } from './plan.ts'
import { choicesOf } from './record.ts'
import { assessRounds, type MeasuredRound } from './rounds.ts'
import { insisting, type Step, type StepContext } from './step.ts'

// Docker itself says when a container is unhealthy, after its start period and retries; this bounds one that never says.
const healthTimeoutMs = 15 * 60_000

const needed = <T>(fact: T | undefined, step: string): T => {
  if (fact === undefined) throw new Error(`The journal lacks what the step ${step} should have left in it`)
  return fact
}

const containerId = ({ record }: StepContext) => record.containerId

// Restores I1's ground: nobody else moves this workload, and an older coordinator's word no longer counts.
const lock: Step = {
  name: 'lock',
  do: async ({ record, source, target, journal, signal }) => {
    const { volumes } = await source.agent.describeWorkload(
      { container: record.containerId, measureVolumes: false },
      { signal },
    )
    const lease = await journal.acquireLease(record.id, {
      host: source.host,
      containerId: record.containerId,
      volumes: volumes.map(({ name, createdAt, rootIdentity }) => ({ name, createdAt, rootIdentity })),
    })
    const grant = { lease, containerId: record.containerId }
    await target.agent.grantEpoch({ ...grant, role: 'target', peerHost: source.host }, { signal })
    await source.agent.grantEpoch({ ...grant, role: 'source', peerHost: target.host }, { signal })
    return {}
  },
  undo: async ({ record, source, target, lease }) => {
    if (record.lease === null) return
    await target.agent.forgetMigration({ lease: lease(), movedHere: '' })
    await source.agent.forgetMigration({ lease: lease(), movedHere: '' })
  },
}

// The same questions that were asked before the migration was accepted, now that nobody else can change the answers
// through us.
const plan: Step = {
  name: 'plan',
  do: async (context) => {
    const { workload, imageId, warnings } = await askBothSides(context, { toCome: context.record.plan.volumes })
    await context.warn(warnings)
    return { plan: { workload, imageId } }
  },
}

const image: Step = {
  name: 'image',
  do: async ({ record, facts, source, target, lease, signal, progress }) => {
    const { workload, imageId } = needed(facts.plan, 'plan')
    if (imageId !== '') return { image: { imageId, loaded: false } }
    const wanted = needed(workload.image ?? undefined, 'plan') satisfies Image__Output
    const messages = target.agent.receiveImage(
      {
        lease: lease(),
        image: wanted,
        source: { host: source.host, address: source.address },
        bytesPerSecond: record.request.options.maxBytesPerSecond ?? 0,
      },
      { signal },
    )
    for await (const { bytes, done } of messages) {
      progress({ what: wanted.reference, bytes, totalBytes: wanted.sizeBytes || null })
      if (done) return { image: { imageId: done.imageId, loaded: done.loaded } }
    }
    throw new AppError(
      'DRAYAGE_STREAM_DAMAGED',
      `The image ${wanted.reference} was cut off on its way to ${target.host}.`,
    )
  },
  undo: async ({ facts, target, lease }) => {
    await target.agent.removeImage({ lease: lease(), imageId: facts.image?.imageId ?? '' })
  },
}

// From here on a prune on either host takes nothing that is needed.
const hold: Step = {
  name: 'hold',
  do: async (context) => {
    const { record, facts, source, target, lease, signal, warn } = context
    const { overwriteChanged = false, discardWrites = false } = record.terms
    await source.agent.holdSource({ lease: lease(), containerId: containerId(context) }, { signal })
    const prepared = await target.agent.prepareTarget(
      {
        lease: lease(),
        workload: needed(facts.plan, 'plan').workload,
        imageId: needed(facts.image, 'image').imageId,
        overwriteChanged,
        allowedPowers: record.request.options.allow,
        choices: choicesOf(record.request),
      },
      { signal },
    )
    await warn(prepared.warnings)
    const { retained } = prepared
    if (discardWrites && (retained === null || retained.partial)) throw nothingToDiscardTo(record.request)
    return { hold: { targetContainerId: prepared.containerId, retained } }
  },
  undo: async ({ source, target, lease }) => {
    await source.agent.releaseSource({ lease: lease() })
    await target.agent.discardTarget({ lease: lease() })
  },
}

// null: the target's disk gave back everything as it was written.
const rereadDamage = async (
  { target, warn }: StepContext,
  results: readonly { readonly name: string; readonly result: VolumeResult__Output }[],
): Promise<AppError | null> => {
  const paths = results.flatMap(({ name, result }) => result.rereadDiffering.map((path) => `${name}: ${path}`))
  if (paths.length === 0) return null
  const message = `The disk of ${target.host} did not give back what was written to it: ${paths.slice(0, 5).join(', ')}${paths.length > 5 ? `, and ${paths.length - 5} more` : ''}.`
  await warn([{ code: 'target-reread', message: `${message} It was written again.` }])
  return new AppError(
    'DRAYAGE_DIGEST_MISMATCH',
    `${message} It was so twice. Look at the health of its disk and memory, or choose another target.`,
    { details: { paths: paths.slice(0, 100) } },
  )
}

// What makes downtime depend on what changes and not on how much there is: rounds while the source runs, until the last
// one is predicted to be short, or another would not make it shorter. Nothing depends on them having been made: a
// coordinator that starts anew goes on with a further round. Its undo is that of `hold`, which removes the volumes.
const precopy: Step = {
  name: 'precopy',
  do: async (context) => {
    const { record, signal } = context
    if (record.terms.discardWrites) return {}
    const measured: MeasuredRound[] = []
    let damagedBefore = false
    for (;;) {
      const { results, ...round } = await copyRound(context, needed(context.facts.plan, 'plan').workload, {
        final: false,
        totalBytes: measured.length === 0 ? record.plan.totalBytes : null,
      })
      const sum = (of: (result: VolumeResult__Output) => number) =>
        results.reduce((total, { result }) => total + of(result), 0)
      measured.push({
        ...round,
        entries: sum(({ changedEntries }) => changedEntries),
        // Not of what crossed: one round may have been compressed more than another.
        bytes: sum(({ changedBytes }) => changedBytes),
      })
      const damaged = await rereadDamage(context, results)
      if (damaged !== null && damagedBefore) throw damaged
      damagedBefore = damaged !== null
      const verdict = assessRounds(measured, record.request.options)
      // What was not given back as it was written is sent once more while the source runs, and read back again.
      if (verdict.kind === 'stop' && !damagedBefore) {
        return { precopy: { rounds: measured.length, reason: verdict.reason, predictedMs: verdict.predictedMs } }
      }
      signal.throwIfAborted()
    }
  },
}

// I8: the policy that was found is in the journal before the source is stopped, so that it can come back.
const fence: Step = {
  name: 'fence',
  do: async (context) => {
    const { source, lease, signal } = context
    await askBothSides(context, { toCome: [] })
    const { restartPolicyJson } = await source.agent.fenceSource(
      { lease: lease(), containerId: containerId(context) },
      { signal },
    )
    return { fence: { restartPolicyJson } }
  },
  undo: async (context) => {
    await unlessRemoved(context, () =>
      context.source.agent.unfenceSource({ lease: context.lease(), containerId: containerId(context) }),
    )
  },
}

// What the operator wants done before it, and then downtime begins. I1: confirmed by the engine, not assumed.
const stop: Step = {
  name: 'stop',
  do: async (context) => {
    const { facts, source, lease, signal, warn } = context
    const { workload } = needed(facts.plan, 'plan')
    await runHook(context, source, { name: 'pre-stop', containerId: containerId(context), workload })
    const stopped = await source.agent.stopSource(
      { lease: lease(), containerId: containerId(context), stopTimeoutSeconds: workload.stopTimeoutSeconds },
      { signal },
    )
    if (stopped.killed) {
      await warn([
        {
          code: 'source-killed',
          message: `${workload.name} did not end within its stop time-out of ${workload.stopTimeoutSeconds} s and was killed; its data is as a power cut would leave it.`,
        },
      ])
    }
    return { stop: { wasRunning: stopped.wasRunning, exitCode: stopped.exitCode, killed: stopped.killed } }
  },
  undo: async (context) => {
    await unlessRemoved(context, () =>
      context.source.agent.restartSource({ lease: context.lease(), containerId: containerId(context) }),
    )
  },
}

// I1: from here nothing on the source can start it, not even by mistake.
const isolate: Step = {
  name: 'isolate',
  do: async (context) => {
    const { facts, source, lease, signal } = context
    const { volumes, renamedTo } = await source.agent.isolateSource(
      {
        lease: lease(),
        containerId: containerId(context),
        volumes: needed(facts.plan, 'plan').workload.volumes,
      },
      { signal },
    )
    return { isolate: { volumes, renamedTo } }
  },
  undo: async (context) => {
    await unlessRemoved(context, () =>
      context.source.agent.restoreSource({ lease: context.lease(), containerId: containerId(context) }),
    )
  },
}

// I2, I6: what arrives is what there was, by digests that both sides made on their own. Its undo is that of `hold`,
// which removes the volumes.
const finalcopy: Step = {
  name: 'finalcopy',
  do: async (context) => {
    if (context.record.terms.discardWrites) return {}
    const { workload } = needed(context.facts.plan, 'plan')
    const layered = await keepLayer(context, workload)
    const { results, durationMs } = await copyRound(context, workload, {
      final: true,
      totalBytes: null,
    })
    const receipts: Receipt['volumes'] = results.map(({ name, result }) => ({
      name,
      entries: result.entries,
      contentBytes: result.contentBytes,
      sourceDigest: result.sourceDigest,
      targetDigest: result.targetDigest,
      skipped: result.skipped,
    }))
    await context.warn(receipts.flatMap(({ skipped }) => skipped))
    const issuedAt = context.now().toISOString()
    const { verify } = context.record.request.options
    return {
      finalcopy: { receipt: { volumes: receipts, verified: verify, issuedAt }, durationMs },
      ...(layered === null ? {} : { hold: { targetContainerId: layered.containerId, retained: null } }),
    }
  },
}

// The pivot, I3: a last look at what is to be the only copy, and one transaction makes the target the owner and this step
// done.
const commit: Step = {
  name: 'commit',
  do: async ({ record, facts, target, journal, lease }) => {
    const { targetContainerId } = needed(facts.hold, 'hold')
    await target.agent.confirmTarget({ lease: lease(), containerId: targetContainerId })
    await journal.commit(record.id, lease(), target.host, targetContainerId)
    return {}
  },
}

const start: Step = {
  name: 'start',
  do: async (context) => {
    const { record, facts, target, lease, now, settleMs } = context
    const { targetContainerId, retained } = needed(facts.hold, 'hold')
    if (retained) {
      await insisting(() => target.agent.reinstateTarget({ lease: lease(), containerId: targetContainerId }))
    }
    // What had ended by itself is not run a second time.
    const isToRun = needed(facts.stop, 'stop').wasRunning || record.terms.start === true
    if (!isToRun) return { start: { verdict: 'left-stopped', upAt: null } }
    const ask = { lease: lease(), containerId: targetContainerId, settleMs, healthTimeoutMs }
    const { verdict } = await startWithin(record.kind === 'return' ? 3 : 1, () => target.agent.startTarget(ask))
    // What has settled has been up for as long as it was watched.
    const upAt = now().getTime() - (verdict === 'settled' ? settleMs : 0)
    const { workload } = needed(facts.plan, 'plan')
    await runHook(context, target, { name: 'post-start', containerId: targetContainerId, workload })
    return { start: { verdict, upAt: new Date(upAt).toISOString() } }
  },
}

// From a way back there is no other: one that stumbles there is given time to get up.
const startWithin = async <T>(tries: number, start: () => Promise<T>): Promise<T> => {
  try {
    return await start()
  } catch (thrown) {
    const didNotComeUp = thrown instanceof AppError && notUp.has(thrown.code)
    if (tries <= 1 || !didNotComeUp) throw thrown
    return startWithin(tries - 1, start)
  }
}

const notUp: ReadonlySet<ErrorCode> = new Set(['DRAYAGE_TARGET_NOT_STARTED', 'DRAYAGE_TARGET_UNHEALTHY'])

const retain: Step = {
  name: 'retain',
  do: async (context) => {
    const { record, facts, source, target, lease, startFailed } = context
    const { targetContainerId } = needed(facts.hold, 'hold')
    return insisting(async () => {
      if (startFailed && record.request.options.onUnhealthy === 'stop') {
        const { stopTimeoutSeconds } = needed(facts.plan, 'plan').workload
        const request = { lease: lease(), containerId: targetContainerId, stopTimeoutSeconds }
        await unlessFenced(() => target.agent.stopTarget(request))
      }
      // First, since the target's container is the operator's to start and stop from here on, whether or not the source
      // can be reached.
      await target.agent.forgetMigration({ lease: lease(), movedHere: targetContainerId })
      const notCopied = record.terms.discardWrites === true
      await source.agent.retireSource({ lease: lease(), containerId: containerId(context), notCopied })
      await source.agent.releaseSource({ lease: lease() })
      await source.agent.forgetMigration({ lease: lease(), movedHere: '' })
      return {}
    })
  },
}

// A host that is declared down runs nothing that could be stopped.
const unlessFenced = async (work: () => Promise<void>): Promise<void> => {
  try {
    await work()
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'DRAYAGE_HOST_FENCED') throw thrown
  }
}

export const steps: Readonly<Record<(typeof stepOrder)[number], Step>> = {
  lock,
  plan,
  image,
  hold,
  precopy,
  fence,
  stop,
  isolate,
  finalcopy,
  commit,
  start,
  retain,
}

// Somebody removed the source's container meanwhile: there is nothing to restore of it, and its volumes are restored by
// the steps that took them.
const unlessRemoved = async ({ record, source, warn }: StepContext, undo: () => Promise<void>): Promise<void> => {
  try {
    await undo()
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'DRAYAGE_CONTAINER_NOT_FOUND') throw thrown
    await warn([
      {
        code: 'source-removed',
        message: `The container ${record.containerName} was removed from ${source.host} while it was being moved, so it could not be put back as it was. Its volumes are there.`,
      },
    ])
  }
}
