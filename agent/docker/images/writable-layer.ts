// What `docker diff` lists that a newly created container would not have by itself, and that somebody may miss. Pure.
//
// The engine makes the points where it mounts things, the working directory, and the place of its init: each with the
// directories above it (seen on 20.10 and 28.5, overlay2 and the containerd store).
import type { Finding } from '../../../shared/errors.ts'
import type { WritableLayer__Output } from '../../../shared/rpc/generated/drayage/v1/WritableLayer.ts'
import type { InspectedContainer } from '../api/answers.ts'

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

// By the Filesystem Hierarchy Standard 3.0 (3.15, 3.18, 5.9, 5.13, 5.15) nothing there outlasts a start of the machine, or
// nothing may rely on it; and what shells remember of who was in it by `docker exec`.
const harmless = [/^\/(tmp|run|var\/(tmp|run|lock))(\/|$)/, /\/\.(ash|bash|sh|zsh|python|node_repl)_history$/]

const directoriesOf = (changes: readonly Change[]): ReadonlySet<string> =>
  new Set(changes.flatMap(({ Path }) => withParents(Path).slice(0, -1)))

export const ownChanges = (container: InspectedContainer, changes: readonly Change[]): readonly Change[] => {
  const engines = new Set(mountPoints(container).flatMap(withParents))
  const own = changes.filter(
    ({ Path, Kind }) => !(Kind !== 2 && engines.has(Path)) && !harmless.some((pattern) => pattern.test(Path)),
  )
  // A directory is listed as changed for what came or went in it: where that is listed too, it says nothing of its own.
  const holding = directoriesOf(changes)
  const isTelling = ({ Path, Kind }: Change) => Kind !== 0 || !holding.has(Path)
  const above = directoriesOf(own.filter(isTelling))
  return own.filter((change) => isTelling(change) || above.has(change.Path))
}

// Enough for a person to see what it is about; `docker diff` shows all.
const mostTold = 20

export const describeLayer = (changes: readonly Change[], bytes: number): WritableLayer__Output => ({
  changes: changes.length,
  paths: changes.slice(0, mostTold).map(changeWords),
  bytes,
})

const named = ({ changes, paths }: WritableLayer__Output): string => {
  const words = paths.slice(0, 5).join(', ')
  return `${changes} change${changes === 1 ? '' : 's'} outside its volumes: ${words}${changes > 5 ? ` and ${changes - 5} more` : ''}`
}

export type LayerPolicy = 'refuse' | 'discard' | 'keep'

export const layerPolicy = (choices: { readonly writableLayer: string } | null | undefined): LayerPolicy =>
  choices?.writableLayer === 'discard' || choices?.writableLayer === 'keep' ? choices.writableLayer : 'refuse'

export const layerFindings = (
  layer: WritableLayer__Output,
  policy: LayerPolicy,
): { readonly obstacles: readonly Finding[]; readonly warnings: readonly Finding[] } => {
  if (layer.changes === 0 || policy === 'keep') return { obstacles: [], warnings: [] }
  if (policy === 'discard') {
    const message = `Left behind, as was asked: ${named(layer)} (\`docker diff\` shows them).`
    return { obstacles: [], warnings: [{ code: 'writable-layer-discarded', message }] }
  }
  const message =
    `The container keeps ${named(layer)} (\`docker diff\` shows them), which would be lost. Say what shall become of them: ` +
    '--writable-layer keep takes them along in an image of their own, --writable-layer discard leaves them behind. Or put ' +
    'that data in a volume.'
  return { obstacles: [{ code: 'DRAYAGE_WRITABLE_LAYER', message }], warnings: [] }
}
