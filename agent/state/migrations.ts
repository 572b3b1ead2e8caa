// What this agent has done, or may have done, for each migration under way here. Every part is noted before its effect
// and taken out after its undo has had effect: what is noted is in force, or may be. So a repeated call finds out what
// the first one did, and an undo knows what to put back, whatever died in between.
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { removeFile, syncDirectory } from '../../shared/disk/durable-file.ts'
import { AppError } from '../../shared/errors.ts'
import { readDocument, writeDocument } from './document.ts'

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])

const NotedVolume = Type.Object({
  name: Type.String(),
  // As the engine sees it.
  mountpoint: Type.String(),
  // dev:ino of the volume's root; '' where this agent could not see it.
  rootIdentity: Type.String(),
  // No volume, but a directory of the host that is copied like one.
  ofHost: Type.Optional(Type.Boolean()),
})
export type NotedVolume = Static<typeof NotedVolume>

const RestartPolicy = Type.Object({
  Name: Type.Union([
    Type.Literal(''),
    Type.Literal('no'),
    Type.Literal('always'),
    Type.Literal('on-failure'),
    Type.Literal('unless-stopped'),
  ]),
  MaximumRetryCount: Type.Integer(),
})

// A retired copy of the workload that was found here and taken for the target.
const Adopted = Type.Object({
  migrationId: Type.String(),
  containerId: Type.String(),
  containerName: Type.String(),
  renamedTo: Type.String(),
  volumes: Type.Array(NotedVolume),
  // When its container had been started last: it has not run since, as long as this is so.
  startedAt: Type.String(),
  // Of the workload where it comes from: it becomes this copy's when it is reinstated.
  policy: RestartPolicy,
})
export type Adopted = Static<typeof Adopted>

// A directory of the host that the target's container mounts, and that is written to for it.
const NotedBind = Type.Object({
  path: Type.String(),
  // dev:ino; '': it is being made.
  identity: Type.String(),
  // made: it was not there; found: it was, and empty; kept: an earlier move of the workload has left it.
  how: Type.Union([Type.Literal('made'), Type.Literal('found'), Type.Literal('kept')]),
  // So many of the path's last components were not there.
  missing: Type.Integer(),
  // As it was found.
  root: Nullable(
    Type.Object({ mode: Type.Integer(), uid: Type.Integer(), gid: Type.Integer(), modifiedMs: Type.Number() }),
  ),
})
export type NotedBind = Static<typeof NotedBind>

const SourceNote = Type.Object({
  role: Type.Literal('source'),
  migrationId: Type.String(),
  workloadId: Type.String(),
  epoch: Type.Integer(),
  // Where it moves to.
  peerHost: Type.String(),
  containerId: Type.String(),
  containerName: Type.String(),
  // What can be pulled: this image under these names, and these volumes.
  imageId: Type.String(),
  imageReferences: Type.Array(Type.String()),
  volumes: Type.Array(NotedVolume),
  // FenceSource: what it found.
  fenced: Nullable(Type.Object({ policy: RestartPolicy, wasRunning: Type.Boolean() })),
  // RunHook ran a command in it, which may have ended it.
  hooked: Type.Optional(Type.Boolean()),
  // StopSource: what it found, and then what came of it.
  stopped: Nullable(
    Type.Object({
      wasRunning: Type.Boolean(),
      requestedAt: Type.String(),
      // Set before RestartSource starts it again: from then on it may run.
      mayRunAgain: Type.Boolean(),
      result: Nullable(Type.Object({ exitCode: Type.Integer(), killed: Type.Boolean(), finishedAt: Type.String() })),
    }),
  ),
  // KeepLayer makes, or made, an image of what the container changed outside its volumes. null: not known yet which.
  layer: Type.Optional(Type.Object({ imageId: Nullable(Type.String()), references: Type.Array(Type.String()) })),
  // IsolateSource: what it set aside.
  isolated: Nullable(
    Type.Object({
      volumes: Type.Array(NotedVolume),
      // Directories of the host that it carries: they stay in their place.
      binds: Type.Optional(Type.Array(NotedVolume)),
      renamed: Nullable(Type.Object({ from: Type.String(), to: Type.String() })),
    }),
  ),
})
export type SourceNote = Static<typeof SourceNote>

