// Whether the target can take all that are to move: asked of it at once.
import type { AgentPort, CallOptions } from '../ports.ts'
import { type AcceptedRequest, choicesOf, type Terms, type Workload } from '../record.ts'
import type { PlannedPart } from './plan.ts'

type Moving = {
  readonly workload: Workload
  // '': none yet.
  readonly migrationId: string
  readonly workloadId: string
}

// In their order.
export const checkTargets = async (
  agent: Pick<AgentPort, 'checkTargets'>,
  request: AcceptedRequest,
  moving: readonly Moving[],
  { overwriteChanged = false }: Pick<Terms, 'overwriteChanged'>,
  options: CallOptions,
): Promise<readonly PlannedPart[]> => {
  const choices = choicesOf(request)
  const targets = moving.map((one) => ({ ...one, overwriteChanged, allowedPowers: request.options.allow, choices }))
  const { checks } = await agent.checkTargets({ targets }, options)
  return moving.map(({ workload }, index) => {
    const check = checks[index]
    if (check === undefined) throw new Error(`The target says nothing of ${workload.name}`)
    return { workload, check }
  })
}
