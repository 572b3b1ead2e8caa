// Who is to move: the container that was asked for, or those of a project, and what belongs together with them where that was
// asked for. From the source itself, as it is now.
import { AppError } from '../../../shared/errors.ts'
import type { AgentPort, CallOptions, Described } from '../ports.ts'
import { type AcceptedRequest, choicesOf, type Workload } from '../record.ts'
import { inOrderOfUse, type Ordered, withCarriers } from './order.ts'

type Source = Pick<AgentPort, 'describeWorkloads' | 'describeProject'>

// All of these containers, in the order in which they are named; what moves with them is not left behind. measure: how much
// is in each volume, each counted once.
export const describeTogether = async (
  agent: Pick<Source, 'describeWorkloads'>,
  request: AcceptedRequest,
  containers: readonly string[],
  measureVolumes: boolean,
  options: CallOptions,
): Promise<Together> => {
  const asked = { containers: [...containers], measureVolumes, choices: choicesOf(request) }
  const { workloads, moveSet } = await agent.describeWorkloads(asked, options)
  return { workloads: withCarriers(workloads), moveSet }
}

// Who is to move, and whoever belongs together with them: of themselves, who does with another of them.
export type Together = { readonly workloads: readonly Workload[]; readonly moveSet: Described['moveSet'] }

const projectOf = async (agent: Source, { from }: AcceptedRequest, project: string, options: CallOptions) => {
  const { containers } = await agent.describeProject({ project }, options)
  if (containers.length > 0) return containers.map(({ containerId }) => containerId)
  throw new AppError(
    'DRAYAGE_CONTAINER_NOT_FOUND',
    `There is no container of a Compose project ${project} on ${from}. docker compose ls there shows which projects it has.`,
  )
}

// Their ids; of a single container, as it was asked for.
const namesOf = async (agent: Source, request: AcceptedRequest, options: CallOptions): Promise<string[]> => {
  const { container = '', project, options: chosen } = request
  const asked = project === undefined ? [container] : await projectOf(agent, request, project, options)
  if (chosen.dependents !== 'take') return asked
  const { workloads, moveSet } = await agent.describeWorkloads({ containers: asked, measureVolumes: false }, options)
  return [...new Set([...workloads, ...moveSet].map(({ containerId }) => containerId))]
}

export const findMembers = async (
  agent: Source,
  request: AcceptedRequest,
  options: CallOptions,
): Promise<Together & Ordered> => {
  const names = await namesOf(agent, request, options)
  const { workloads: described, moveSet } = await describeTogether(agent, request, names, true, options)
  const { workloads, refusals } = inOrderOfUse(described)
  return { workloads: withCarriers(workloads), moveSet, refusals }
}

// A project may have got another container since it was planned.
export const newInProject = async (
  agent: Source,
  { project }: AcceptedRequest,
  members: ReadonlySet<string>,
  options: CallOptions,
): Promise<readonly string[]> => {
  if (project === undefined) return []
  const { containers } = await agent.describeProject({ project }, options)
  return containers.filter(({ containerId }) => !members.has(containerId)).map(({ name }) => name)
}
