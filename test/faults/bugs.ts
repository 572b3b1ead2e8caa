// Deliberate bugs: what the product would be without one of its precautions. Each must make the verdict red by the
// invariant that the precaution is for, or else the matrix would be green whatever happened.
import type { Fault } from './faults.ts'
import { faults } from './faults.ts'
import type { PlayOptions } from './play.ts'
import type { Invariant } from './verdict.ts'

const nothing: Fault = {
  name: 'nothing',
  what: 'nothing goes wrong',
  over: 'at-once',
  strike: async () => ({ mend: async () => {} }),
}

const faultCalled = (wanted: string): Fault => {
  const found = faults.find(({ name }) => name === wanted)
  if (found === undefined) throw new Error(`There is no fault ${wanted}.`)
  return found
}

export type Bug = {
  readonly what: string
  readonly breaks: Invariant
  readonly journey: 'move' | 'undo'
  // Before this step the fault strikes.
  readonly step: string
  readonly fault: Fault
  readonly bugs: NonNullable<PlayOptions['bugs']>
  readonly deadlines?: NonNullable<PlayOptions['deadlines']>
}

const digests = '"sourceDigest":"0","targetDigest":"0","skipped":[]'
const counts = '"entries":0,"bytesSent":0,"contentBytes":0,"changedEntries":0,"changedBytes":0'

export const deliberateBugs: readonly Bug[] = [
  {
    what: 'the source is neither kept from restarting by itself nor has its data set aside',
    breaks: 'I1',
    journey: 'move',
    step: 'retain',
    fault: faultCalled('reboot-source'),
    bugs: {
      source: { FenceSource: 'skip {"restartPolicyJson":"{}"}', IsolateSource: 'skip {"volumes":[],"renamedTo":""}' },
    },
  },
  {
    what: 'the commit comes without the last round',
    breaks: 'I2',
    journey: 'move',
    step: 'commit',
    fault: nothing,
    bugs: {
      coordinator: {
        finalcopy: 'skip {"finalcopy":{"durationMs":1}}',
      },
    },
  },
  {
    what: 'the target is taken for started, and is not',
    breaks: 'I3',
    journey: 'move',
    step: 'start',
    fault: nothing,
    bugs: { target: { StartTarget: 'skip {"verdict":"settled","startedAt":""}' } },
    deadlines: { runMs: 3_000 },
  },
  {
    what: 'an Idempotency-Key is forgotten',
    breaks: 'I4',
    journey: 'move',
    step: 'retain',
    fault: nothing,
    bugs: { coordinator: { idempotency: 'skip null' } },
  },
  {
    what: 'what was made on the target is left there',
    breaks: 'I5',
    journey: 'undo',
    step: 'lock',
    fault: nothing,
    bugs: { target: { DiscardTarget: 'skip {}' } },
  },
  {
    what: 'the volumes are taken for copied, and are not',
    breaks: 'I6',
    journey: 'move',
    step: 'commit',
    fault: nothing,
    bugs: { target: { ReceiveVolume: `skip {"bytes":0,"entries":0,"result":{${counts},${digests}}}` } },
  },
  {
    what: 'the last step never ends',
    breaks: 'I7',
    journey: 'move',
    step: 'start',
    fault: nothing,
    bugs: { coordinator: { 'retain.after': 'hang' } },
    deadlines: { endMs: 5_000 },
  },
  {
    what: 'the restart policy is not given back',
    breaks: 'I8',
    journey: 'undo',
    step: 'lock',
    fault: nothing,
    bugs: { source: { 'UnfenceSource.policy': 'skip {}' } },
  },
]
