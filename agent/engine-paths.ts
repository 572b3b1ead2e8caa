// The engine names files as it sees them. An agent in a container of its own may see the same files elsewhere:
// --volume-root ENGINE_PATH=AGENT_PATH says where.
import { isAbsolute, join, normalize, relative } from 'node:path'

export type EnginePaths = {
  // Where this agent finds what the engine calls so.
  here(enginePath: string): string
}

export type VolumeRoot = { readonly engine: string; readonly agent: string }

export const createEnginePaths = (root: VolumeRoot | undefined): EnginePaths => ({
  here: (enginePath) => {
    if (root === undefined) return enginePath
    const below = relative(root.engine, enginePath)
    return below === '..' || below.startsWith('../') || isAbsolute(below) ? enginePath : join(root.agent, below)
  },
})

export const volumeRoot = (raw: string): VolumeRoot => {
  const [engine, agent, ...more] = raw.split('=')
  if (!engine || !agent || more.length > 0 || !isAbsolute(engine) || !isAbsolute(agent)) {
    throw new Error(`"${raw}" is not ENGINE_PATH=AGENT_PATH, both absolute`)
  }
  return { engine: normalize(engine), agent: normalize(agent) }
}
