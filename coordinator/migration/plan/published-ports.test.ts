import { expect, test } from 'vitest'
import { completeOptions } from '../../../shared/api/migration-options.ts'
import { publishedPorts, publishRefusals } from './published-ports.ts'

const port = (hostPort: number, containerPort: number, hostIp = '') => ({
  ...{ protocol: 'tcp', hostIp, hostPort, containerPort },
})
const request = (...publish: string[]) => ({ to: 'host-2', options: completeOptions({ publish }) })
const web = { name: 'web', ports: [port(8080, 80), port(0, 81, '127.0.0.1')] }
const api = { name: 'api', ports: [port(9090, 80), port(9443, 443)] }

test('ports are told as docker ps tells them, and what they were before', () => {
  expect(publishedPorts(request(), web)).toEqual(['0.0.0.0:8080->80/tcp', '127.0.0.1:(any)->81/tcp'])
  expect(publishedPorts(request('7070:80'), web)).toEqual([
    '127.0.0.1:(any)->81/tcp',
    '0.0.0.0:7070->80/tcp (was 0.0.0.0:8080->80/tcp)',
  ])
  expect(publishedPorts(request('8080:80'), web)).toContain('0.0.0.0:8080->80/tcp')
})

test('a port that nobody publishes, and one that several do, are refused', () => {
  expect(publishRefusals(request('7070:82'), [web])).toEqual([
    { code: 'DRAYAGE_PORT_NOT_PUBLISHED', message: expect.stringContaining('8080:80/tcp, 127.0.0.1::81/tcp') },
  ])
  expect(publishRefusals(request('7070:443'), [web, api])).toEqual([])
  expect(publishRefusals(request('7070:80'), [web, api]).map(({ message }) => message)).toContainEqual(
    expect.stringContaining('web and api all publish their port 80/tcp'),
  )
})

test('what is named is for that one alone, and refused where it does not move or does not publish it', () => {
  const both = request('web=7070:80', 'api=7071:80')
  expect(publishRefusals(both, [web, api])).toEqual([])
  expect(publishedPorts(both, web)).toContain('0.0.0.0:7070->80/tcp (was 0.0.0.0:8080->80/tcp)')
  expect(publishedPorts(both, api)).toContain('0.0.0.0:7071->80/tcp (was 0.0.0.0:9090->80/tcp)')
  expect(publishRefusals(request('7070:80'), [web, api]).map(({ message }) => message)).toContainEqual(
    expect.stringContaining('--publish web=7070:80/tcp'),
  )
  expect(publishRefusals(request('db=7070:80', 'web=7071:443'), [web, api])).toEqual([
    { code: 'DRAYAGE_PORT_NOT_PUBLISHED', message: expect.stringMatching(/for db, which does not move.*web, api/) },
    { code: 'DRAYAGE_PORT_NOT_PUBLISHED', message: expect.stringMatching(/^web does not publish its port 443/) },
  ])
})

test('two ports on the same one are refused, of one container or of two that move together', () => {
  expect(publishRefusals(request('8080:81'), [web])).toEqual([
    { code: 'DRAYAGE_PORT_TAKEN', message: expect.stringContaining('port 80 of web and the port 81 of web') },
  ])
  expect(publishRefusals(request('8080:443'), [web, api])).toEqual([
    { code: 'DRAYAGE_PORT_TAKEN', message: expect.stringContaining('port 80 of web and the port 443 of api') },
  ])
  expect(publishRefusals(request(), [web, api])).toEqual([])
})
