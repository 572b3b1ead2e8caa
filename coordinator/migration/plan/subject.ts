// What a migration moves, in words.
import type { Plan } from '../../../shared/api/plan.ts'
import type { AcceptedRequest } from '../record.ts'

export const subjectOf = (
  { container, members }: Pick<Plan, 'container' | 'members'>,
  { project }: Pick<AcceptedRequest, 'project'>,
): string => {
  if (project !== undefined) return `the project ${project}`
  const others = members.filter(({ id }) => id !== container.id)
  const [only] = others
  if (only === undefined) return container.name
  return others.length === 1 ? `${container.name} and ${only.name}` : `${container.name} and ${others.length} others`
}
