// A website, and what publishes it: two containers that have a volume in common. One moves with the other or not at all.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate, planOf, refusal } from '../e2e/moving.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'
import { nginx } from './images.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let busybox: string

beforeAll(async () => {
  lab = await startLab({ hosts: 2 })
  one = lab.host('host-1')
  two = lab.host('host-2')
  busybox = (await loadImage(one, 'busybox')).ref
  await loadImage(one, nginx)
}, 900_000)
afterAll(() => lab?.stop())

// Another page takes the place of the one before it, whole, again and again. Its owner writes it and the web server's group
// (33, Debian's www-data) reads it: nobody else.
const publish = `
trap 'exit 0' TERM
number=$(cat /content/page 2> /dev/null || echo 0)
while :; do
  number=$((number + 1))
  echo "$number" > /content/next
  chown 1000:33 /content/next
  chmod 0640 /content/next
  sync /content/next
  mv /content/next /content/page
  echo "$number"
  sleep 0.05
done
`

// What a visitor sees; undefined where nobody answers.
const page = async ({ address }: LabHost): Promise<number | undefined> => {
  const answer = await fetch(`http://${address}:8081/page`, { signal: AbortSignal.timeout(5_000) }).catch(
    () => undefined,
  )
  if (answer === undefined) return undefined
  expect(answer.status).toBe(200)
  return Number(await answer.text())
}

test('nginx and what publishes its pages move together, and its visitors see the last page and the next', async () => {
  await one.docker([
    ...['run', '-d', '--name', 'publisher', '-v', 'content:/content', busybox],
    ...['sh', '-c', publish],
  ])
  await one.docker(['run', '-d', '--name', 'web', '-p', '8081:80', '-v', 'content:/content:ro', nginx.ref])
  await eventually('a page', 30_000, async () => ((await page(one)) ?? 0) >= 3)

  const alone = { container: 'web', from: 'host-1', to: 'host-2' }
  expect((await refusal(lab, alone)).codes).toEqual(['DRAYAGE_SET_LARGER'])
  const together = { ...alone, options: { dependents: 'take' } } as const
  const plan = await planOf(lab, together)
  expect(plan.refusals).toEqual([])
  expect(plan.members.map(({ name }) => name).toSorted()).toEqual(['publisher', 'web'])

  expect(await migrate(lab, together)).toMatchObject({ state: 'awaiting-finalize', error: null })

  const published = Number((await one.docker(['logs', '--tail', '1', 'publisher'])) || 0)
  expect(published).toBeGreaterThan(3)
  const seen = await eventually('the moved website to answer', 30_000, () => page(two))
  expect(seen).toBeGreaterThanOrEqual(published)
  await eventually('the next page', 30_000, async () => ((await page(two)) ?? 0) > seen)
  expect(await page(one)).toBeUndefined()
  const owner = ['stat', '-c', '%u:%g %a', '/content/page']
  expect(await two.docker(['exec', 'publisher', ...owner])).toBe('1000:33 640')
})
