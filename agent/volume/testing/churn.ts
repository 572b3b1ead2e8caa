// A process of its own that changes a volume without pause, until it is killed: node churn.ts ROOT SEED.
import fc from 'fast-check'
import { mutations } from './mutations.ts'

const [root, seed] = process.argv.slice(2)
if (root === undefined) throw new Error('usage: churn.ts ROOT SEED')
process.stdout.write('changing\n')
for (let run = Number(seed); ; run++) {
  for (const mutation of fc.sample(mutations, { numRuns: 1000, seed: run })) mutation.do(root)
}
