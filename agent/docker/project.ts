// A Compose project, as its labels tell it.
import type { Client } from './client.ts'
import { listContainers, listedName } from './containers.ts'
import { isHolder } from './labels.ts'
import type { ContainerName } from './made.ts'

const projectLabel = 'com.docker.compose.project'

export const projectContainers = async (client: Client, project: string): Promise<ContainerName[]> => {
  const listed = await listContainers(client, { label: [`${projectLabel}=${project}`] })
  return listed
    .filter(({ Labels }) => !isHolder(Labels) && Labels?.[projectLabel] === project)
    .map((container) => ({ id: container.Id, name: listedName(container) }))
}
