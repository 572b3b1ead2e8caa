import { expect, test } from 'vitest'
import type { Container, Volume } from '../../../shared/api/inventory.ts'
import { completeOptions } from '../../../shared/api/migration-options.ts'
import type { KnownOfProject } from '../ports.ts'
import type { Workload } from '../record.ts'
import { tiedElsewhere, wholeProject } from './project.ts'
import { projectFindings } from './project-findings.ts'

const time = (minute: number) => `2026-01-05T08:0${minute}:00.000Z`
const place = { from: 'host-1', to: 'host-2' }

const container = (
  host: string,
  service: string,
  more: Partial<Container> & { dependsOn?: string } = {},
): Container => {
  const { dependsOn = '', ...other } = more
  return {
    ...{ host, id: `${host}-${service}`, name: `blog-${service}-1`, image: 'i', imageId: 'i', state: 'running' },
    ...{ createdAt: time(0), mounts: [], movedTo: null, firstSeen: time(0), lastSeen: time(5), goneAt: null },
    labels: {
      'com.docker.compose.project': 'blog',
      'com.docker.compose.service': service,
      'com.docker.compose.container-number': '1',
      'com.docker.compose.depends_on': dependsOn,
    },
    ...other,
  }
}
const volume = (host: string, name: string, users: readonly { goneAt: string | null }[] = []) =>
  ({ host, name, goneAt: null, users }) as unknown as Volume
const host = (name: string, state: 'online' | 'lost' | 'unknown' = 'online', inventoryAt: string | null = time(5)) => ({
  ...{ name, state, inventoryAt },
})
const hosts = [host('host-1'), host('host-2'), host('host-3')]
const known = (more: Partial<KnownOfProject> = {}): KnownOfProject => ({ hosts, containers: [], volumes: [], ...more })

const moving = (service: string, dependsOn: string[] = [], volumes: string[] = []) =>
  ({
    ...{ containerId: `host-1-${service}`, name: `blog-${service}-1` },
    service: { project: 'blog', name: service, number: '1', dependsOn },
    volumes: volumes.map((name) => ({ name })),
  }) as unknown as Workload

const whole = (
  of: KnownOfProject,
  { volumes = [] as string[], dependents = 'refuse' as 'refuse' | 'leave' | 'take' } = {},
) => {
  const request = { ...place, project: 'blog', options: completeOptions({ dependents }) }
  const plan = wholeProject(place, { name: 'blog', volumes }, [moving('web', [], ['pages'])], of)
  return { plan, ...projectFindings(request, plan) }
}

test('a project that is whole where it is says nothing', () => {
  const here = known({
    containers: [container('host-1', 'web')],
    volumes: [volume('host-1', 'pages', [{ goneAt: null }])],
  })
  const { plan, refusals, warnings } = whole(here, { volumes: ['pages'] })
  expect(plan).toEqual({ name: 'blog', containers: [], volumes: [], services: [], unheard: [] })
  expect([...refusals, ...warnings]).toEqual([])
})

test('one half of which is on a third host is refused, also where all that belongs together was asked for', () => {
  const split = known({ containers: [container('host-1', 'web'), container('host-3', 'db')] })
  for (const dependents of ['refuse', 'take'] as const) {
    const { plan, refusals } = whole(split, { dependents })
    expect(plan.containers).toMatchObject([{ host: 'host-3', name: 'blog-db-1', isPart: true }])
    expect(refusals).toMatchObject([
      {
        code: 'DRAYAGE_SET_LARGER',
        message: expect.stringMatching(/blog-db-1 on host-3 \(running\).*--without-dependents/),
      },
    ])
  }
  const { refusals, warnings } = whole(split, { dependents: 'leave' })
  expect(refusals).toEqual([])
  expect(warnings).toMatchObject([{ code: 'project-left-behind', message: expect.stringContaining('blog-db-1') }])
})

test('what is where the rest goes, what was left behind by a move, and what ran once are no other half', () => {
  const retired = container('host-3', 'db', { movedTo: 'host-2' })
  const run = container('host-3', 'job', {
    labels: { ...container('host-3', 'job').labels, 'com.docker.compose.oneoff': 'True' },
  })
  const { plan, refusals, warnings } = whole(known({ containers: [container('host-2', 'db'), retired, run] }))
  expect(plan.containers).toMatchObject([{ host: 'host-2', name: 'blog-db-1' }])
  expect([...refusals, ...warnings]).toEqual([])
})

