// Where a container goes: what may become a directory that is copied with it, and what is somebody else's.
import type { Finding } from '../../shared/errors.ts'
import { arePartsOfOne } from '../../shared/move-set/part.ts'
import type { WorkloadVolume__Output as WorkloadVolume } from '../../shared/rpc/generated/drayage/v1/WorkloadVolume.ts'
import type { HostMount } from '../docker/engine.ts'
import type { NotedBind } from '../state/migrations.ts'
import type { RetiredWorkload } from '../state/retired.ts'
import type { State } from '../state/state.ts'
import { type BindHost, lookByRules } from './host-rules.ts'
import { isInside, namesOf, usersOf } from './users.ts'
import type { Found } from './walk.ts'

export type TargetHost = BindHost & { readonly state: Pick<State, 'retired' | 'migrations'> }

export const ofHost = (volumes: readonly WorkloadVolume[]): readonly WorkloadVolume[] => [
  ...new Map(volumes.filter((volume) => volume.ofHost).map((volume) => [volume.name, volume])).values(),
]
export const ofEngine = <W extends { readonly volumes: WorkloadVolume[] }>(workload: W): W => ({
  ...workload,
  volumes: workload.volumes.filter((volume) => !volume.ofHost),
})

// What any part of the migration has noted of it.
export const notedBind = (
  { state }: Pick<TargetHost, 'state'>,
  migrationId: string,
  path: string,
): NotedBind | null => {
  const notes = state.migrations.all().filter((note) => arePartsOfOne(note.migrationId, migrationId))
  const binds = notes.flatMap((note) => (note.role === 'target' ? (note.binds ?? []) : []))
  return binds.find((bind) => bind.path === path) ?? null
}

// How a directory comes to be written to: it is not there yet, is there and empty, or is what an earlier move of the same
// workload has left.
export type Claim =
  | { readonly how: 'made'; readonly missing: number }
  | { readonly how: 'found' | 'kept'; readonly found: Extract<Found, { kind: 'directory' }> }

const claimOn = (path: string, found: Found, kept: readonly RetiredWorkload[]): Claim | string => {
  if (found.kind === 'barred') return found.why
  if (found.kind === 'missing') return { how: 'made', missing: found.missing }
  const left = kept.flatMap(({ binds = [] }) => binds).find((bind) => bind.path === path)
  if (left !== undefined && left.identity === found.identity) return { how: 'kept', found }
  if (found.isEmpty) return { how: 'found', found }
  return 'there is something in it that this move has not put there; it is left as it is. Move it away if the container is to have its own there'
}

export type Looked = { readonly path: string; readonly findings: readonly Finding[]; readonly claim: Claim | null }

// Every reason at once. kept: what earlier moves of the workload, and of those that move with it, have left here.
export const lookAtPlace = async (
  host: TargetHost,
  { name: path, destination }: Pick<WorkloadVolume, 'name' | 'destination'>,
  { migrationId, kept }: { readonly migrationId: string; readonly kept: readonly RetiredWorkload[] },
): Promise<Looked> => {
  const { paths, state } = host
  const { reasons, found } = await lookByRules(host, path)
  const noted = notedBind(host, migrationId, path)
  const identity = found?.kind === 'directory' ? found.identity : ''
  const isOurs = noted !== null && noted.identity !== '' && noted.identity === identity
  const claim = found === null || isOurs ? null : claimOn(path, found, kept)
  const isOwn = (mount: HostMount) =>
    state.retired.byContainer(mount.containerId) !== null ||
    (migrationId !== '' && mount.migrationId !== null && arePartsOfOne(mount.migrationId, migrationId))
  const others = (await host.engine.hostMounts()).filter((mount) => !isOwn(mount))
  const users = await usersOf({ path, way: found?.way ?? [], identity }, others, paths)
  const inside = users.filter(isInside)
  const why = [
    ...reasons,
    ...(typeof claim === 'string' && !reasons.includes(claim) ? [claim] : []),
    ...(inside.length > 0 ? [`${namesOf(inside)} of the target has it, or a part of it, mounted`] : []),
  ]
  return {
    path,
    claim: typeof claim === 'string' ? null : claim,
    findings:
      why.length === 0
        ? []
        : [
            {
              code: 'DRAYAGE_BIND_MOUNT',
              message: `${destination} is a bind mount of ${path}, which cannot be copied to the target: ${why.join('; ')}.`,
            },
          ],
  }
}
