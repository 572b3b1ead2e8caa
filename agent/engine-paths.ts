// The engine names files as it sees them. An agent in a container of its own may see the same files elsewhere:
// --volume-root ENGINE_PATH=AGENT_PATH says where.
import { isAbsolute, join, normalize, relative } from 'node:path'

export type EnginePaths = {
  // Where this agent finds what the engine calls so.
  here(enginePath: string): string
  // Whether this agent finds there what the engine does: beside its one folder, an agent in a container sees its own files.
  sees(enginePath: string): boolean
}

export type VolumeRoot = { readonly engine: string; readonly agent: string }

export const createEnginePaths = (root: VolumeRoot | undefined): EnginePaths => {
  // null: it is not below the root.
  const belowRoot = (enginePath: string): string | null => {
    if (root === undefined) return null
    const below = relative(root.engine, enginePath)
    return below === '..' || below.startsWith('../') || isAbsolute(below) ? null : join(root.agent, below)
  }
  return {
    here: (enginePath) => belowRoot(enginePath) ?? enginePath,
    sees: (enginePath) => root === undefined || belowRoot(enginePath) !== null,
  }
}

export const volumeRoot = (raw: string): VolumeRoot => {
  const [engine, agent, ...more] = raw.split('=')
  if (!engine || !agent || more.length > 0 || !isAbsolute(engine) || !isAbsolute(agent)) {
    throw new Error(`"${raw}" is not ENGINE_PATH=AGENT_PATH, both absolute`)
  }
  return { engine: normalize(engine), agent: normalize(agent) }
}
