// What neither end of a move copies with a container, and what this host allows: asked where it comes from and where it goes.
import { reachesSocket } from '../authority/powers.ts'
import type { AgentContext } from '../steps/context.ts'
import { isContainersOwn, mountsHere } from './mounts.ts'
import { isWithin, relationOf, unclear } from './paths.ts'
import { type Found, lookAt, wayThroughLinks } from './walk.ts'

export type BindHost = Pick<AgentContext, 'engine' | 'paths' | 'rules' | 'dataDir'>

// File systems of the kernel: what is in them is nobody's data.
const kernels = ['/proc', '/sys', '/dev']

// Whether one of the two is the other, or in it: under whatever name.
const meets = (found: Found, way: readonly string[] | null): boolean => {
  const own = found.kind === 'directory' ? found.identity : ''
  const other = way?.at(-1) ?? ''
  return (own !== '' && way !== null && way.includes(own)) || (other !== '' && found.way.includes(other))
}

const keptBack = async ({ engine, paths, dataDir }: BindHost, path: string, found: Found): Promise<string[]> => {
  const { dataRoot } = await engine.facts()
  const isOrHolds = async (seenHere: string, name: string) =>
    relationOf(path, name) !== 'apart' || meets(found, await wayThroughLinks(seenHere))
  const kernel = kernels.find((folder) => isWithin(path, folder))
  return [
    ...(path === '/' ? ['it is the whole host'] : []),
    ...((await isOrHolds(dataDir, dataDir))
      ? [`it is, holds, or is in what the agent keeps its key in (${dataDir})`]
      : []),
    ...((await isOrHolds(paths.here(dataRoot), dataRoot))
      ? [`it is, holds, or is in the engine's own data (${dataRoot})`]
      : []),
    ...(path !== '/' && reachesSocket(path) ? ["the engine's socket is in it"] : []),
    ...(kernel === undefined ? [] : [`${kernel} is the kernel's`]),
  ]
}

const allowance = ({ rules: { bindPaths } }: BindHost, path: string): string[] => {
  if (bindPaths.some((folder) => isWithin(path, folder))) return []
  const allowed = bindPaths.length === 0 ? 'nothing' : bindPaths.join(', ')
  return [`the agent of this host allows ${allowed} to be copied, and it is not in that (--allow-bind)`]
}

export type Looked = {
  // Every reason at once, as words that follow "cannot be copied here: ".
  readonly reasons: readonly string[]
  // null: it was not looked at.
  readonly found: Found | null
}

// path: as the engine sees it.
export const lookByRules = async (host: BindHost, path: string): Promise<Looked> => {
  const fault = unclear(path)
  if (fault !== null) return { reasons: [fault], found: null }
  const allowed = allowance(host, path)
  if (!host.paths.sees(path) || isContainersOwn(host.paths.here(path), await mountsHere())) {
    const why =
      'its agent is in a container that does not have that directory of its host: mount one above it there, at the same path'
    return { reasons: [...allowed, why], found: null }
  }
  const found = await lookAt(host.paths.here(path))
  const barred = found.kind === 'barred' ? [found.why] : []
  return { reasons: [...allowed, ...(await keptBack(host, path, found)), ...barred], found }
}
