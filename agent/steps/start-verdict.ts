// What a container's state says of its start. Pure: one look in, what follows out.
import type { ContainerState } from '../docker/engine.ts'

export type Seen = Pick<
  ContainerState,
  'status' | 'running' | 'restarting' | 'exitCode' | 'restartCount' | 'health' | 'healthLog' | 'oomKilled' | 'startedAt'
>

export type Verdict =
  | { readonly kind: 'wait' }
  | { readonly kind: 'up'; readonly verdict: 'healthy' | 'settled' | 'finished' }
  | { readonly kind: 'down'; readonly reason: string }

// begun: what was seen when it had just been started. elapsedMs: since then.
export const judge = (
  seen: Seen,
  begun: Pick<Seen, 'restartCount' | 'startedAt'>,
  elapsedMs: number,
  { settleMs, healthTimeoutMs }: { readonly settleMs: number; readonly healthTimeoutMs: number },
): Verdict => {
  if (seen.restarting || seen.restartCount > begun.restartCount || seen.startedAt !== begun.startedAt) {
    // While it runs again, Docker no longer says what its exit code was.
    const how = seen.restarting ? ` with exit code ${seen.exitCode}` : ''
    return { kind: 'down', reason: `it ended${how} and was started again by its restart policy` }
  }
  if (!seen.running) {
    if (seen.exitCode === 0 && !seen.oomKilled) return { kind: 'up', verdict: 'finished' }
    const why = seen.oomKilled ? ', killed for using more memory than it may' : ''
    return { kind: 'down', reason: `it ended with exit code ${seen.exitCode}${why}` }
  }
  switch (seen.health) {
    case 'healthy':
      return { kind: 'up', verdict: 'healthy' }
    case 'unhealthy':
      return { kind: 'down', reason: `its health check failed${lastWords(seen)}` }
    case 'starting':
      return elapsedMs < healthTimeoutMs
        ? { kind: 'wait' }
        : {
            kind: 'down',
            reason: `its health check had not passed after ${Math.round(healthTimeoutMs / 1000)} s${lastWords(seen)}`,
          }
    case 'none':
      return elapsedMs < settleMs ? { kind: 'wait' } : { kind: 'up', verdict: 'settled' }
  }
}

const lastWords = ({ healthLog }: Seen): string =>
  healthLog.trim() === '' ? '' : `; it last said: ${healthLog.trim()}`
