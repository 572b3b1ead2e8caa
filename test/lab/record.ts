// What a lab writes down about itself, so that other processes can use it and clean up after it.
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bootId, isAlive, type ProcessIdentity } from './cgroups.ts'
import type { EngineKind } from './install.ts'
import { labDir, labsDir } from './places.ts'

export type HostRecord = {
  readonly name: string
  readonly address: string
  readonly dockerHost: string
  readonly netns: string
  readonly dataRoot: string
  readonly engine: { readonly kind: EngineKind; readonly version: string }
  // What a shell needs to talk to this host's engine.
  readonly clientEnv: NodeJS.ProcessEnv
  // Where the machine has what the host has as /srv, if that is the host's own.
  readonly srv?: string
}

export type LabRecord = {
  readonly id: string
  readonly startedAt: string
  // Of the machine. A lab does not survive a restart, only its folder does.
  readonly boot: string
  // 10.213.N; the machine's own address in it is .1.
  readonly subnet: string
  // The lab goes down with this process. Absent where it was started to stay.
  readonly owner?: ProcessIdentity
  // Present once everything is up.
  readonly up?: {
    readonly coordinator?: { readonly url: string; readonly token: string }
    readonly hosts: readonly HostRecord[]
  }
}

const recordFile = (dir: string) => join(dir, 'lab.json')

// Appears as a whole or not at all, so that whoever lists the labs never meets one without an owner.
export const createRecord = async (record: LabRecord): Promise<void> => {
  await mkdir(labsDir, { recursive: true })
  const draft = await mkdtemp(join(labsDir, '.new-'))
  await writeFile(recordFile(draft), JSON.stringify(record), { mode: 0o600 })
  // An engine that remaps ids wants its remapped root to get through to its data.
  await chmod(draft, 0o711)
  await rename(draft, labDir(record.id))
}

export const updateRecord = async (record: LabRecord): Promise<void> => {
  const draft = join(labDir(record.id), 'lab.json.new')
  await writeFile(draft, JSON.stringify(record), { mode: 0o600 })
  await rename(draft, recordFile(labDir(record.id)))
}

export const readRecord = async (id: string): Promise<LabRecord | undefined> => {
  try {
    return JSON.parse(await readFile(recordFile(labDir(id)), 'utf8')) as LabRecord
  } catch {
    return undefined
  }
}

// Oldest first.
export const listRecords = async (): Promise<readonly LabRecord[]> => {
  const names = (await readdir(labsDir).catch(() => [])).filter((name) => !name.startsWith('.'))
  const records = await Promise.all(names.map(readRecord))
  return records
    .filter((record) => record !== undefined)
    .toSorted((one, other) => one.startedAt.localeCompare(other.startedAt))
}

export const isAbandoned = ({ boot, owner }: LabRecord): boolean =>
  boot !== bootId() || (owner !== undefined && !isAlive(owner))

export const removeRecord = (id: string) => rm(labDir(id), { recursive: true, force: true, maxRetries: 5 })
