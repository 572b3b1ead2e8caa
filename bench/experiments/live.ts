// Each way in turn moves a container that writes without pause. How long it was down it says itself, by its own notes,
// whichever way it went; and the same notes show that nothing is missing.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../test/lab/command.ts'
import { checkLedger } from '../../test/lab/ledger.ts'
import { eventually } from '../../test/lab/wait.ts'
import { downtimeOf, writer } from '../data/writer.ts'
import type { Measured, Run } from '../results.ts'
import { createContainer, longest, mountpointOf, type Stage, settle } from '../stage.ts'
import { type MoveWay, toMove } from '../ways/moving.ts'
import { measureRun, type Plan, saidOf, type WorkloadOf } from './plan.ts'
import { inOrderOf } from './turns.ts'

const container = 'bench-live'
const original = 'bench-live-original'
const patience = 120_000

const read = (file: string) => readFile(file, 'utf8').catch(() => '')
const lines = async (file: string) => (await read(file)).split('\n').length - 1

// It has written for a while, and its last start is the `starts`th.
const untilItWrites = (folder: string, starts: number) =>
  eventually(`the process that writes to ${folder}`, patience, async () => {
    if ((await lines(join(folder, 'starts'))) !== starts) return false
    const foundAt = Number((await read(join(folder, 'starts'))).trimEnd().split('\n').at(-1))
    return (await lines(join(folder, 'ledger'))) >= foundAt + 20
  })

// Everything on both hosts but the original.
const clear = async ({ from, to }: Pick<Stage, 'from' | 'to'>): Promise<void> => {
  for (const host of [from, to]) {
    const listed = async (what: readonly string[]) => (await host.docker(what)).split('\n').filter(Boolean)
    const containers = await listed(['ps', '--all', '--format', '{{.Names}}'])
    const others = containers.filter((name) => name !== original)
    if (others.length > 0) await host.docker(['rm', '--force', ...others])
    const volumes = (await listed(['volume', 'ls', '--quiet'])).filter((name) => name !== original)
    if (volumes.length > 0) await host.docker(['volume', 'rm', ...volumes], longest)
  }
}

const moveOnce = async (stage: Stage, way: MoveWay, scale: number, folder: string) => {
  const command = writer(scale)
  const source = await createContainer(stage.from, container, stage.image, command)
  await run(['cp', '-a', `${folder}/.`, source], longest)
  await settle()
  await stage.from.docker(['start', container])
  await untilItWrites(source, 1)
  let said = ''
  const cost = await measureRun(stage, way, async () => {
    said = await way.move(stage, { container, command })
    return {}
  })
  const host = stage[way.to]
  const target = await mountpointOf(host, container)
  await untilItWrites(target, 2)
  await host.docker(['stop', container])
  const ledger = await read(join(target, 'ledger'))
  checkLedger(ledger)
  const result: Run = { ...cost, downtimeMs: downtimeOf(ledger, await read(join(target, 'starts'))) }
  return { result, said }
}

export const measureMoves = async (
  stage: Stage,
  workload: WorkloadOf<'live'>,
  { runs, scale, say }: Plan,
): Promise<Measured> => {
  const folder = await createContainer(stage.from, original, stage.image, writer(scale))
  workload.fill(folder, scale)
  const rows = toMove.map((way) => ({ way, runs: [] as Run[] }))
  for (let round = 1; round <= runs; round++) {
    for (const row of inOrderOf(round, rows)) {
      const { result, said } = await moveOnce(stage, row.way, scale, folder)
      row.runs.push(result)
      say([saidOf(workload, row.way.name, round, result), said].filter(Boolean).join('; '))
      await clear(stage)
      await settle()
    }
  }
  await stage.from.docker(['rm', original])
  await stage.from.docker(['volume', 'rm', original])
  return {
    workload: workload.name,
    says: workload.says(scale),
    compares: 'downtimeMs',
    rows: rows.map(({ way, runs: own }) => ({ way: way.name, runs: own })),
  }
}
