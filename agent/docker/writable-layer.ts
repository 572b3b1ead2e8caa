// What `docker diff` lists that a newly created container would not have by itself. Pure.
//
// The engine makes the points where it mounts things, the working directory, and the place of its init: each with the
// directories above it (seen on 20.10 and 28.5, overlay2 and the containerd store).
import type { InspectedContainer } from './api.ts'

// GET /containers/{id}/changes. Kind: 0 changed, 1 added, 2 deleted.
export type Change = { readonly Path: string; readonly Kind: number }

const kinds = ['C', 'A', 'D']
export const changeWords = ({ Kind, Path }: Change): string => `${kinds[Kind] ?? '?'} ${Path}`

const mountPoints = (container: InspectedContainer): readonly string[] => [
  ...container.Mounts.map((mount) => mount.Destination),
  ...(container.HostConfig.Mounts ?? []).map((mount) => mount.Target),
  ...Object.keys(container.HostConfig.Tmpfs ?? {}),
  ...Object.keys(container.Config.Volumes ?? {}),
  ...(container.Config.WorkingDir ? [container.Config.WorkingDir] : []),
  ...(container.HostConfig['Init'] === true ? ['/sbin/docker-init'] : []),
]

const withParents = (path: string): string[] => {
  const parts = path.split('/').filter(Boolean)
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)
}

export const ownChanges = (container: InspectedContainer, changes: readonly Change[]): readonly Change[] => {
  const engines = new Set(mountPoints(container).flatMap(withParents))
  return changes.filter(({ Path, Kind }) => Kind === 2 || !engines.has(Path))
}
