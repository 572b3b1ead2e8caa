// What a migration moves, in words: of one thing, so that what is said of it ("is stopped", "it runs") is right for several too.
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
  return others.length === 1 ? `${container.name} with ${only.name}` : `${container.name} with ${others.length} others`
}
