// The hand-over, step by step, in its order. A step may rely on every step above it. Before `commit` each is undone, in
// reverse, when anything fails; after it there is only forward. Every effect is a call to one of the two agents or a
// transaction of the journal, and every one of them may be repeated.
import type { Receipt } from '../../../shared/api/migrations.ts'
import { AppError, type ErrorCode } from '../../../shared/errors.ts'
import type { PreparedMember } from '../../../shared/rpc/generated/drayage/v1/PreparedMember.ts'
import type { VolumeResult__Output } from '../../../shared/rpc/generated/drayage/v1/VolumeResult.ts'
import type { stepOrder } from '../decide.ts'
import { nothingToDiscardTo } from '../plan/plan.ts'
import { choicesOf, type Lease, leaseOf } from '../record.ts'
import { assessRounds, type MeasuredRound } from '../rounds.ts'
import { askBothSides } from './ask-both-sides.ts'
import { copyRound } from './copy-round.ts'
import { runHook } from './hooks.ts'
import { keepLayer } from './keep-layer.ts'
import { lateChanges } from './late-changes.ts'
import { sendImage } from './send-image.ts'
import { inOrder, insisting, type MovingMember, needed, type Step, type StepContext, undoEach } from './step.ts'

// Docker itself says when a container is unhealthy, after its start period and retries; this bounds one that never says.
const healthTimeoutMs = 15 * 60_000

// Restores I1's ground: nobody else moves these workloads, and an older coordinator's word no longer counts.
const lock: Step = {
  name: 'lock',
  do: async ({ record, members, source, target, journal, signal }) => {
    const choices = choicesOf(record.request)
    const { workloads } = await source.agent.describeWorkloads(
      { containers: members.map(({ containerId }) => containerId), measureVolumes: false, choices },
      { signal },
    )
    const leases = await journal.acquireLeases(record.id, {
      host: source.host,
      members: workloads.map(({ volumes }, index) => ({
        containerId: members[index]?.containerId ?? '',
        volumes: volumes.map(({ name, createdAt, rootIdentity }) => ({ name, createdAt, rootIdentity })),
      })),
    })
    for (const [index, { containerId }] of members.entries()) {
      const grant = { lease: needed(leases[index], 'lock'), containerId }
      await target.agent.grantEpoch({ ...grant, role: 'target', peerHost: source.host }, { signal })
      await source.agent.grantEpoch({ ...grant, role: 'source', peerHost: target.host, choices }, { signal })
    }
    return {}
  },
  undo: async ({ members, source, target }) => {
    await undoEach(members, async ({ lease }) => {
      if (lease === null) return
      await target.agent.forgetMigration({ lease, movedHere: '' })
      await source.agent.forgetMigration({ lease, movedHere: '' })
    })
  },
}

// The same questions that were asked before the migration was accepted, now that nobody else can change the answers
// through us.
const plan: Step = {
  name: 'plan',
  do: async (context) => {
    const { found, warnings } = await askBothSides(context, { toCome: context.record.plan.volumes })
    await context.warn(warnings)
    return { plan: found }
  },
}

const image: Step = {
  name: 'image',
  do: async (context) => ({ image: await inOrder(context.members, (member) => sendImage(context, member)) }),
  undo: async ({ members, target }) => {
    await undoEach(members, async (member) => {
      await target.agent.removeImage({ lease: leaseOf(member), imageId: member.facts.image?.imageId ?? '' })
    })
  },
}

