// A container as it is at this moment: what the hand-over asks before and after everything that it does to one.

// Docker's own shape: it is journaled as JSON and given back to Docker word for word.
export type RestartPolicy = {
  readonly Name: '' | 'no' | 'always' | 'on-failure' | 'unless-stopped'
  readonly MaximumRetryCount: number
}

export type ContainerState = {
  readonly id: string
  // Without the leading slash.
  readonly name: string
  // Docker's own word: created, running, paused, restarting, removing, exited, dead.
  readonly status: string
  // Docker says so of a paused and of a restarting container too.
  readonly running: boolean
  readonly restarting: boolean
  readonly exitCode: number
  // RFC 3339, of the engine's clock; '0001-01-01T00:00:00Z' where it never happened.
  readonly startedAt: string
  readonly finishedAt: string
  // How often its restart policy has started it again.
  readonly restartCount: number
  readonly restartPolicy: RestartPolicy
  readonly labels: Readonly<Record<string, string>>
  // 'none': no health check, or it is disabled.
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy'
  // Output of the last run of its health check, cut to a readable length; '' where there was none.
  readonly healthLog: string
  readonly oomKilled: boolean
  // Why the engine could not start it, in the engine's words; '' otherwise.
  readonly error: string
}