test('a project of the same name and the same containers on another host is another, and no obstacle', () => {
  const { plan, refusals, warnings } = whole(known({ containers: [container('host-3', 'web')] }))
  expect(plan.containers).toMatchObject([{ host: 'host-3', isPart: false }])
  expect(refusals).toEqual([])
  expect(warnings).toMatchObject([{ code: 'project-namesake', message: expect.stringContaining('host-3') }])
})

test('volumes that none of its containers mounts are refused with the way to take them along, and told of other hosts', () => {
  const others = [
    volume('host-3', 'old', [{ goneAt: time(1) }]),
    volume('host-3', 'used', [{ goneAt: null }]),
    volume('host-1', 'rows'),
  ]
  const { plan, refusals, warnings } = whole(known({ volumes: others }), { volumes: ['pages', 'rows'] })
  expect(plan.volumes).toEqual([
    { host: 'host-1', name: 'rows' },
    { host: 'host-3', name: 'old' },
  ])
  expect(refusals).toMatchObject([
    { code: 'DRAYAGE_SET_LARGER', message: expect.stringContaining('dray volume move host-1/rows host-2') },
  ])
  expect(warnings).toMatchObject([
    { code: 'project-volumes-elsewhere', message: expect.stringContaining('old on host-3') },
  ])
})

test('services that have no container any more are told with the last that they had', () => {
  const before = container('host-1', 'db', { goneAt: time(3), lastSeen: time(2), id: 'older' })
  const last = container('host-3', 'db', { goneAt: time(4), lastSeen: time(3), id: 'newer' })
  const again = container('host-1', 'web', { goneAt: time(4), id: 'before' })
  const { plan, refusals, warnings } = whole(known({ containers: [before, last, again] }))
  expect(plan.services).toEqual([{ name: 'db', container: 'blog-db-1', host: 'host-3', lastSeen: time(3) }])
  expect(refusals).toEqual([])
  expect(warnings).toMatchObject([{ code: 'service-without-container', message: expect.stringContaining('db (last') }])
})

test('a host that was not heard of may have a part: it is named, and what it had is held against the move', () => {
  const unheard = [...hosts, host('host-4', 'unknown', null), host('host-5', 'lost', time(2))]
  const { plan, refusals, warnings } = whole(known({ hosts: unheard, containers: [container('host-5', 'db')] }))
  expect(plan.unheard).toEqual([
    { host: 'host-4', inventoryAt: null },
    { host: 'host-5', inventoryAt: time(2) },
  ])
  expect(refusals).toMatchObject([{ message: expect.stringContaining('blog-db-1 on host-5') }])
  expect(warnings).toMatchObject([
    {
      code: 'hosts-not-heard-of',
      message: expect.stringMatching(/host-4 has never said what it has, host-5 is not online.*08:02/),
    },
  ])
})

test('every reason is there at once', () => {
  const both = known({ containers: [container('host-3', 'db')] })
  expect(whole(both, { volumes: ['rows'] }).refusals).toHaveLength(2)
})

test('what a hundred hosts have of it is counted, and the first of them named', () => {
  const names = Array.from({ length: 100 }, (_, n) => `far-${n}`)
  const everywhere = known({
    hosts: names.map((name) => host(name)),
    containers: names.map((name) => container(name, 'db')),
  })
  const { plan, refusals } = whole(everywhere)
  expect(plan.containers).toHaveLength(100)
  expect(refusals[0]?.message).toContain('and 90 more')
})

const tied = (of: KnownOfProject, workload: Workload) => {
  const plan = tiedElsewhere(place, 'blog', [workload], of)
  return { plan, ...projectFindings({ ...place, options: completeOptions() }, plan) }
}

test('a container’s service that it depends on, or that depends on it, on another host is told and no obstacle', () => {
  const elsewhere = [container('host-3', 'db'), container('host-3', 'lamp', { dependsOn: 'web:service_started:true' })]
  const { plan, refusals, warnings } = tied(known({ containers: elsewhere }), moving('web', ['db']))
  expect(plan.containers.map(({ name, words }) => `${name} ${words}`)).toEqual([
    'blog-db-1 is depended on by blog-web-1',
    'blog-lamp-1 depends on blog-web-1',
  ])
  expect(refusals).toEqual([])
  expect(warnings).toMatchObject([
    { code: 'set-spans-hosts', message: expect.stringContaining('blog-db-1 on host-3 (running) is depended on by') },
  ])
})

test('whoever has what it depends on beside it is tied to nobody on another host', () => {
  const here = container('host-1', 'db')
  const another = [container('host-3', 'db', { dependsOn: 'web:service_started:true' }), container('host-3', 'web')]
  const { plan, warnings } = tied(known({ containers: [here, ...another] }), moving('web', ['db']))
  expect(plan.containers).toEqual([])
  expect(warnings).toEqual([])
})