// From here on a prune on either host takes nothing that is needed.
const hold: Step = {
  name: 'hold',
  do: async ({ record, members, source, target, signal, warn }) => {
    const { overwriteChanged = false, discardWrites = false } = record.terms
    await inOrder(members, (member) =>
      source.agent.holdSource({ lease: leaseOf(member), containerId: member.containerId }, { signal }),
    )
    const before: PreparedMember[] = []
    const prepared = await inOrder(members, async (member) => {
      const made = await target.agent.prepareTarget(
        {
          lease: leaseOf(member),
          workload: needed(member.facts.plan, 'plan').workload,
          imageId: needed(member.facts.image, 'image').imageId,
          overwriteChanged,
          allowedPowers: record.request.options.allow,
          choices: choicesOf(record.request),
          prepared: [...before],
        },
        { signal },
      )
      before.push({ sourceContainerId: member.containerId, containerId: made.containerId })
      return made
    })
    await warn(prepared.flatMap(({ warnings }) => warnings))
    const isWhole = prepared.every(({ retained }) => retained !== null && !retained.partial)
    if (discardWrites && !isWhole) throw nothingToDiscardTo(record.request)
    return { hold: prepared.map(({ containerId, retained }) => ({ targetContainerId: containerId, retained })) }
  },
  undo: async ({ members, source, target }) => {
    await undoEach(members, async (member) => {
      const lease = leaseOf(member)
      await source.agent.releaseSource({ lease })
      await target.agent.discardTarget({ lease })
    })
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
      const { results, ...round } = await copyRound(context, {
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
    const { members, source, signal } = context
    await askBothSides(context, { toCome: [] })
    const fenced = await inOrder(members, (member) =>
      source.agent.fenceSource({ lease: leaseOf(member), containerId: member.containerId }, { signal }),
    )
    return { fence: fenced.map(({ restartPolicyJson }) => ({ restartPolicyJson })) }
  },
  undo: (context) => undoSources(context, context.source.agent.unfenceSource),
}

// What the operator wants done before it, and then downtime begins: those that use others first. I1: confirmed by the
// engine, not assumed.
const stop: Step = {
  name: 'stop',
  do: async (context) => {
    const { members, source, signal, warn } = context
    const usersFirst = members.toReversed()
    // Before the first of them is stopped, so that one that fails has stopped nothing.
    for (const member of usersFirst) {
      const { containerId, facts } = member
      const { workload } = needed(facts.plan, 'plan')
      await runHook(context, source, { name: 'pre-stop', member, containerId, workload })
    }
    const stopped = await inOrder(usersFirst, async (member) => {
      const { name, stopTimeoutSeconds } = needed(member.facts.plan, 'plan').workload
      const request = { lease: leaseOf(member), containerId: member.containerId, stopTimeoutSeconds }
      const { wasRunning, exitCode, killed } = await source.agent.stopSource(request, { signal })
      const message = `${name} did not end within its stop time-out of ${stopTimeoutSeconds} s and was killed; its data is as a power cut would leave it.`
      await warn(killed ? [{ code: 'source-killed', message }] : [])
      return { wasRunning, exitCode, killed }
    })
    return { stop: stopped.toReversed() }
  },
  // Those that are used first.
  undo: (context) => undoSources(context, context.source.agent.restartSource, context.members.toReversed()),
}

// I1: from here nothing on the source can start it, not even by mistake.
const isolate: Step = {
  name: 'isolate',
  do: async ({ members, source, signal }) => {
    const isolated = await inOrder(members, (member) => {
      const { volumes } = needed(member.facts.plan, 'plan').workload
      const request = { lease: leaseOf(member), containerId: member.containerId, volumes }
      return source.agent.isolateSource(request, { signal })
    })
    return { isolate: isolated.map(({ volumes, renamedTo }) => ({ volumes, renamedTo })) }
  },
  undo: (context) => undoSources(context, context.source.agent.restoreSource),
}

// I2, I6: what arrives is what there was, by digests that both sides made on their own. Its undo is that of `hold`,
// which removes the volumes.
const finalcopy: Step = {
  name: 'finalcopy',
  do: async (context) => {
    if (context.record.terms.discardWrites) return {}
    const prepared = context.members.map((member) => ({
      sourceContainerId: member.containerId,
      containerId: targetOf(member),
    }))
    const hold = await inOrder(context.members, async (member) => {
      const layered = await keepLayer(context, member, needed(member.facts.plan, 'plan').workload, prepared)
      return layered === null
        ? needed(member.facts.hold, 'hold')
        : { targetContainerId: layered.containerId, retained: null }
    })
    const looking = lateChanges(context)
    const { results, durationMs } = await copyRound(context, { final: true, totalBytes: null })
    const late = await looking
    if (late !== null) throw late
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
    return { finalcopy: { receipt: { volumes: receipts, verified: verify, issuedAt }, durationMs }, hold }
  },
}

// The pivot, I3: a last look at what are to be the only copies, and one transaction makes the target the owner of all and
// this step done.
const commit: Step = {
  name: 'commit',
  do: async ({ record, members, target, journal }) => {
    const handedOver = members.map((member) => ({ lease: leaseOf(member), containerId: targetOf(member) }))
    await inOrder(handedOver, target.agent.confirmTarget)
    await journal.commit(record.id, target.host, handedOver)
    return {}
  },
}

const start: Step = {
  name: 'start',
  do: async (context) => {
    const { record, members, target, now, settleMs } = context
    for (const member of members) {
      if (!needed(member.facts.hold, 'hold').retained) continue
      const request = { lease: leaseOf(member), containerId: targetOf(member) }
      await insisting(() => target.agent.reinstateTarget(request))
    }
    const started = await inOrder(members, async (member) => {
      // What had ended by itself is not run a second time.
      const isToRun = needed(member.facts.stop, 'stop').wasRunning || member.start === true
      if (!isToRun) return { verdict: 'left-stopped', upAt: null }
      const ask = { lease: leaseOf(member), containerId: targetOf(member), settleMs, healthTimeoutMs }
      const { verdict } = await startWithin(record.kind === 'return' ? 3 : 1, () => target.agent.startTarget(ask))
      // What has settled has been up for as long as it was watched.
      const upAt = now().getTime() - (verdict === 'settled' ? settleMs : 0)
      return { verdict, upAt: new Date(upAt).toISOString() }
    })
    for (const [index, member] of members.entries()) {
      if (started[index]?.upAt == null) continue
      const { workload } = needed(member.facts.plan, 'plan')
      await runHook(context, target, { name: 'post-start', member, containerId: targetOf(member), workload })
    }
    return { start: started }
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
  do: async ({ record, members, source, target, startFailed }) =>
    insisting(async () => {
      if (startFailed && record.request.options.onUnhealthy === 'stop') {
        await undoEach(members, async (member) => {
          const { stopTimeoutSeconds } = needed(member.facts.plan, 'plan').workload
          const request = { lease: leaseOf(member), containerId: targetOf(member), stopTimeoutSeconds }
          await unlessFenced(() => target.agent.stopTarget(request))
        })
      }
      // First, since the target's containers are the operator's to start and stop from here on, whether or not the source
      // can be reached.
      for (const member of members) {
        await target.agent.forgetMigration({ lease: leaseOf(member), movedHere: targetOf(member) })
      }
      const notCopied = record.terms.discardWrites === true
      for (const member of members) {
        const lease = leaseOf(member)
        await source.agent.retireSource({ lease, containerId: member.containerId, notCopied })
        await source.agent.releaseSource({ lease })
        await source.agent.forgetMigration({ lease, movedHere: '' })
      }
      return {}
    }),
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

const targetOf = ({ facts }: MovingMember): string => needed(facts.hold, 'hold').targetContainerId

type UndoSource = (request: { lease: Lease; containerId: string }) => Promise<void>

// Where somebody removed the source's container meanwhile, there is nothing to restore of it, and its volumes are restored by
// the steps that took them.
const undoSources = (
  { members, source, warn }: StepContext,
  undo: UndoSource,
  lastFirst: readonly MovingMember[] = members,
): Promise<void> =>
  undoEach(lastFirst, async (member) => {
    const { containerId, containerName } = member
    try {
      await undo({ lease: leaseOf(member), containerId })
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'DRAYAGE_CONTAINER_NOT_FOUND') throw thrown
      const message = `The container ${containerName} was removed from ${source.host} while it was being moved, so it could not be put back as it was. Its volumes are there.`
      await warn([{ code: 'source-removed', message }])
    }
  })
