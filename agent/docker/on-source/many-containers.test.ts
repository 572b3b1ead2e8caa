// A host with many containers, of which many move together: what its engine is asked for, and how often.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { InspectedContainer, Mount } from '../api/answers.ts'
import { checkTogether } from '../on-target/check.ts'
import { standIn } from '../testing/stand-in.ts'
import { describeTogether } from './describe.ts'

const read = (name: string) => JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'))
const like: InspectedContainer = read('container-28.5')
const image = read('image-28.5')

const inAll = 500
const sharing = 10
const idOf = (n: number) => `${n}`.padStart(64, 'c')

// The first ten share a volume; each of the others has one of its own.
const containers = Array.from({ length: inAll }, (_, n): InspectedContainer => {
  const volume: Mount = { Type: 'volume', Name: n < sharing ? 'shared' : `own-${n}`, Destination: '/data', RW: true }
  return {
    ...like,
    ...{ Id: idOf(n), Name: `/c${n}`, Mounts: [volume], NetworkSettings: { Networks: {} } },
    Config: { ...like.Config, Labels: {} },
  }
})
const listed = containers.map(({ Id, Name }) => ({ Id, Names: [Name], Labels: {}, NetworkSettings: { Networks: {} } }))
const info = {
  ...{ ID: 'engine', Driver: 'overlay2', DriverStatus: [], DockerRootDir: '/var/lib/docker', SecurityOptions: [] },
  ...{ Runtimes: { runc: {} }, DefaultRuntime: 'runc', Plugins: {}, NCPU: 2, MemTotal: 2 ** 33, SystemTime: '' },
}

const engine = async () => {
  const { client, asked } = await standIn((request, response) => {
    const url = (request.url ?? '').replace(/^\/v[\d.]+/, '')
    const [, kind = '', name = '', what = ''] = url.replace(/\?.*/, '').split('/')
    const answer = (): unknown => {
      if (kind === 'version') return { Version: '28.5', ApiVersion: '1.51', Os: 'linux', Arch: 'amd64' }
      if (kind === 'info') return info
      if (url.startsWith('/containers/json')) return listed
      if (kind === 'containers' && what === 'changes') return []
      if (kind === 'containers') return containers.find(({ Id, Name }) => Id === name || Name === `/${name}`)
      if (kind === 'volumes')
        return { Name: name, Driver: 'local', Mountpoint: `/v/${name}`, Labels: null, Options: null }
      if (kind === 'networks') return []
      return kind === 'images' ? image : undefined
    }
    const body = answer()
    response.statusCode = body === undefined ? 404 : 200
    response.end(JSON.stringify(body ?? { message: 'no such thing' }))
  })
  const countOf = (pattern: RegExp) => asked.filter((line) => pattern.test(line)).length
  return {
    client,
    lists: () => countOf(/containers\/json/),
    inspections: () => countOf(/containers\/c+\d+\/json/),
  }
}

const together = Array.from({ length: sharing }, (_, n) => `c${n}`)
const options = { isRetired: () => false }

test('however many are asked about together, every container of the source is inspected once, and the same is found', async () => {
  const { client, lists, inspections } = await engine()
  const { workloads, moveSet } = await describeTogether(client, together, options)
  expect([lists(), inspections()]).toEqual([1, inAll])
  expect(workloads.map(({ name }) => name)).toEqual(together)
  expect(moveSet.map(({ name }) => name)).toEqual(together)
  expect(workloads.flatMap(({ volumes }) => volumes.map(({ name }) => name))).toEqual(together.map(() => 'shared'))

  const [alone] = together
  const one = await describeTogether(client, [alone ?? ''], options)
  expect(one.workloads).toEqual(workloads.slice(0, 1))
  expect(one.moveSet).toEqual(moveSet.slice(1))
})

test('however many are to come, every container of the target is inspected once', async () => {
  const source = await engine()
  const { workloads } = await describeTogether(source.client, together, options)
  const { client, lists, inspections } = await engine()
  const arrivals = workloads.map((workload) => ({ workload, migrationId: '', own: null }))
  const checks = await checkTogether(client, arrivals)
  expect([lists(), inspections()]).toEqual([1, inAll])
  const exist = ['DRAYAGE_CONTAINER_EXISTS', 'DRAYAGE_VOLUME_EXISTS']
  expect(
    checks.map(({ obstacles }) => obstacles.map(({ code }) => code).filter((code) => exist.includes(code))),
  ).toEqual(together.map(() => exist))
})
