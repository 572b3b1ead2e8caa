// Settings come from flags and the environment, flags first. They are read once, checked whole, every fault is named
// at once, and the result is frozen. The only reader of process.env.
import { AppError } from '../errors.ts'

export type Setting<T> = {
  // DRAYAGE_…
  readonly env: string
  // --flag-name as commander gives it: flagName. Absent: the environment alone.
  readonly flag?: string
  readonly default?: string
  // Throws an Error whose message ends the sentence "--flag is wrong: …".
  readonly parse: (raw: string) => T
}
export type OptionalSetting<T> = Setting<T> & { readonly optional: true }

type Definitions = Readonly<Record<string, Setting<unknown>>>
export type SettingsOf<D extends Definitions> = {
  readonly [K in keyof D]: D[K] extends OptionalSetting<infer T>
    ? T | undefined
    : D[K] extends Setting<infer T>
      ? T
      : never
}

const kebab = (flag: string): string => flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

export const readSettings = <D extends Definitions>(
  definitions: D,
  flags: Readonly<Record<string, string | undefined>>,
  env: Readonly<Record<string, string | undefined>> = process.env,
): SettingsOf<D> => {
  const reasons: { code: string; message: string }[] = []
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(definitions)) {
    const { flag } = setting
    const raw = (flag === undefined ? undefined : flags[flag]) ?? (env[setting.env] || undefined) ?? setting.default
    const called = flag === undefined ? setting.env : `--${kebab(flag)} (${setting.env})`
    if (raw === undefined) {
      if (!('optional' in setting)) reasons.push({ code: 'missing', message: `${called} is missing` })
      continue
    }
    try {
      values[name] = setting.parse(raw)
    } catch (thrown) {
      reasons.push({ code: 'wrong', message: `${called} is wrong: ${(thrown as Error).message}` })
    }
  }
  if (reasons.length > 0) {
    throw new AppError(
      'DRAYAGE_CONFIG_INVALID',
      `The configuration is not usable: ${reasons.map(({ message }) => message).join('; ')}`,
      { details: { reasons } },
    )
  }
  return Object.freeze(values) as SettingsOf<D>
}

export const text = (raw: string): string => raw

// host:port or [v6]:port; port 0 lets the system choose where something listens.
export const hostPort = (raw: string): string => {
  const port = Number(/^(?:\[[0-9a-fA-F:]+\]|[^:\s]+):(\d{1,5})$/.exec(raw)?.[1] ?? Number.NaN)
  if (!(port >= 0 && port <= 65_535)) throw new Error(`"${raw}" is not host:port`)
  return raw
}

// http or https. What a URL can hide (a password, a fragment) is not taken.
export const webAddress = (raw: string): string => {
  const url = URL.canParse(raw) ? new URL(raw) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new Error('it is not an http:// or https:// address')
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new Error('a user, a password or a fragment in the address is not sent')
  }
  return raw
}

export const oneOf =
  <const T extends string>(...allowed: readonly T[]) =>
  (raw: string): T => {
    const found = allowed.find((value) => value === raw)
    if (found === undefined) throw new Error(`"${raw}" is none of ${allowed.join(', ')}`)
    return found
  }

export const positiveInteger = (raw: string): number => {
  const value = Number(raw)
  if (!Number.isSafeInteger(value) || value <= 0) throw new Error(`"${raw}" is not a whole number above 0`)
  return value
}
