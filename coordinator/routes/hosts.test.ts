import { describe, expect, test } from 'vitest'
import { restInterface } from '../testing/rest-interface.ts'
import { asOf, host, time } from '../testing/stand-in-parts.ts'

const { call } = restInterface()

describe('hosts and inventory', () => {
  test('a host is taken out, and what is given up is said in one word or in several', async () => {
    const remove = async (query: string) => (await call(`/v1/hosts/host-1${query}`, { method: 'DELETE' })).json()
    expect(await remove('')).toMatchObject({ status: 409, code: 'DRAYAGE_HOST_IN_USE' })
    expect(await remove('?giveUp=everything')).toMatchObject({ status: 400 })
    for (const query of ['?giveUp=copies', '?giveUp=workloads&giveUp=copies']) {
      expect(await remove(query)).toMatchObject({ name: 'host-1', gaveUp: [{ code: 'retained-copy' }] })
    }
  })

  test('hosts are listed, read and added', async () => {
    expect((await call('/v1/hosts')).json()).toEqual({ hosts: [host] })
    expect((await call('/v1/hosts/host-1')).json()).toEqual(host)
    const added = await call('/v1/hosts', { method: 'POST', body: { name: 'host-2' } })
    expect([added.statusCode, added.headers['location']]).toEqual([201, '/v1/hosts/host-2'])
    expect(added.json()).toEqual({ name: 'host-2', joinToken: 'dray1.x', expiresAt: time })
  })

  test('an answer says how far each host can be trusted', async () => {
    expect((await call('/v1/containers?name=web&gone=true')).json()).toEqual({ containers: [], asOf })
    expect((await call('/v1/volumes?host=host-1')).json()).toEqual({ volumes: [], asOf })
  })
})
