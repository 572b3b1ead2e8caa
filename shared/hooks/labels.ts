// Hooks as a container's labels name them. Pure.
import { duration } from '../config/durations.ts'
import { readCommand } from './command.ts'
import { defaultHookTimeoutMs, type Hook, type HookName, hookNames, longestHookTimeoutMs } from './hook.ts'

export const hookLabel = (name: HookName): string => `drayage.hook.${name}`

export type LabelledHooks = {
  readonly hooks: Partial<Record<HookName, Hook>>
  // In words, each naming its label.
  readonly faults: readonly string[]
}

const onErrors: readonly string[] = ['fail', 'continue'] satisfies Hook['onError'][]

const timeoutMsOf = (raw: string): number => {
  const ms = duration(raw)
  if (ms > longestHookTimeoutMs) throw new Error(`"${raw}" is more than ${longestHookTimeoutMs / 60_000} minutes`)
  return ms
}

export const readHookLabels = (labels: Readonly<Record<string, string>>): LabelledHooks => {
  const faults: string[] = []
  const hooks: Partial<Record<HookName, Hook>> = {}
  const read = <T>(label: string, otherwise: T, parse: (raw: string) => T): T => {
    const raw = labels[label]
    if (raw === undefined) return otherwise
    try {
      return parse(raw)
    } catch (thrown) {
      faults.push(`${label}: ${(thrown as Error).message}`)
      return otherwise
    }
  }
  for (const name of hookNames) {
    const label = hookLabel(name)
    const command = read<string[] | null>(label, null, readCommand)
    const timeoutMs = read(`${label}.timeout`, defaultHookTimeoutMs, timeoutMsOf)
    const onError = read<Hook['onError']>(`${label}.on-error`, 'fail', (raw) => {
      if (onErrors.includes(raw)) return raw as Hook['onError']
      throw new Error(`"${raw}" is neither fail nor continue`)
    })
    if (command !== null) hooks[name] = { command, timeoutMs, onError }
  }
  return { hooks, faults }
}
