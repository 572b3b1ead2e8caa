// Finding containers: by what `docker inspect` takes, and all of them.
import { AppError } from '../../../shared/errors.ts'
import type { InspectedContainer, ListedContainer } from './answers.ts'
import { type Client, path } from './client.ts'
import { engineWords, hasStatus, orNull, refusedAs } from './errors.ts'

export const nameOf = (container: { readonly Name: string }): string => container.Name.replace(/^\//, '')

// Legacy links give a container further names, with a slash inside.
export const listedName = (container: ListedContainer): string =>
  ((container.Names ?? []).find((name) => name.lastIndexOf('/') === 0) ?? '').replace(/^\//, '')

export const listContainers = (
  client: Client,
  filters: Readonly<Record<string, readonly string[]>> = {},
): Promise<ListedContainer[]> =>
  client.get<ListedContainer[]>('/containers/json', { query: { all: true, filters: JSON.stringify(filters) } })

export const findContainer = (client: Client, idOrName: string): Promise<InspectedContainer | null> =>
  orNull(client.get<InspectedContainer>(path`/containers/${idOrName.replace(/^\//, '')}/json`))

// Docker's own (daemon/names, RestrictedNamePattern); ids are among them, and 20.10 takes the leading slash too.
const containerNamePattern = /^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]*$/

export const containerMissing = (idOrName: string): AppError =>
  new AppError(
    'DRAYAGE_CONTAINER_NOT_FOUND',
    `There is no container ${idOrName} on this engine. \`docker ps -a\` shows what there is.`,
  )

export const inspectContainer = async (client: Client, idOrName: string): Promise<InspectedContainer> => {
  if (!containerNamePattern.test(idOrName)) throw containerMissing(JSON.stringify(idOrName))
  try {
    const container = await findContainer(client, idOrName)
    if (container !== null) return container
  } catch (error) {
    // 20.10 answers 500, later engines 400, with these words.
    if (!hasStatus(error, 400, 500) || !/multiple ids found/i.test(engineWords(error))) throw error
    throw refusedAs(
      'DRAYAGE_CONTAINER_AMBIGUOUS',
      `"${idOrName}" is the start of more than one container's id. Give more of the id, or the name.`,
      error,
    )
  }
  throw containerMissing(idOrName)
}

// At most `limit` at once: an engine with hundreds of containers is not asked for all of them together.
export const mapLimited = async <T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T) => Promise<R>,
): Promise<R[]> => {
  const results: R[] = []
  const rest = items.entries()
  const work = async () => {
    for (const [index, item] of rest) results[index] = await map(item)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work))
  return results
}

// Those that went away since they were listed are left out.
export const inspectAll = async (client: Client, ids: readonly string[]): Promise<InspectedContainer[]> =>
  (await mapLimited(ids, 8, (id) => findContainer(client, id))).filter((container) => container !== null)
