// What the experiments have in common.
import type { Part } from '../meters/groups.ts'
import type { Run } from '../results.ts'
import { createContainer, idle, type Stage, settle } from '../stage.ts'
import type { Afterwards, Source } from '../ways/copy-way.ts'
import { ways } from '../ways/names.ts'
import type { Workload } from '../workloads.ts'

export type WorkloadOf<K extends Workload['kind']> = Extract<Workload, { kind: K }>

export type Plan = {
  readonly runs: number
  readonly scale: number
  readonly say: (line: string) => void
}

export const makeSource = async (stage: Stage, workload: Workload, scale: number): Promise<Source> => {
  const name = `bench-${workload.name}`
  const folder = await createContainer(stage.from, name, stage.image, idle)
  workload.fill(folder, scale)
  await stage.from.docker(['start', name])
  await settle()
  return { name, folder }
}

// Agents stand still while others are measured.
export const measureRun = (
  stage: Stage,
  way: { readonly name: string; readonly memoryOf: readonly Part[] },
  work: () => Promise<Afterwards>,
): Promise<Run> => {
  const measure = async (): Promise<Run> => {
    let afterwards: Afterwards = {}
    const cost = await stage.meter.measure(way.memoryOf, async () => {
      afterwards = await work()
    })
    const { rereadMs } = afterwards
    const wallMs = cost.wallMs - (rereadMs ?? 0)
    return { ...cost, wallMs, ...(rereadMs === undefined ? {} : { rereadMs }), syncMs: await settle() }
  }
  return way.name === ways.drayage ? measure() : stage.withoutAgents(measure)
}

export const saidOf = (workload: Workload, way: string, round: number, { wallMs, downtimeMs }: Run): string => {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`
  const down = downtimeMs === undefined ? '' : `, down for ${seconds(downtimeMs)}`
  return `${workload.name}, run ${round}: ${way}: ${seconds(wallMs)}${down}`
}
