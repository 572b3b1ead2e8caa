import { expect, test } from 'vitest'
import { AppError } from '../../../shared/errors.ts'
import { lateChanges } from './late-changes.ts'

type WritableLayer = { changes: number; paths: string[]; bytes: number }

const looked = (writableLayer: 'refuse' | 'discard' | 'keep', layers: Record<string, WritableLayer | AppError>) => {
  const asked: string[] = []
  const lookAtLayer = async ({ containerId }: { containerId: string }) => {
    asked.push(containerId)
    const layer = layers[containerId] ?? { changes: 0, paths: [], bytes: 0 }
    if (layer instanceof AppError) throw layer
    return layer
  }
  const found = lateChanges({
    record: { subject: 'web', request: { options: { writableLayer } } },
    members: ['db', 'web'].map((name) => ({ containerId: name, containerName: name })),
    source: { agent: { lookAtLayer } },
    signal: new AbortController().signal,
  })
  return found.then((late) => ({ late, asked }))
}

const six = { changes: 6, paths: ['A /1', 'A /2', 'A /3', 'A /4', 'A /5', 'A /6'], bytes: 0 }

test('what one of them changed until it had stopped is a reason against the move, with the list', async () => {
  const { late, asked } = await looked('refuse', { db: six })
  expect(asked).toEqual(['db', 'web'])
  expect(late).toMatchObject({ code: 'DRAYAGE_WRITABLE_LAYER' })
  expect(late?.message).toMatch(
    /^Until it had stopped, db .*A \/1, A \/2, A \/3, A \/4, A \/5 and 1 more.*--writable-layer keep/,
  )
})

test('of several all are told', async () => {
  const { late } = await looked('refuse', { db: six, web: six })
  expect(late?.details).toMatchObject({
    reasons: [{ code: 'DRAYAGE_WRITABLE_LAYER' }, { code: 'DRAYAGE_WRITABLE_LAYER' }],
  })
})

test('nobody is asked where it was said what becomes of it', async () => {
  for (const policy of ['discard', 'keep'] as const)
    expect(await looked(policy, { db: six })).toEqual({ late: null, asked: [] })
})

test('one that was removed since is no reason; one that cannot be looked at is', async () => {
  const gone = new AppError('DRAYAGE_CONTAINER_NOT_FOUND', 'gone')
  expect((await looked('refuse', { db: gone })).late).toBeNull()
  const away = new AppError('DRAYAGE_AGENT_UNREACHABLE', 'away')
  expect((await looked('refuse', { db: away })).late).toBe(away)
})
