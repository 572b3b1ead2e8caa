// Which containers mount what of their host: directly, or by a local volume that is a view of it.
import type { InspectedVolume } from '../api/answers.ts'
import type { Client } from '../api/client.ts'
import { listContainers, listedName } from '../api/containers.ts'
import { migrationOf } from '../api/labels.ts'
import { kindOf } from './volume-kinds.ts'

export type HostMount = {
  readonly containerId: string
  readonly name: string
  readonly runs: boolean
  // The migration that made the container; null: none.
  readonly migrationId: string | null
  // As the engine sees it, through whatever symlinks.
  readonly source: string
  readonly readOnly: boolean
}

export const hostMounts = async (client: Client): Promise<HostMount[]> => {
  const [listed, { Volumes }] = await Promise.all([
    listContainers(client),
    client.get<{ Volumes: InspectedVolume[] | null }>('/volumes'),
  ])
  const views = new Map(
    (Volumes ?? []).flatMap((volume) => {
      const found = kindOf(volume)
      return found.kind === 'bind' ? [[volume.Name, found.source] as const] : []
    }),
  )
  return listed.flatMap((container) =>
    (container.Mounts ?? []).flatMap(({ Type, Name = '', Source = '', RW }) => {
      const source = Type === 'bind' ? Source : Type === 'volume' ? views.get(Name) : undefined
      if (source === undefined || source === '') return []
      return [
        {
          containerId: container.Id,
          name: listedName(container),
          runs: ['running', 'paused', 'restarting'].includes(container.State),
          migrationId: migrationOf(container.Labels),
          source,
          readOnly: !RW,
        },
      ]
    }),
  )
}
