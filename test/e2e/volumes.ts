// Volumes on a lab's hosts, with no container.
import { access } from 'node:fs/promises'
import type { LabHost } from '../lab/lab.ts'
import { mountpoint } from './moving.ts'

// Answers where the machine has its data.
export const makeVolume = async (host: LabHost, name: string): Promise<string> => {
  await host.docker(['volume', 'create', name])
  return mountpoint(host, name)
}

export const volumeNames = async (host: LabHost): Promise<string[]> =>
  (await host.docker(['volume', 'ls', '--quiet'])).split('\n')

// It is there, and its data is not yet in its place.
export const isSetAside = async (host: LabHost, volume: string): Promise<boolean> => {
  const root = await mountpoint(host, volume).catch(() => undefined)
  if (root === undefined) return false
  return access(root).then(
    () => false,
    () => true,
  )
}
