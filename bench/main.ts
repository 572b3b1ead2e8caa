// Drayage beside what people use now, on the same two hosts, in the same run, each in turn: `npm run bench -- --help`.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { measureAgain } from './experiments/again.ts'
import { measureCopies } from './experiments/copy.ts'
import { measureMoves } from './experiments/live.ts'
import type { Plan } from './experiments/plan.ts'
import { commitHere, describeMachine, loadNow } from './machine.ts'
import { help, type Options, readOptions } from './options.ts'
import { describeProfiles } from './profiles.ts'
import { asChart } from './report/chart.ts'
import { asMarkdown } from './report/markdown.ts'
import { asTables } from './report/table.ts'
import type { Measured, Results } from './results.ts'
import { openStage, type Stage } from './stage.ts'
import { type Workload, workloads } from './workloads.ts'

const measureOne = (stage: Stage, workload: Workload, plan: Plan): Promise<Measured> => {
  if (workload.kind === 'copy') return measureCopies(stage, workload, plan)
  if (workload.kind === 'again') return measureAgain(stage, workload, plan)
  return measureMoves(stage, workload, plan)
}

const isMove = ({ kind }: Workload): boolean => kind === 'live'

// What asks the agents itself leaves them with epochs that the coordinator has not granted: it then moves nothing any more.
const movesFirst = (chosen: readonly Workload[]): Workload[] =>
  chosen.toSorted((one, other) => Number(isMove(other)) - Number(isMove(one)))

const isOptIn = (workload: Workload): boolean => workload.kind === 'copy' && workload.optIn === true

const measure = async ({ names, runs, scale, cipher, profiles }: Options): Promise<Results> => {
  const chosen = workloads.filter((workload) =>
    names.length === 0 ? !isOptIn(workload) : names.includes(workload.name),
  )
  const startedAt = performance.now()
  const say = (line: string) =>
    console.error(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(5)} s  ${line}`)
  const loadBefore = loadNow()
  const stage = await openStage({ cipher, profiles: profiles && resolve(profiles), scale })
  try {
    const machine = await describeMachine(stage, loadBefore)
    const found = new Map<Workload, Measured>()
    for (const workload of movesFirst(chosen))
      found.set(workload, await measureOne(stage, workload, { runs, scale, say }))
    const measured = chosen.flatMap((workload) => found.get(workload) ?? [])
    return { measuredAt: new Date().toISOString(), commit: await commitHere(), machine, runs, scale, measured }
  } finally {
    await stage.stop()
  }
}

const asJson = (results: Results) => `${JSON.stringify(results, null, 2)}\n`

const publish = async (results: Results, folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'results.json'), asJson(results))
  await writeFile(join(folder, 'results.md'), asMarkdown(results))
  await writeFile(join(folder, 'chart.svg'), asChart(results))
}

const main = async (options: Options): Promise<void> => {
  const { json, out, reread, profiles } = options
  const results =
    reread === undefined ? await measure(options) : (JSON.parse(await readFile(reread, 'utf8')) as Results)
  console.log(asTables(results))
  if (profiles !== undefined) console.log(`\n${await describeProfiles(profiles)}`)
  if (json !== undefined) await writeFile(json, asJson(results))
  if (out !== undefined) await publish(results, out)
}

const options = (() => {
  try {
    return readOptions(process.argv.slice(2))
  } catch (thrown) {
    console.error(`${(thrown as Error).message}\n\nSee npm run -s bench -- --help`)
    process.exit(2)
  }
})()
if (options.help) console.log(help)
else await main(options)
