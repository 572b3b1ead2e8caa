// One lab for many tests: what each of them leaves, and the container that each begins with.
import type { LabHost } from '../lab/lab.ts'
import { mountpoint } from './moving.ts'

export const clearHost = async (host: LabHost): Promise<void> => {
  const list = async (args: string[]) => [...new Set((await host.docker(args)).split('\n').filter(Boolean))]
  const containers = await list(['ps', '-aq'])
  if (containers.length > 0) await host.docker(['rm', '-f', '-v', ...containers])
  const volumes = await list(['volume', 'ls', '-q'])
  if (volumes.length > 0) await host.docker(['volume', 'rm', ...volumes])
  const layers = await list(['image', 'ls', '-q', 'drayage-layer'])
  if (layers.length > 0) await host.docker(['image', 'rm', '-f', ...layers])
}

// Writes nothing by itself, and is stopped soon.
export const runWeb = (image: string, options: readonly string[]): string[] => [
  ...['run', '-d', '--name', 'web', '--stop-timeout', '1', '-v', 'data:/data'],
  ...[...options, image, 'sleep', '1d'],
]

// With a volume of its own name at /data; answers where the machine has that.
export const runScript = async (host: LabHost, image: string, name: string, script: string): Promise<string> => {
  const own = ['--name', name, '--stop-timeout', '1', '-v', `${name}:/data`]
  await host.docker(['run', '-d', ...own, image, 'sh', '-c', script])
  return mountpoint(host, name)
}
