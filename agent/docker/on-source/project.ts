// A Compose project, as its labels tell it.
import type { InspectedVolume } from '../api/answers.ts'
import type { Client } from '../api/client.ts'
import { listContainers, listedName } from '../api/containers.ts'
import { isHolder } from '../api/labels.ts'
import type { ContainerName } from '../on-target/made.ts'

const projectLabel = 'com.docker.compose.project'

export type ProjectParts = { readonly containers: ContainerName[]; readonly volumes: string[] }

export const projectParts = async (client: Client, project: string): Promise<ProjectParts> => {
  const label = [`${projectLabel}=${project}`]
  const [containers, { Volumes }] = await Promise.all([
    listContainers(client, { label }),
    client.get<{ Volumes: InspectedVolume[] | null }>('/volumes', { query: { filters: JSON.stringify({ label }) } }),
  ])
  return {
    containers: containers
      .filter(({ Labels }) => !isHolder(Labels) && Labels?.[projectLabel] === project)
      .map((container) => ({ id: container.Id, name: listedName(container) })),
    volumes: (Volumes ?? []).filter(({ Labels }) => Labels?.[projectLabel] === project).map(({ Name }) => Name),
  }
}
