// Writes migrations for ever, and says on stdout what it was told is done: "done ID". For the test that kills it.

import { accepted } from '../../migration/record.ts'
import { emptyPlan } from '../../testing/empty-plan.ts'
import { openDatabase } from '../database.ts'
import { createHostStore } from '../hosts.ts'
import { createJournal } from '../journal.ts'

const [file = ''] = process.argv.slice(2)
const db = await openDatabase(file)
const journal = createJournal(db, { now: () => new Date() })
for (const host of ['host-1', 'host-2']) await createHostStore(db).add(host, new Date())

for (let index = 0; ; index += 1) {
  const id = `m${process.pid}-${index}`
  const containerId = `c${process.pid}-${index}`
  await journal.create({
    id,
    kind: 'move',
    of: null,
    terms: {},
    request: accepted({ container: containerId, from: 'host-1', to: 'host-2' }),
    subject: containerId,
    members: [{ containerId, containerName: containerId }],
    plan: { ...emptyPlan, container: { id: containerId, name: containerId, state: 'running' } },
    idempotencyKey: id,
  })
  const volumes = [{ name: `v-${id}`, createdAt: '2026-01-01T00:00:00Z', rootIdentity: '1:1' }]
  const leases = await journal.acquireLeases(id, { host: 'host-1', members: [{ containerId, volumes }] })
  await journal.append(id, { step: 'commit', phase: 'started' })
  await journal.commit(
    id,
    'host-2',
    leases.map((lease) => ({ lease, containerId: `target-of-${containerId}` })),
  )
  await journal.end(id, { state: 'awaiting-finalize', error: null })
  process.stdout.write(`done ${id}\n`)
}
