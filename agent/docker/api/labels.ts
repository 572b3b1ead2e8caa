// What this product writes on the things that it makes in an engine. Nothing without the migration label is ever
// removed; labels cannot be changed afterwards, so that what carries one was made with it.
import type { InspectedContainer } from './answers.ts'

export type Labels = Readonly<Record<string, string>>

const prefix = 'dev.drayage.'
export const migrationLabel = `${prefix}migration`
// The import that made a volume.
export const importLabel = `${prefix}import`
export const roleLabel = `${prefix}role`
export type Role = 'workload' | 'holder'

// Docker's mark of a volume that it named itself (engine 23 and later).
export const anonymousLabel = 'com.docker.volume.anonymous'

export const holderName = (migrationId: string) => `drayage-hold-${migrationId}`

export const labelsOf = (migrationId: string): Labels => ({ [migrationLabel]: migrationId })
export const roleLabels = (migrationId: string, role: Role): Labels => ({
  [migrationLabel]: migrationId,
  [roleLabel]: role,
})

export const migrationOf = (labels: Labels | null | undefined): string | null => labels?.[migrationLabel] ?? null
export const isHolder = (labels: Labels | null | undefined): boolean => labels?.[roleLabel] === 'holder'
export const isOurs = (labels: Labels | null | undefined, migrationId: string): boolean =>
  migrationId !== '' && migrationOf(labels) === migrationId

export const containerIsOurs = (container: InspectedContainer, migrationId: string, role: Role): boolean =>
  isOurs(container.Config.Labels, migrationId) && container.Config.Labels?.[roleLabel] === role

// What its owner wrote on it: without our marks, and without Docker's of a volume that it named itself, which a volume
// with another name is not.
export const withoutMarks = (labels: Labels | null | undefined): Record<string, string> => {
  const { [anonymousLabel]: _, ...others } = withoutOurs(labels)
  return others
}

// Without the marks of an earlier migration.
export const withoutOurs = (labels: Labels | null | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => !key.startsWith(prefix)))
