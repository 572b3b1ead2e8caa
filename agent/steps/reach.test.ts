import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import type { WorkloadVolume__Output } from '../../shared/rpc/generated/drayage/v1/WorkloadVolume.ts'
import { reachWarnings } from './reach.ts'

const volume = (
  options: Record<string, string>,
  more: Partial<WorkloadVolume__Output> = {},
): WorkloadVolume__Output => ({
  ...{ name: 'net', driver: 'local', options, labels: {}, mountpoint: '/x', createdAt: '', anonymous: false },
  ...{
    destination: '/x',
    readOnly: false,
    rootIdentity: '',
    usage: null,
    traits: [],
    carriedByAnother: false,
    ofHost: false,
  },
  ...more,
})

test('a server that answers is nothing to tell; one that has gone is, for each volume of it, once', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const nfs = { type: 'nfs', o: `addr=127.0.0.1,port=${port}`, device: ':/export' }
  const volumes = [volume(nfs), volume(nfs, { name: 'of-another', carriedByAnother: true }), volume({})]
  expect(await reachWarnings({ volumes })).toEqual([])
  server.close()
  await once(server, 'close')
  const [only, ...others] = await reachWarnings({ volumes })
  expect(others).toEqual([])
  expect(only).toMatchObject({
    code: 'network-volume-unreachable',
    message: expect.stringMatching(`server 127.0.0.1 of the volume net .* port ${port} .*ECONNREFUSED`),
  })
})
