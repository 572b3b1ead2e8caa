// What a Compose project does on the host that its containers have moved away from.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AuditList } from '../../shared/api/audit.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'
import { migrate } from './moving.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let project: string

beforeAll(async () => {
  lab = await startLab({ hosts: 2 })
  one = lab.host('host-1')
  two = lab.host('host-2')
  const { ref } = await loadImage(one, 'busybox')
  project = join(one.clientEnv.HOME ?? '', 'shop')
  await mkdir(project)
  const service = { image: ref, command: ['sleep', '100000'], restart: 'always', stop_grace_period: '1s' }
  const file = {
    services: { till: { ...service, volumes: ['ledger:/ledger'] }, lamp: service },
    volumes: { ledger: {} },
  }
  await writeFile(join(project, 'compose.yaml'), JSON.stringify(file))
})
afterAll(() => lab?.stop())

const compose = (...args: string[]) => one.docker(['compose', '--project-directory', project, ...args])
const running = async (host: LabHost): Promise<string[]> =>
  (await host.docker(['ps', '--format', '{{.Label "com.docker.compose.service"}}'])).split('\n').filter(Boolean).sort()
const move = (container: string) => migrate(lab, { container, from: 'host-1', to: 'host-2' })

test('with its data set aside nothing brings it up: not `up`, not `start`, and not a container made anew', async () => {
  await compose('up', '--detach')
  expect((await move('shop-till-1')).state).toBe('awaiting-finalize')
  expect(await running(one)).toEqual(['lamp'])

  await expect(compose('up', '--detach')).rejects.toThrow()
  await expect(compose('start')).rejects.toThrow()
  await expect(compose('restart', 'till')).rejects.toThrow()
  await expect(compose('up', '--detach', '--force-recreate', 'till')).rejects.toThrow()
  expect(await running(one)).toEqual(['lamp'])
  expect(await running(two)).toEqual(['till'])
})

test('one without volumes is stopped by its agent as soon as `up` has started it, and is reported', async () => {
  expect((await move('shop-lamp-1')).state).toBe('awaiting-finalize')
  await compose('up', '--detach', '--no-recreate', 'lamp').catch(() => '')
  await eventually('it to have been stopped', 60_000, async () =>
    (await running(one)).length === 0 ? true : undefined,
  )
  expect(await running(two)).toEqual(['lamp', 'till'])
  await eventually('it to be on record', 30_000, async () => {
    const { entries } = (await lab.coordinator.call('GET', '/v1/audit?action=StartContainer')) as AuditList
    return entries.find(({ subject }) => /on host-1: shop-lamp-1.* moved to host-2/.test(subject ?? ''))
  })
})
