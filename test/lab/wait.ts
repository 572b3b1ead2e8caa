// Waiting for something that can only be asked about, with a deadline.
import { setTimeout as pause } from 'node:timers/promises'

// Asks until the answer is neither undefined nor false. An answer that throws ends the wait.
export const eventually = async <T>(
  what: string,
  deadlineMs: number,
  ask: () => Promise<T | undefined | false>,
): Promise<T> => {
  const giveUpAt = performance.now() + deadlineMs
  for (let intervalMs = 5; ; intervalMs = Math.min(intervalMs * 1.5, 100)) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > giveUpAt) throw new Error(`Waited ${deadlineMs / 1000} s in vain for ${what}.`)
    await pause(intervalMs)
  }
}
