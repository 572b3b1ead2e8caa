// A backup is one SQLite database: the coordinator's own, copied while it runs (sqlite.org/backup.html), with the files that
// stand beside it in two tables more. So it is one file that is either whole or refused, and sqlite3 reads it where Drayage
// is not at hand.
import { createHash } from 'node:crypto'
import {
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import Sqlite from 'better-sqlite3'
import { syncDirectory, syncFile } from '../../shared/disk/durable-file.ts'
import { AppError } from '../../shared/errors.ts'
import { openDatabase } from './database.ts'
import { needRecovery } from './facts.ts'

export const databaseFile = 'coordinator.db'
// Of the data directory: what agents trust, and the way in. The database has no more than a hash of the latter.
const besides = [
  { name: 'authority.pem', needed: true },
  { name: 'admin-token', needed: false },
] as const

const format = 1
const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')

export type BackupFacts = {
  readonly format: number
  readonly version: string
  readonly takenAt: string
}

type Outside = { readonly version: string; readonly now: Date }

const refused = (message: string, cause?: unknown): AppError =>
  new AppError('DRAYAGE_CONFIG_INVALID', message, cause === undefined ? {} : { cause })

// The coordinator may run or not. On the disk, whole, and readable by its owner alone when it resolves.
export const takeBackup = async (dataDir: string, to: string, { version, now }: Outside): Promise<BackupFacts> => {
  const source = join(dataDir, databaseFile)
  const missing = [databaseFile, ...besides.flatMap(({ name, needed }) => (needed ? [name] : []))].filter(
    (name) => !existsSync(join(dataDir, name)),
  )
  if (missing.length > 0) {
    throw refused(
      `${dataDir} is not a coordinator's data directory, or not one that has been started: it lacks ${missing.join(' and ')}. ` +
        'Name the right one (--data-dir), on the coordinator’s machine, as a user who may read it.',
    )
  }
  if (existsSync(to)) throw refused(`${to} is there already, and a backup is never written over. Choose another name.`)
  const partial = `${to}.partial`
  rmSync(partial, { force: true })
  try {
    closeSync(openSync(partial, 'wx', 0o600))
    const facts: BackupFacts = { format, version, takenAt: now.toISOString() }
    await copyDatabase(source, partial)
    addTables(partial, dataDir, facts)
    await syncFile(partial)
    // Fails where somebody else has made one of that name meanwhile.
    linkSync(partial, to)
    await syncDirectory(dirname(resolve(to)))
    return facts
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown
    throw refused(
      `No backup was made: ${(thrown as Error).message}. See that ${dirname(resolve(to))} can be written to.`,
      thrown,
    )
  } finally {
    rmSync(partial, { force: true })
  }
}

const copyDatabase = async (source: string, to: string): Promise<void> => {
  const db = new Sqlite(source, { fileMustExist: true })
  try {
    db.pragma('busy_timeout = 5000')
    // In one go: a copy in pieces begins anew whenever the coordinator writes.
    await db.backup(to, { progress: ({ remainingPages }) => Math.max(remainingPages, 1) })
  } finally {
    db.close()
  }
}

const addTables = (file: string, dataDir: string, facts: BackupFacts): void => {
  const db = new Sqlite(file)
  try {
    // Without a log beside it.
    db.pragma('journal_mode = DELETE')
    db.exec(`
      create table backup_facts (name text primary key, value text not null);
      create table backup_files (name text primary key, sha256 text not null, content blob not null);
    `)
    const fact = db.prepare('insert into backup_facts values (?, ?)')
    for (const [name, value] of Object.entries(facts)) fact.run(name, String(value))
    for (const { name } of besides) {
      if (!existsSync(join(dataDir, name))) continue
      const content = readFileSync(join(dataDir, name))
      db.prepare('insert into backup_files values (?, ?, ?)').run(name, sha256(content), content)
    }
  } finally {
    db.close()
  }
}

// Into a directory that is empty or not there. It is complete when it appears under its name; a database that was restored
// says so, and acts on nothing before an operator has settled what it may have missed. Throws DRAYAGE_BACKUP_DAMAGED.
export const restoreBackup = async (
  from: string,
  dataDir: string,
  { now }: Pick<Outside, 'now'>,
): Promise<BackupFacts> => {
  if (!existsSync(from)) throw refused(`There is no ${from}.`)
  const owner = requireEmpty(dataDir)
  const making = join(dirname(resolve(dataDir)), `.${basename(resolve(dataDir))}.restoring`)
  rmSync(making, { recursive: true, force: true })
  try {
    mkdirSync(making, { recursive: true, mode: 0o700 })
    const file = join(making, databaseFile)
    writeFileSync(file, readFileSync(from), { mode: 0o600, flag: 'wx' })
    const facts = unpack(file, from, making)
    const db = await openDatabase(file)
    try {
      await needRecovery(db, { since: now, why: `it was restored from a backup of ${facts.takenAt}` })
    } finally {
      await db.destroy()
    }
    for (const name of readdirSync(making)) {
      await syncFile(join(making, name))
      if (owner !== null) chownSync(join(making, name), owner.uid, owner.gid)
    }
    await syncDirectory(making)
    if (owner !== null) {
      chownSync(making, owner.uid, owner.gid)
      rmdirSync(dataDir)
    }
    renameSync(making, dataDir)
    await syncDirectory(dirname(resolve(dataDir)))
    return facts
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
}

// Whom it belongs to; null: there is none.
const requireEmpty = (dataDir: string): { readonly uid: number; readonly gid: number } | null => {
  if (!existsSync(dataDir)) return null
  const found = readdirSync(dataDir)
  if (found.length > 0) {
    throw refused(
      `${dataDir} is not empty (${found.slice(0, 3).join(', ')}${found.length > 3 ? ', …' : ''}), and nothing is restored ` +
        'over something. Stop the coordinator, move what is there aside, and keep it until all is well again.',
    )
  }
  return statSync(dataDir)
}

const unpack = (file: string, from: string, into: string): BackupFacts => {
  try {
    const db = new Sqlite(file)
    try {
      const problems = db.pragma('integrity_check', { simple: true })
      if (problems !== 'ok') throw damaged(from, String(problems))
      const rows = db.prepare('select name, value from backup_facts').all() as { name: string; value: string }[]
      const facts = Object.fromEntries(rows.map(({ name, value }) => [name, value]))
      if (facts['format'] !== String(format)) {
        throw damaged(from, `its format is ${facts['format']}, and this version knows ${format}`)
      }
      const files = db.prepare('select name, sha256, content from backup_files').all() as {
        name: string
        sha256: string
        content: Buffer
      }[]
      for (const { name, needed } of besides) {
        const found = files.find((one) => one.name === name)
        if (found === undefined && needed) throw damaged(from, `it lacks ${name}`)
        if (found === undefined) continue
        if (sha256(found.content) !== found.sha256) throw damaged(from, `${name} does not match its checksum`)
        writeFileSync(join(into, name), found.content, { mode: 0o600, flag: 'wx' })
      }
      db.exec('drop table backup_files; drop table backup_facts; vacuum')
      return { format, version: facts['version'] ?? '', takenAt: facts['takenAt'] ?? '' }
    } finally {
      db.close()
    }
  } catch (thrown) {
    if (thrown instanceof Sqlite.SqliteError) throw damaged(from, thrown.message, thrown)
    throw thrown
  }
}

const damaged = (from: string, why: string, cause?: unknown): AppError =>
  new AppError(
    'DRAYAGE_BACKUP_DAMAGED',
    `${from} is not a whole backup of a coordinator: ${why}. Nothing was restored. Take another one.`,
    cause === undefined ? {} : { cause },
  )
