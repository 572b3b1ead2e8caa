// A workload whose every acknowledged write is known: a ledger that it writes without pause, beside much that nobody
// touches.
import { expect } from 'vitest'
import type { LabHost } from '../lab/lab.ts'
import { checkLedger, keepLedger } from '../lab/ledger.ts'
import { eventually } from '../lab/wait.ts'
import type { Inspection } from './inspection.ts'
import { inspect } from './moving.ts'

export const coldMiB = 60

// Answers the container's id.
export const startLedger = async (host: LabHost, image: string, name: string): Promise<string> => {
  const volume = `${name}:/data`
  const cold = ['dd', 'if=/dev/urandom', 'of=/data/cold', 'bs=1M', `count=${coldMiB}`]
  await host.docker(['run', '--rm', '-v', volume, image, ...cold])
  return host.docker(['run', '-d', '--name', name, '--restart', 'always', '-v', volume, image, ...keepLedger])
}

// Lines, by what it has told.
export const acknowledged = async (host: LabHost, container: string): Promise<number> =>
  Number((await host.docker(['logs', '--tail', '1', container])) || 0)

export const writesOn = async (host: LabHost, name: string): Promise<void> => {
  const before = await acknowledged(host, name)
  await eventually(`${name} to write`, 60_000, async () => (await acknowledged(host, name)) > before + 5 || undefined)
}

export const requireWhole = async (host: LabHost, name: string, lines: number): Promise<void> => {
  const ledger = checkLedger(await host.docker(['exec', name, 'cat', '/data/ledger']))
  expect(ledger.lines).toBeGreaterThanOrEqual(lines)
}

export const runs = async (host: LabHost, name: string): Promise<boolean> =>
  inspect<Inspection>(host, name).then(
    ({ State }) => State.Running,
    () => false,
  )
