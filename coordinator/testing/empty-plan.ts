// A plan in which nothing moves but a container without anything, for tests to put in what they are about.
import type { Plan } from '../../shared/api/plan.ts'

export const emptyPlan: Plan = {
  container: { id: 'c1', name: 'web', state: 'running' },
  from: 'host-1',
  to: 'host-2',
  image: { reference: 'web:1', sizeBytes: 1, presentOnTarget: false },
  members: [],
  volumes: [],
  networks: [],
  ports: [],
  totalBytes: 0,
  set: [],
  targetFreeBytes: 1,
  warnings: [],
  refusals: [],
}
