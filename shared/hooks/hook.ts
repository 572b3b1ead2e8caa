// A command that is run in a container around a hand-over: pre-stop where it comes from, before it is stopped there;
// post-start where it goes, after it has come up.
export const hookNames = ['pre-stop', 'post-start'] as const
export type HookName = (typeof hookNames)[number]

export type Hook = {
  // As it is executed.
  readonly command: readonly string[]
  readonly timeoutMs: number
  // fail: a pre-stop that fails puts everything back; a post-start that fails counts as a target that did not come up.
  readonly onError: 'fail' | 'continue'
}

export const defaultHookTimeoutMs = 30_000
export const longestHookTimeoutMs = 10 * 60_000

// Of each run: its newest output, since the end says how it ended.
export const mostHookOutputBytes = 16 * 1024
