// A plan, with what earlier migrations tell of it.
import { hasMoved, type Migration, type Plan } from '../../shared/api/migrations.ts'
import { forecast, withKept } from './forecast.ts'
import type { Journal } from './ports.ts'
import type { AcceptedRequest, MigrationRecord } from './record.ts'

// The newest first: among how many those between the same hosts are looked for, and how many of them count.
const mostLookedBack = 200
const mostForeseenFrom = 10

type Parts = {
  readonly journal: Pick<Journal, 'list' | 'find'>
  readonly view: (record: MigrationRecord) => Promise<Migration>
}

export const createForesight =
  ({ journal, view }: Parts) =>
  async ({ from, to, options }: AcceptedRequest, planned: Plan): Promise<Plan> => {
    const recent = await journal.list({ limit: mostLookedBack })
    const alike = recent.filter(
      ({ request, state, kind }) =>
        kind !== 'finalize' && request.from === from && request.to === to && hasMoved(state),
    )
    const views = await Promise.all(alike.slice(0, mostForeseenFrom).map(view))
    const past = views.map(({ container, rounds, downtimeMs }) => ({ container: container.name, rounds, downtimeMs }))
    const kept = planned.builtUpon === undefined ? null : await journal.find(planned.builtUpon)
    return {
      ...planned,
      volumes: withKept(planned.volumes, kept === null ? null : (await view(kept)).receipt),
      forecast: forecast(planned, past, options.maxBytesPerSecond),
    }
  }
