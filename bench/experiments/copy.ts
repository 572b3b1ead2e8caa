// Each way in turn brings the whole volume to a host that has none of it.
import { differences } from '../referee.ts'
import type { Measured, Run } from '../results.ts'
import { removeContainer, type Stage, settle, warm } from '../stage.ts'
import { toCopy } from '../ways/copying.ts'
import { makeSource, measureRun, type Plan, saidOf, type WorkloadOf } from './plan.ts'
import { inOrderOf } from './turns.ts'

export const measureCopies = async (
  stage: Stage,
  workload: WorkloadOf<'copy'>,
  { runs, scale, say }: Plan,
): Promise<Measured> => {
  const source = await makeSource(stage, workload, scale)
  const rows = toCopy.map((way) => ({ way, runs: [] as Run[], differing: 0 }))
  for (let round = 1; round <= runs; round++) {
    for (const row of inOrderOf(round, rows)) {
      const copying = await row.way.open(stage, source)
      await warm(source.folder)
      await settle()
      const run = await measureRun(stage, row.way, copying.once)
      row.runs.push(run)
      say(saidOf(workload, row.way.name, round, run))
      if (round === 1) row.differing = await differences(source.folder, copying.target)
      await copying.discard()
      await settle()
    }
  }
  await removeContainer(stage.from, source.name)
  await settle()
  return {
    workload: workload.name,
    says: workload.says(scale),
    compares: 'wallMs',
    rows: rows.map(({ way, ...row }) => ({ way: way.name, ...row })),
  }
}
