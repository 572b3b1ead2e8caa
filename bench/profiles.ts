// Where agents spend their time, by V8's sampling profiler: a file for each thread, written when the agent ends.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export const profileFlags = (folder: string, host: string): string =>
  `--cpu-prof --cpu-prof-interval=1000 --cpu-prof-dir=${join(folder, host)}`

type Profile = {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  // Microseconds, of each sample.
  readonly timeDeltas: readonly number[]
}

export type Hot = { readonly what: string; readonly ms: number }

const idle = new Set(['(idle)', '(root)'])

const place = (url: string): string =>
  url.replace(/^.*\/(?=(agent|shared|node_modules)\/)/, '').replace(/^file:\/\//, '')

// Time spent in a function itself, without what it calls; most first.
export const hottest = ({ nodes, samples, timeDeltas }: Profile, most: number): readonly Hot[] => {
  const named = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      url === '' ? functionName : `${functionName || '(anonymous)'} ${place(url)}:${lineNumber + 1}`,
    ]),
  )
  const micros = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const what = named.get(id) ?? '(unknown)'
    micros.set(what, (micros.get(what) ?? 0) + (timeDeltas[index] ?? 0))
  }
  return [...micros]
    .filter(([what]) => !idle.has(what))
    .map(([what, spent]) => ({ what, ms: Math.round(spent / 1000) }))
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, most)
}

// Every thread's, busiest functions first.
export const describeProfiles = async (folder: string, most = 15): Promise<string> => {
  const text: string[] = []
  for (const host of await readdir(folder)) {
    for (const file of await readdir(join(folder, host))) {
      const profile = JSON.parse(await readFile(join(folder, host, file), 'utf8')) as Profile
      text.push(
        `${host}: ${file}`,
        ...hottest(profile, most).map(({ what, ms }) => `${String(ms).padStart(8)} ms  ${what}`),
      )
    }
  }
  return text.join('\n')
}
