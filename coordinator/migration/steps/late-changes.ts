// Looked at once more when it has stopped: what a container has changed outside its volumes since it was looked at before the
// fence, and on its way down. Beside the last round, so that it takes nothing from the downtime.
import type { MigrationOptions } from '../../../shared/api/migration-options.ts'
import { AppError, asAppError, type Finding } from '../../../shared/errors.ts'
import { refusalOf } from '../plan/plan.ts'
import type { AgentPort } from '../ports.ts'
import { inOrder } from './step.ts'

type Moving = {
  readonly record: {
    readonly subject: string
    readonly request: { readonly options: Pick<MigrationOptions, 'writableLayer'> }
  }
  readonly members: readonly { readonly containerId: string; readonly containerName: string }[]
  readonly source: { readonly agent: Pick<AgentPort, 'lookAtLayer'> }
  readonly signal: AbortSignal
}

// Why the move has to be put back; null: nothing would be lost that nobody was asked about. Never rejects.
export const lateChanges = async ({ record, members, source, signal }: Moving): Promise<AppError | null> => {
  if (record.request.options.writableLayer !== 'refuse') return null
  try {
    const findings = await inOrder(members, async ({ containerId, containerName }): Promise<Finding[]> => {
      const { changes, paths } = await source.agent.lookAtLayer({ containerId }, { signal })
      if (changes === 0) return []
      const listed = `${paths.slice(0, 5).join(', ')}${changes > 5 ? ` and ${changes - 5} more` : ''}`
      const message = `Until it had stopped, ${containerName} changed files outside its volumes (${listed}), which would be lost. Say what shall become of them: --writable-layer keep takes them along, --writable-layer discard leaves them behind.`
      return [{ code: 'DRAYAGE_WRITABLE_LAYER', message }]
    })
    return refusalOf(record.subject, findings.flat())
  } catch (thrown) {
    // Removed by somebody since it was stopped: to go on is all that is left of it.
    if (thrown instanceof AppError && thrown.code === 'DRAYAGE_CONTAINER_NOT_FOUND') return null
    return asAppError(thrown)
  }
}