const BroughtImage = Type.Object({ imageId: Nullable(Type.String()), imageJson: Type.String() })

const TargetNote = Type.Object({
  role: Type.Literal('target'),
  migrationId: Type.String(),
  workloadId: Type.String(),
  epoch: Type.Integer(),
  peerHost: Type.String(),
  // ReceiveImage found none here and went to fetch it: only then may RemoveImage remove it.
  // imageId null: on its way, or loaded and not yet noted; the image's description finds it then.
  imageBrought: Nullable(BroughtImage),
  // The same of a kept writable layer, which is removed first: it stands upon the other.
  layerBrought: Type.Optional(BroughtImage),
  // PrepareTarget: what it took instead of making it.
  adopted: Type.Optional(Adopted),
  // PrepareTarget: each before it is made, and until it is taken back.
  binds: Type.Optional(Type.Array(NotedBind)),
  // ConfirmTarget found everything as PrepareTarget had left it: what runs from then on runs on the whole data.
  confirmed: Type.Boolean(),
  // Set before StartTarget starts it: from then on it may run. One that runs without it was started by somebody else.
  startAsked: Type.Boolean(),
  // StartTarget's verdict; null: not asked yet, or not known what came of it.
  started: Nullable(
    Type.Object({
      verdict: Type.Union([
        Type.Literal('healthy'),
        Type.Literal('settled'),
        Type.Literal('finished'),
        Type.Literal('failed'),
      ]),
      startedAt: Type.String(),
    }),
  ),
})
export type TargetNote = Static<typeof TargetNote>

const Note = Type.Union([SourceNote, TargetNote])
export type Note = SourceNote | TargetNote

export type Migrations = {
  find(migrationId: string): Note | null
  all(): readonly Note[]
  // Creates or replaces. On disk when it resolves.
  put(note: Note): Promise<void>
  forget(migrationId: string): Promise<void>
}

// Migrations' ids, and those of their parts (shared/move-set/part.ts), become file names.
const safeId = /^[A-Za-z0-9_-]{1,64}(\.[0-9]{1,4})?$/
const suffix = '.json'

export const openMigrations = async (stateFolder: string): Promise<Migrations> => {
  const folder = join(stateFolder, 'migrations')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await syncDirectory(stateFolder)
  const notes = new Map<string, Note>()
  for (const file of await readdir(folder)) {
    // What a crash left of a write that did not happen.
    if (!file.endsWith(suffix)) continue
    const note = await readDocument(join(folder, file), Note)
    if (note) notes.set(note.migrationId, note)
  }
  const last = new Map<string, Promise<unknown>>()

  const pathOf = (migrationId: string): string => {
    if (safeId.test(migrationId)) return join(folder, `${migrationId}${suffix}`)
    throw new AppError('DRAYAGE_INVALID_REQUEST', `"${migrationId}" is no migration's id. Nothing was done.`)
  }
  // Writes of one note follow one another: see replaceFile.
  const inTurn = async (migrationId: string, work: () => Promise<void>): Promise<void> => {
    const mine = (last.get(migrationId) ?? Promise.resolve()).catch(() => {}).then(work)
    last.set(migrationId, mine)
    try {
      await mine
    } finally {
      if (last.get(migrationId) === mine) last.delete(migrationId)
    }
  }

  return {
    find: (migrationId) => notes.get(migrationId) ?? null,
    all: () => [...notes.values()],
    put: async (note) => {
      const path = pathOf(note.migrationId)
      await inTurn(note.migrationId, async () => {
        await writeDocument(path, note)
        notes.set(note.migrationId, note)
      })
    },
    forget: async (migrationId) => {
      const path = pathOf(migrationId)
      await inTurn(migrationId, async () => {
        await removeFile(path)
        notes.delete(migrationId)
      })
    },
  }
}
