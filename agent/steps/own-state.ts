// Where this agent keeps its state, as the engine names it: its key is there, and whoever mounts that can be this host to all
// others.
import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname, posix } from 'node:path'
import { isWithin } from '../binds/paths.ts'
import type { AgentContext } from './context.ts'

export type OwnState = {
  // As this agent was told.
  readonly dataDir: string
  // Whether a container that mounts that path of the engine's host gets at it.
  isReachedFrom(source: string): Promise<boolean>
}

// Whatever his role, nobody gets at it through Drayage.
export const ownStateRefused = (volume: string, { dataDir }: Pick<OwnState, 'dataDir'>) => ({
  code: 'DRAYAGE_FORBIDDEN_BY_HOST' as const,
  message:
    `${volume} holds the state of this host's agent (${dataDir}), and its key: it is neither read, nor copied, nor moved. An ` +
    'agent is not moved: install one where it is wanted (dray host add).',
})

type Context = Pick<AgentContext, 'paths' | 'dataDir'> & {
  readonly engine: Pick<AgentContext['engine'], 'mountsOf' | 'facts'>
}

// The engine mounts these three files into every container, from its folder of that container. proc(5), /proc/pid/mountinfo:
// the fourth field is the file within its file system, the fifth where it is mounted.
const ownFile = /^\S+ \S+ \S+ \S*\/containers\/([0-9a-f]{64})\/\S+ \/etc\/(?:hostname|hosts|resolv\.conf) /m

const readMountInfo = () => readFile('/proc/self/mountinfo', 'utf8')

// null: this agent runs in no container of its engine, and both name files alike.
const placeInEngine = async ({ engine, dataDir }: Context, mountInfo: string): Promise<string | null> => {
  const [, id] = ownFile.exec(mountInfo) ?? []
  const mounts = id === undefined ? null : await engine.mountsOf(id)
  if (mounts === null) return null
  const [nearest] = mounts
    .filter(({ destination }) => isWithin(dataDir, destination))
    .sort((one, other) => other.destination.length - one.destination.length)
  // In its writable layer, then, wherever the engine keeps that.
  if (nearest === undefined) return (await engine.facts()).dataRoot
  return posix.join(nearest.source, posix.relative(nearest.destination, dataDir))
}

// "dev:ino" of the directory that a path leads to, and of each above it: the same directory under another name has the same.
const wayUp = async (path: string): Promise<string[]> => {
  const way: string[] = []
  let place = await realpath(path).catch(() => null)
  while (place !== null) {
    const { dev, ino } = await stat(place, { bigint: true })
    way.push(`${dev}:${ino}`)
    place = dirname(place) === place ? null : dirname(place)
  }
  return way
}

export const findOwnState = async (context: Context, mountInfo = readMountInfo): Promise<OwnState> => {
  const { paths, dataDir } = context
  const inEngine = await placeInEngine(context, await mountInfo())
  const place = posix.resolve(inEngine ?? dataDir)
  const [own, ...above] = await wayUp(dataDir)
  const seen = inEngine === null ? above : (await wayUp(paths.here(place))).slice(1)
  return {
    dataDir,
    isReachedFrom: async (source) => {
      const path = posix.resolve('/', source)
      if (isWithin(path, place) || isWithin(place, path)) return true
      if (!paths.sees(path) || own === undefined) return false
      const way = await wayUp(paths.here(path))
      const [itself] = way
      return way.includes(own) || (itself !== undefined && seen.includes(itself))
    },
  }
}
