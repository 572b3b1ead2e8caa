// The way to the hosts' agents for everybody who wants something done there. Of a host that an operator has declared down
// nothing is asked: what would only be taken back or tidied up there is written down, to be done when its agent is back;
// everything else is refused. And of no host is anything asked before its agent has said what it remembers.
import { AppError } from '../../shared/errors.ts'
import { migrationOfPart } from '../../shared/move-set/part.ts'
import { isCommitted } from '../migration/decide.ts'
import type { AgentPort, CallOptions, Hosts, Journal } from '../migration/ports.ts'
import type { Lease } from '../migration/record.ts'
import type { Fence, FenceStore, OwedMethod } from './ports.ts'

export type GuardedHostsOptions = {
  readonly hosts: Hosts
  readonly fences: Pick<FenceStore, 'current' | 'owe'>
  readonly journal: Pick<Journal, 'find' | 'entries'>
  // Resolves when the agent has said what it remembers, since it or we started. Throws where it cannot be asked, or where
  // what it says means that nothing may be asked of it now.
  readonly heard: (host: string, agent: AgentPort) => Promise<void>
}

export const hostFenced = ({ host, at, by }: Fence): AppError =>
  new AppError(
    'DRAYAGE_HOST_FENCED',
    `${host} was declared down at ${at.toISOString()} (by ${by}), so nothing is asked of it. When its agent is back, and has ` +
      'been told what became of its workloads meanwhile, it takes part again by itself.',
  )

// On the target these throw away what has crossed: while the source cannot be asked it may be all that is left.
const throwsAway: readonly OwedMethod[] = ['discardTarget', 'removeImage', 'forgetMigration']

export const createGuardedHosts = ({ hosts, fences, journal, heard }: GuardedHostsOptions): Hosts => {
  // The host after which this call is to be made; undefined: it is made now.
  const owedAfter = async (
    host: string,
    method: OwedMethod,
    { migrationId: part }: Lease,
  ): Promise<string | null | undefined> => {
    if ((await fences.current(host)) !== null) return null
    if (!throwsAway.includes(method)) return undefined
    const migrationId = migrationOfPart(part)
    const record = await journal.find(migrationId)
    if (record === null || record.request.to !== host || (await fences.current(record.request.from)) === null) {
      return undefined
    }
    return isCommitted(await journal.entries(migrationId)) ? undefined : record.request.from
  }

  const mayAsk = async (host: string, agent: AgentPort): Promise<void> => {
    const fence = await fences.current(host)
    if (fence !== null) throw hostFenced(fence)
    await heard(host, agent)
  }

  const guard = (host: string, agent: AgentPort): AgentPort => {
    const asked =
      <Request, Reply>(method: (request: Request, options?: CallOptions) => Promise<Reply>) =>
      async (request: Request, options?: CallOptions): Promise<Reply> => {
        await mayAsk(host, agent)
        return method(request, options)
      }
    const streamed = <Request, Message>(method: (request: Request, options?: CallOptions) => AsyncIterable<Message>) =>
      async function* (request: Request, options?: CallOptions): AsyncGenerator<Message> {
        await mayAsk(host, agent)
        yield* method(request, options)
      }
    const owed =
      <Request extends { lease: Lease }>(
        name: OwedMethod,
        method: (request: Request, options?: CallOptions) => Promise<void>,
      ) =>
      async (request: Request, options?: CallOptions): Promise<void> => {
        const afterHost = await owedAfter(host, name, request.lease)
        if (afterHost !== undefined) {
          const { migrationId } = request.lease
          await fences.owe([{ host, afterHost, migrationId, method: name, request }])
          return
        }
        await heard(host, agent)
        await method(request, options)
      }
    return {
      describeStanding: async (options) => agent.describeStanding(options),
      describeWorkloads: asked(agent.describeWorkloads),
      lookAtLayer: asked(agent.lookAtLayer),
      describeProject: asked(agent.describeProject),
      checkTargets: asked(agent.checkTargets),
      measureReading: asked(agent.measureReading),
      measureWriting: asked(agent.measureWriting),
      measureLine: asked(agent.measureLine),
      grantEpoch: asked(agent.grantEpoch),
      forgetMigration: owed('forgetMigration', agent.forgetMigration),
      receiveImage: streamed(agent.receiveImage),
      removeImage: owed('removeImage', agent.removeImage),
      holdSource: asked(agent.holdSource),
      releaseSource: owed('releaseSource', agent.releaseSource),
      keepLayer: asked(agent.keepLayer),
      prepareTarget: asked(agent.prepareTarget),
      discardTarget: owed('discardTarget', agent.discardTarget),
      receiveVolume: streamed(agent.receiveVolume),
      fenceSource: asked(agent.fenceSource),
      unfenceSource: owed('unfenceSource', agent.unfenceSource),
      stopSource: asked(agent.stopSource),
      restartSource: owed('restartSource', agent.restartSource),
      isolateSource: asked(agent.isolateSource),
      restoreSource: owed('restoreSource', agent.restoreSource),
      confirmTarget: asked(agent.confirmTarget),
      reinstateTarget: asked(agent.reinstateTarget),
      startTarget: asked(agent.startTarget),
      stopTarget: asked(agent.stopTarget),
      runHook: asked(agent.runHook),
      retireSource: owed('retireSource', agent.retireSource),
      finalizeSource: asked(agent.finalizeSource),
      forgetCopy: asked(agent.forgetCopy),
      settleWorkload: owed('settleWorkload', agent.settleWorkload),
    }
  }

  return {
    online: async (host) => {
      const fence = await fences.current(host)
      if (fence !== null) throw hostFenced(fence)
      const { agent, address } = await hosts.online(host)
      return { agent: guard(host, agent), address }
    },
    known: async (host) => {
      const { agent, address } = await hosts.known(host)
      return { agent: guard(host, agent), address }
    },
  }
}
