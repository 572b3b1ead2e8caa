// What is moved: a container with one volume of a known shape.
import { run } from '../test/lab/command.ts'
import type { LabHost } from '../test/lab/lab.ts'

export type Shape = { readonly name: string; readonly says: string; readonly fill: (data: string) => readonly string[] }

export const shapes: readonly Shape[] = [
  {
    name: 'large',
    says: 'one file of 1 GiB, incompressible',
    fill: (data) => ['sh', '-c', `head -c 1G /dev/urandom > ${data}/file`],
  },
  {
    name: 'small',
    says: '50,000 files of 2 KiB in 500 folders',
    fill: (data) => [
      ...['perl', '-e'],
      `for $d (1..500) { mkdir "${data}/$d"; for $f (1..100) { open F, ">", "${data}/$d/$f"; print F chr(33 + $f % 90) x 2048; close F } }`,
    ],
  },
]

export const volume = 'bench-data'
export const container = 'bench'

export const mountpoint = (host: LabHost): Promise<string> =>
  host.docker(['volume', 'inspect', '--format', '{{.Mountpoint}}', volume])

export const createOn = (host: LabHost, image: string): Promise<string> =>
  host.docker([
    'create',
    '--name',
    container,
    '--stop-timeout',
    '1',
    '-v',
    `${volume}:/data`,
    image,
    'sleep',
    '1000000',
  ])

export const prepare = async (host: LabHost, image: string, shape: Shape): Promise<void> => {
  await createOn(host, image)
  await run(shape.fill(await mountpoint(host)), { timeoutMs: 600_000 })
  await host.docker(['start', container])
  await run(['sync'])
}

export const clear = async (host: LabHost): Promise<void> => {
  const containers = (await host.docker(['ps', '-aq'])).split('\n').filter(Boolean)
  if (containers.length > 0) await host.docker(['rm', '-f', ...containers])
  const volumes = (await host.docker(['volume', 'ls', '-q'])).split('\n').filter(Boolean)
  if (volumes.length > 0) await host.docker(['volume', 'rm', ...volumes])
}
