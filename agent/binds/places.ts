// The directories that a migration writes to on its target beside volumes. Each is noted before it is made, and again when it
// is known which one it is (dev:ino); what is noted is written to, confirmed and taken back, and nothing else.
import { AppError, type ErrorCode } from '../../shared/errors.ts'
import { failpoint } from '../../shared/failpoints/failpoints.ts'
import type { WorkloadVolume__Output as WorkloadVolume } from '../../shared/rpc/generated/drayage/v1/WorkloadVolume.ts'
import type { NotedBind, TargetNote } from '../state/migrations.ts'
import type { RetiredWorkload } from '../state/retired.ts'
import type { AgentContext } from '../steps/context.ts'
import { targetChanged } from '../steps/target-changed.ts'
import { runningInside } from './source.ts'
import { type Claim, lookAtPlace, notedBind } from './target.ts'
import { lookAt, makeDirectories, removeEmptyDirectories, restoreRoot } from './walk.ts'

type Context = Pick<AgentContext, 'engine' | 'paths' | 'rules' | 'dataDir' | 'state'>

const notedFrom = (path: string, claim: Claim): NotedBind =>
  claim.how === 'made'
    ? { path, identity: '', how: 'made', missing: claim.missing, root: null }
    : { path, identity: claim.found.identity, how: claim.how, missing: 0, root: claim.found.root }

const isNoted = ({ identity }: NotedBind): boolean => identity !== ''

const noting = (note: TargetNote, bind: NotedBind): TargetNote => ({
  ...note,
  binds: [...(note.binds ?? []).filter(({ path }) => path !== bind.path), bind],
})

// What is there is still what was noted; in words why not.
const whyOther = async ({ paths }: Pick<Context, 'paths'>, { path, identity }: NotedBind): Promise<string | null> => {
  const found = await lookAt(paths.here(path))
  if (found.kind === 'directory' && found.identity === identity) return null
  return found.kind === 'directory'
    ? `${path} is another directory (${found.identity}) than the one that was written to (${identity})`
    : `${path} is not there any more, or is no directory`
}

const make = async (context: Context, note: TargetNote, bind: NotedBind): Promise<TargetNote> => {
  const here = context.paths.here(bind.path)
  await makeDirectories(here)
  await failpoint('PrepareTarget.bind')
  const made = await lookAt(here)
  if (made.kind !== 'directory' || !made.isEmpty) {
    throw targetChanged(`${bind.path} was not taken: somebody has put something there meanwhile.`, [
      `${bind.path} is not the empty directory that was made`,
    ])
  }
  const noted = noting(note, { ...bind, identity: made.identity })
  await context.state.migrations.put(noted)
  return noted
}

// Makes or takes them all; may be asked for again after being cut off anywhere. Throws with every reason, before anything is
// made. kept: as lookAtPlace takes it.
export const takePlaces = async (
  context: Context,
  before: TargetNote,
  wanted: readonly WorkloadVolume[],
  kept: readonly RetiredWorkload[],
): Promise<TargetNote> => {
  const { migrationId } = before
  const own = wanted.filter(({ carriedByAnother }) => !carriedByAnother)
  for (const { name } of wanted.filter(({ carriedByAnother }) => carriedByAnother)) {
    const noted = notedBind(context, migrationId, name)
    const why =
      noted === null ? `${name} was not made for the container that carries it` : await whyOther(context, noted)
    if (why !== null) throw targetChanged(`The container was not made: ${why}.`, [why])
  }
  const unnoted = own.filter(({ name }) => before.binds?.some(({ path }) => path === name) !== true)
  const looked = await Promise.all(unnoted.map((volume) => lookAtPlace(context, volume, { migrationId, kept })))
  const [first, ...more] = looked.flatMap(({ findings }) => findings)
  if (first !== undefined) {
    const reasons = [first, ...more]
    throw new AppError(first.code as ErrorCode, reasons.map(({ message }) => message).join(' '), {
      details: { reasons },
    })
  }
  let note = before
  for (const { path, claim } of looked) {
    if (claim === null) continue
    note = noting(note, notedFrom(path, claim))
    await context.state.migrations.put(note)
  }
  for (const bind of note.binds ?? []) {
    if (!isNoted(bind)) {
      note = await make(context, note, bind)
      continue
    }
    const why = await whyOther(context, bind)
    if (why !== null) throw targetChanged(`Nothing is written there: ${why}.`, [why])
  }
  return note
}

// null: it is none of these.
export const bindToWrite = async (context: Context, note: TargetNote, path: string): Promise<NotedBind | null> => {
  const bind = note.binds?.find((one) => one.path === path)
  if (bind === undefined) return null
  const why = isNoted(bind) ? await whyOther(context, bind) : `${path} was not made yet`
  if (why !== null) throw targetChanged(`Nothing is written there: ${why}.`, [why])
  return bind
}

// Containers that run with any of them mounted; in words.
export const useOfPlaces = async (
  context: Pick<Context, 'engine' | 'paths'>,
  { binds = [] }: TargetNote,
): Promise<string[]> =>
  (await runningInside(context, binds)).map(({ name, source }) => `the container ${name} runs with ${source} mounted`)

// In which they are not as they were taken; empty: in nothing.
export const changesOfPlaces = async (context: Context, note: TargetNote): Promise<string[]> => {
  const others = await Promise.all((note.binds ?? []).map((bind) => whyOther(context, bind)))
  return [...others.filter((why) => why !== null), ...(await useOfPlaces(context, note))]
}

// Those that hold what this migration has put there, and would be emptied.
export const madePlaces = ({ binds = [] }: TargetNote): readonly NotedBind[] =>
  binds.filter(({ how }) => how !== 'kept')

// Takes back what was put there, and what was made for it. What has another directory in its place by now is left as it is.
export const discardPlaces = async (
  context: Pick<AgentContext, 'paths' | 'state' | 'volumes' | 'log'>,
  before: TargetNote,
): Promise<void> => {
  let note = before
  for (const bind of madePlaces(before).toReversed()) {
    const { path, identity, how, missing, root } = bind
    const here = context.paths.here(path)
    const found = await lookAt(here)
    const isSame = found.kind === 'directory' && isNoted(bind) && found.identity === identity
    if (found.kind === 'directory' && isNoted(bind) && !isSame) {
      context.log.warn({ path, migration: note.migrationId }, 'Another directory is there by now; it was left as it is')
    }
    if (isSame) await context.volumes.clear(here, { expectIdentity: identity })
    await failpoint('DiscardTarget.bind')
    const isNobodyElses = isSame || !isNoted(bind) || found.kind === 'missing'
    if (how === 'made' && isNobodyElses) await removeEmptyDirectories(here, missing)
    if (how === 'found' && isSame && root !== null) await restoreRoot(here, identity, root)
    note = { ...note, binds: (note.binds ?? []).filter((one) => one.path !== path) }
    await context.state.migrations.put(note)
  }
}
