import { describe, expect, test } from 'vitest'
import { samePort } from '../../../shared/ports/publish.ts'
import { listenersIn, portWords, publishedPorts } from './ports.ts'

const hostConfig = { NetworkMode: 'bridge' }
const port = (hostPort: number, hostIp = '', protocol = 'tcp') => ({ protocol, hostIp, hostPort, containerPort: 80 })

describe('what a container publishes', () => {
  test('is told from what it asks for, so that it is the same whether it runs or not', () => {
    const PortBindings = {
      '80/tcp': [
        { HostIp: '', HostPort: '8080' },
        { HostIp: '127.0.0.1', HostPort: '8081' },
      ],
      '53/udp': [{ HostIp: '::1', HostPort: '53' }],
    }
    expect(publishedPorts({ Image: 'x' }, { ...hostConfig, PortBindings })).toEqual([
      { protocol: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 },
      { protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 8081, containerPort: 80 },
      { protocol: 'udp', hostIp: '::1', hostPort: 53, containerPort: 53 },
    ])
  })

  test.each(['', '0', '8000-8010', undefined])('host port %j is the engine’s choice', (HostPort) => {
    const binding = HostPort === undefined ? {} : { HostPort }
    const [found] = publishedPorts({ Image: 'x' }, { ...hostConfig, PortBindings: { '80/tcp': [binding] } })
    expect(found?.hostPort).toBe(0)
  })

  test('includes every exposed port with -P, once', () => {
    const config = { Image: 'x', ExposedPorts: { '80/tcp': {}, '90/udp': {} } }
    const asked = { ...hostConfig, PublishAllPorts: true, PortBindings: { '80/tcp': [{ HostPort: '8080' }] } }
    expect(publishedPorts(config, asked).map((found) => [found.containerPort, found.hostPort])).toEqual([
      [80, 8080],
      [90, 0],
    ])
  })
})

test('two ports are the same when both could not be bound', () => {
  expect(samePort(port(80), port(80))).toBe(true)
  expect(samePort(port(80, '10.0.0.1'), port(80, '0.0.0.0'))).toBe(true)
  expect(samePort(port(80, '10.0.0.1'), port(80, '::'))).toBe(true)
  expect(samePort(port(80, '10.0.0.1'), port(80, '10.0.0.1'))).toBe(true)
  expect(samePort(port(80, '10.0.0.1'), port(80, '10.0.0.2'))).toBe(false)
  expect(samePort(port(80), port(81))).toBe(false)
  expect(samePort(port(80), port(80, '', 'udp'))).toBe(false)
  expect(samePort(port(0), port(0))).toBe(false)
})

test('ports are written as people write them', () => {
  expect(portWords(port(80))).toBe('80/tcp')
  expect(portWords(port(80, '10.0.0.1', 'udp'))).toBe('10.0.0.1:80/udp')
  expect(portWords(port(80, '::1'))).toBe('[::1]:80/tcp')
})

// Lines of /proc/net/tcp, tcp6 and udp of a Linux 6.18 machine.
const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
const line = (local: string, state: string) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 1 1\n`

describe('the kernel’s tables of sockets', () => {
  test('show what listens, and not what is connected', () => {
    const table = head + line('0100007F:1F90', '0A') + line('00000000:0050', '0A') + line('0100007F:C350', '01')
    expect(listenersIn(table, 'tcp')).toEqual([
      { protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 8080 },
      { protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 80 },
    ])
    expect(listenersIn(head + line('00000000:0035', '07'), 'udp')).toEqual([
      { protocol: 'udp', hostIp: '0.0.0.0', hostPort: 53 },
    ])
  })

  test('are read for IPv6 and for IPv4 addresses within it', () => {
    const table =
      head +
      line('00000000000000000000000000000000:0050', '0A') +
      line('00000000000000000000000001000000:0051', '0A') +
      line('0000000000000000FFFF00000100007F:0052', '0A')
    expect(listenersIn(table, 'tcp').map((found) => found.hostIp)).toEqual(['::', '::1', '127.0.0.1'])
  })

  test('may be missing or empty', () => {
    expect(listenersIn('', 'tcp')).toEqual([])
    expect(listenersIn(head, 'tcp')).toEqual([])
  })
})
