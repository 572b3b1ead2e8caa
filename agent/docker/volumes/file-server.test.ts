import { expect, test } from 'vitest'
import { fileServerOf } from './file-server.ts'

test.each([
  [{ type: 'nfs', o: 'addr=10.0.0.1,rw', device: ':/export' }, '10.0.0.1', 2049],
  [{ type: 'nfs4', o: 'rw', device: 'files.example:/export' }, 'files.example', 2049],
  [{ type: 'nfs', o: 'port=12049', device: '[2001:db8::1]:/export' }, '2001:db8::1', 12049],
  [{ type: 'cifs', o: 'username=u', device: '//files.example/share' }, 'files.example', 445],
  [{ type: 'smb3', o: 'ip=10.0.0.2', device: '//files.example/share' }, '10.0.0.2', 445],
])('%j is mounted from %s at port %i', (options, host, port) => {
  expect(fileServerOf(options)).toEqual({ host, port })
})

test.each([
  { type: 'nfs', o: 'rw', device: ':/export' },
  { type: 'ceph', o: 'name=admin', device: '10.0.0.1:6789:/' },
  { type: 'tmpfs', device: 'tmpfs' },
])('%j names no server that could be asked', (options) => {
  expect(fileServerOf(options)).toBeNull()
})
