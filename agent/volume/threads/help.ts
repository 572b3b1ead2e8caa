import { openSigns } from '../round/shared-signs.ts'
import type { Job, WorkerPool } from './pool.ts'
import type { Help } from './protocol.ts'

// A further thread for a job that asked for one, until that job has ended. The job does without where there is none to be had,
// but not without what one has begun.
export const helpWith = (pool: WorkerPool, job: Job, task: Help): void => {
  const signs = openSigns(task.memory)
  job.result.then(signs.close, signs.close)
  new Promise((resolve) => {
    resolve(pool.start(task, () => {}, undefined).result)
  }).catch(signs.fail)
}
