// A registry of images beside the hosts, as Debian packages it: without certificate or passwords, on the machine's own address
// in the lab's network.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeCgroup } from './cgroups.ts'
import { installRegistry } from './install.ts'
import type { Lab } from './lab.ts'
import { machineAddress } from './network.ts'
import { labDir } from './places.ts'
import { type LabProcess, labProcess } from './processes.ts'

export type Registry = {
  // What names of its images begin with: 10.213.1.1:5000
  readonly address: string
  readonly process: LabProcess
}

const port = 5000

export const startRegistry = async ({ id, record }: Pick<Lab, 'id' | 'record'>): Promise<Registry> => {
  const directory = join(labDir(id), 'registry')
  await mkdir(directory, { recursive: true })
  const address = `${machineAddress(record.subnet)}:${port}`
  const config = join(directory, 'config.json')
  // JSON is YAML.
  const settings = { version: 0.1, storage: { filesystem: { rootdirectory: directory } }, http: { addr: address } }
  await writeFile(config, JSON.stringify(settings))
  const control = labProcess({
    name: 'the registry',
    command: [await installRegistry(), 'serve', config],
    env: { HOME: directory },
    logFile: join(directory, 'registry.log'),
    cgroupProcs: await makeCgroup(id, 'registry'),
    isReady: async () => (await fetch(`http://${address}/v2/`).catch(() => null))?.ok ?? false,
  })
  await control.start()
  return { address, process: control }
}
