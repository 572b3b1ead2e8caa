import { expect, test } from 'vitest'
import { restInterface } from '../testing/rest-interface.ts'
import { audited } from '../testing/stand-in-parts.ts'

const { call, problem } = restInterface()

test('the authority is changed without the hosts that are named, and the audit says which', async () => {
  expect((await call('/v1/authority')).json()).toMatchObject({ stage: 'settled' })
  const rotated = await call('/v1/authority:rotate', { method: 'POST', body: { without: ['host-3'] } })
  expect(rotated.json()).toMatchObject({ next: 'without host-3' })
  expect(await problem('/v1/authority:finish', { method: 'POST', body: {} })).toMatchObject({
    ...{ status: 409, code: 'DRAYAGE_ROTATION_WAITS' },
  })
  expect((await problem('/v1/authority:rotate', { method: 'POST', body: { without: ['UPPER'] } })).status).toBe(400)
  expect(audited.slice(-3)).toMatchObject([
    { action: 'rotateAuthority', subject: 'without host-3', outcome: 'allowed' },
    { action: 'finishAuthority', outcome: 'failed', code: 'DRAYAGE_ROTATION_WAITS' },
    { action: 'rotateAuthority', outcome: 'failed' },
  ])
})
