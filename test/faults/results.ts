// What has come of the cases so far: in a file after each of them, and in docs/ for people.
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { isGreen, markdown, type Outcome } from './table.ts'
import { limits } from './world.ts'

export type Results = {
  readonly engine: string
  readonly labs: number
  // The whole matrix, in its order: also what has not been run.
  readonly cases: readonly string[]
  readonly outcomes: readonly Outcome[]
}

export const noResults: Results = { engine: '', labs: 0, cases: [], outcomes: [] }

const write = async (file: string, text: string): Promise<void> => {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}

export const readResults = async (file: string): Promise<Results> =>
  existsSync(file) ? { ...noResults, ...(JSON.parse(await readFile(file, 'utf8')) as Partial<Results>) } : noResults

export const writeResults = (file: string, results: Results): Promise<void> =>
  write(file, JSON.stringify(results, null, 1))

// Those of the matrix as it is now.
export const inOrder = ({ cases, outcomes }: Results): readonly Outcome[] => {
  const known = new Map(outcomes.map((outcome) => [outcome.id, outcome]))
  return cases.flatMap((id) => known.get(id) ?? [])
}

const factsOf = (results: Results): readonly string[] => {
  const outcomes = inOrder(results)
  const hours = outcomes.reduce((sum, outcome) => sum + ('broken' in outcome ? 0 : outcome.tookMs), 0) / 3_600_000
  const left = results.cases.length - outcomes.length
  return [
    `Docker ${results.engine} on both hosts`,
    `${outcomes.filter(isGreen).length} of ${outcomes.length} cases held; they took ${hours.toFixed(1)} h, ${results.labs} labs side by side on ${availableParallelism()} cores`,
    ...(left === 0 ? [] : [`**${left} cases of ${results.cases.length} have not been run**`]),
    `a silent peer is given up after ${limits.silenceMs / 1000} s, a host that does not answer after ${limits.patienceMs / 1000} s more`,
  ]
}

export const publish = async (folder: string, results: Results): Promise<void> => {
  const facts = factsOf(results)
  const outcomes = inOrder(results)
  await write(join(folder, 'faults.md'), markdown(outcomes, facts))
  const measured = outcomes.map((outcome) => {
    if ('broken' in outcome) return outcome
    const { said, ...figures } = outcome
    return figures
  })
  // One case a line.
  const lines = measured.map((outcome) => JSON.stringify(outcome)).join(',\n')
  await write(join(folder, 'faults.json'), `{"facts":${JSON.stringify(facts)},\n"outcomes":[\n${lines}\n]}\n`)
}
