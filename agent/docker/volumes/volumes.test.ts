import { expect, test } from 'vitest'
import { engineError } from '../api/errors.ts'
import { removeVolume } from './volumes.ts'

test('a volume that the engine keeps is said with whose it is', async () => {
  const refusal = { statusCode: 409, json: { message: 'volume is in use' } }
  const context = { address: 'unix:///run/docker.sock', method: 'DELETE', path: '/volumes/data', timeoutMs: 1_000 }
  const client = { delete: () => Promise.reject(engineError(refusal, context)) }
  await expect(removeVolume(client, 'data', 'which web had')).rejects.toMatchObject({
    code: 'DRAYAGE_ENGINE_REFUSED',
    message: expect.stringMatching(/^The volume data, which web had, is used by another container/),
  })
})
