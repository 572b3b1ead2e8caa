// `npm run test:faults`: the whole matrix, or a part of it. Exits with 0 only where every invariant held in every case.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { casesOf } from './matrix.ts'
import { type Case, play } from './play.ts'
import { inOrder, noResults, publish, readResults, writeResults } from './results.ts'
import { isGreen, type Outcome } from './table.ts'
import { openWorld, type World } from './world.ts'

const root = join(import.meta.dirname, '../..')
const usual = join(root, '.lab/faults.json')

const help = `npm run test:faults [-- OPTIONS]

Kills, freezes, cuts off and fills up everything that a move depends on, before each step and in its middle, on real
engines, and checks the invariants after each case.

  --only WORDS     only cases that have all of these in their names: stop/kill-coordinator, undo, move/start. May be given
                   again for more.
  --every-point    also at every other place that the agents pass in a step
  --labs N         how many labs work on it side by side (default: 2)
  --json FILE      the results, written after each case (default: ${usual})
  --resume         leave out what the file says has held
  --publish        write docs/faults.md and docs/faults.json in the end; also after Ctrl-C, which lets the cases under way end
  --report         write these from what the file has, and run nothing
  --list           name the cases and end
`

const say = (text: string) => void process.stdout.write(`${text}\n`)

const describe = (outcome: Outcome): string => {
  if ('broken' in outcome) return `✗ ${outcome.id}: ${outcome.broken}`
  const { id, ending, recoveryMs, downtimeMs, tookMs, breaches } = outcome
  const line = `${id}: ${ending} after ${(recoveryMs / 1000).toFixed(1)} s (silent for ${downtimeMs} ms; the case took ${(tookMs / 1000).toFixed(1)} s)`
  if (breaches.length === 0) return `✓ ${line}`
  return [`✗ ${line}`, ...breaches.map(({ invariant, what }) => `    ${invariant}: ${what}`)].join('\n')
}

const playOnce = async (world: World, one: Case): Promise<Outcome> => {
  try {
    return await play(world, one)
  } catch (thrown) {
    return { id: one.id, broken: (thrown as Error).message }
  }
}

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      'every-point': { type: 'boolean', default: false },
      labs: { type: 'string', default: '2' },
      json: { type: 'string', default: usual },
      resume: { type: 'boolean', default: false },
      publish: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    say(help)
    return
  }
  const docs = join(root, 'docs')
  const kept = values.resume || values.report ? await readResults(values.json) : noResults
  if (values.report) return publish(docs, kept)
  const startedAt = performance.now()
  const outcomes = new Map(kept.outcomes.map((outcome) => [outcome.id, outcome]))

  let world: World | undefined = await openWorld()
  const engine = world.source.engine.version
  const cases = await casesOf(world, { only: values.only, everyPoint: values['every-point'] })
  if (values.list || cases.length === 0) {
    for (const { id } of cases) say(id)
    return world.stop()
  }
  const known = (id: string) => {
    const outcome = outcomes.get(id)
    return outcome !== undefined && isGreen(outcome)
  }
  // Last what is most like something that has been struck before it.
  const likeAMove = ({ journey, place }: Case) => (journey.backwards && place.where === 'before' ? 1 : 0)
  const waiting = cases.filter(({ id }) => !known(id)).toSorted((one, other) => likeAMove(one) - likeAMove(other))
  say(`${waiting.length} cases`)

  const labs = Math.max(1, Math.min(Number(values.labs) || 1, waiting.length))
  // A part of the matrix leaves what is known of the whole.
  const ids = cases.map(({ id }) => id)
  const whole = values.only.length === 0 ? ids : [...new Set([...kept.cases, ...ids])]
  const results = () => ({ engine, labs, cases: whole, outcomes: [...outcomes.values()] })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      say(`No further cases: ${waiting.length} are left for --resume`)
      waiting.length = 0
    })
  }
  // One write after the other: they share the file that is renamed.
  let saved: Promise<void> = Promise.resolve()
  const save = () => {
    saved = saved.then(() => writeResults(values.json, results()))
    return saved
  }
  // After a red case the next one gets a lab that nothing has happened to.
  const worker = async (first: World | undefined): Promise<void> => {
    let mine = first
    try {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
        mine ??= await openWorld()
        const outcome = await playOnce(mine, one)
        outcomes.set(one.id, outcome)
        say(describe(outcome))
        await save()
        if (isGreen(outcome)) continue
        await mine.stop()
        mine = undefined
      }
    } finally {
      await mine?.stop()
    }
  }
  const others = Array.from({ length: labs - 1 }, () => worker(undefined))
  const [one] = [worker(world)]
  world = undefined
  await Promise.all([one, ...others])

  const run = inOrder({ ...results(), cases: ids })
  const red = run.filter((outcome) => !isGreen(outcome))
  const minutes = Math.round((performance.now() - startedAt) / 60_000)
  say(`\n${run.length - red.length} of ${run.length} cases held; ${minutes} min`)
  for (const outcome of red) say(describe(outcome))
  if (values.publish) await publish(docs, results())
  process.exitCode = red.length === 0 ? 0 : 1
}

await main()
