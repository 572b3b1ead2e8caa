// proto/coordinator.proto, Coordinator.ReportRefusals: whom the agents have turned away stands in the audit beside whom we
// have.
import type { ReportRefusalsReply } from '../../shared/rpc/generated/drayage/v1/ReportRefusalsReply.ts'
import type { ReportRefusalsRequest__Output } from '../../shared/rpc/generated/drayage/v1/ReportRefusalsRequest.ts'
import type { CallContext } from '../../shared/rpc/server.ts'
import type { AuditStore } from '../store/audit.ts'

type Options = {
  readonly audit: Pick<AuditStore, 'append'>
  // The host that the caller speaks for. Throws for one that was replaced.
  readonly callerOf: (context: CallContext) => Promise<string>
  readonly log: { warn(facts: object, message: string): void }
}

// Of one report: an agent tells often, and is not believed about how much room there is.
const mostLines = 200

// What an agent says is its own word: kept short, and marked as where it comes from.
const brief = (text: string): string => text.slice(0, 200)

// A role that is not an agent's stands for itself (proto/coordinator.proto, Refusal).
const actorOf = (caller: string): string | null => {
  if (caller === '' || caller === 'coordinator') return caller || null
  return `agent ${brief(caller)}`
}

export const createRefusalReports = ({ audit, callerOf, log }: Options) => ({
  report: async (
    { refusals, untold }: ReportRefusalsRequest__Output,
    context: CallContext,
  ): Promise<ReportRefusalsReply> => {
    const host = await callerOf(context)
    for (const { at, method, caller, address, code, subject } of refusals.slice(0, mostLines)) {
      log.warn({ host, at, method, caller, address, code, subject }, 'An agent refused a call')
      await audit.append({
        actor: actorOf(caller),
        role: null,
        address: brief(address),
        action: brief(method),
        subject: [`on ${host}`, brief(subject)].filter(Boolean).join(': '),
        outcome: 'refused',
        code: brief(code),
        requestId: null,
      })
    }
    const more = untold + Math.max(0, refusals.length - mostLines)
    if (more > 0) log.warn({ host, more }, 'An agent refused more calls than it had room to tell of')
    return {}
  },
})
