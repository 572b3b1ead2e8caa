// What the agents have said that they remember: asked of each whenever it or we have started, before anything else is asked
// of it. What is not here was not said yet, which is not the same as nothing.
import type { AgentPort, Standing } from '../migration/ports.ts'

export type Standings = {
  // Resolves when the agent has said what it remembers, and that was compared. Throws where it cannot be asked.
  heard(host: string, agent: AgentPort): Promise<void>
  // It may have changed: it is asked anew before anything else.
  forget(host: string): void
  of(host: string): Standing | null
}

export const createStandings = (compare: (host: string, standing: Standing) => Promise<void>): Standings => {
  const known = new Map<string, Standing>()
  const asking = new Map<string, Promise<void>>()
  // Rises whenever what was said may have changed: an answer to an older question does not count.
  const questions = new Map<string, number>()

  const ask = async (host: string, agent: AgentPort): Promise<void> => {
    const question = questions.get(host)
    const standing = await agent.describeStanding()
    await compare(host, standing)
    if (questions.get(host) === question) known.set(host, standing)
  }

  return {
    heard: (host, agent) => {
      if (known.has(host)) return Promise.resolve()
      const under = asking.get(host)
      if (under !== undefined) return under
      const asked = ask(host, agent).finally(() => {
        if (asking.get(host) === asked) asking.delete(host)
      })
      asking.set(host, asked)
      return asked
    },
    forget: (host) => {
      questions.set(host, (questions.get(host) ?? 0) + 1)
      known.delete(host)
      asking.delete(host)
    },
    of: (host) => known.get(host) ?? null,
  }
}
