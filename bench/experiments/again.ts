// Each way once more, to a target that it has brought up to date before: what a further round costs.
import { differences } from '../referee.ts'
import type { Measured, Run } from '../results.ts'
import { removeContainer, type Stage, settle, warm } from '../stage.ts'
import { toCopyAgain } from '../ways/copying.ts'
import { makeSource, measureRun, type Plan, saidOf, type WorkloadOf } from './plan.ts'
import { inOrderOf } from './turns.ts'

export const measureAgain = async (
  stage: Stage,
  workload: WorkloadOf<'again'>,
  { runs, scale, say }: Plan,
): Promise<Measured> => {
  const source = await makeSource(stage, workload, scale)
  const rows = []
  for (const way of toCopyAgain) {
    const copying = await way.open(stage, source)
    await copying.once()
    await settle()
    rows.push({ way, copying, runs: [] as Run[], differing: 0 })
  }
  let dirtiedBytes = 0
  for (let round = 1; round <= runs; round++) {
    dirtiedBytes = workload.change?.(source.folder, scale) ?? 0
    await warm(source.folder)
    await settle()
    for (const { way, copying, runs: own } of inOrderOf(round, rows)) {
      const run = await measureRun(stage, way, copying.once)
      own.push(run)
      say(saidOf(workload, way.name, round, run))
    }
  }
  for (const row of rows) {
    row.differing = await differences(source.folder, row.copying.target)
    await row.copying.discard()
  }
  await removeContainer(stage.from, source.name)
  await settle()
  return {
    workload: workload.name,
    says: workload.says(scale),
    compares: 'wallMs',
    ...(dirtiedBytes > 0 ? { dirtiedBytes } : {}),
    rows: rows.map(({ way, runs: own, differing }) => ({ way: way.name, runs: own, differing })),
  }
}
