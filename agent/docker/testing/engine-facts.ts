import type { EngineFacts__Output } from '../../../shared/rpc/generated/drayage/v1/EngineFacts.ts'

// What an ordinary engine says of itself.
export const engineFacts: EngineFacts__Output = {
  id: 'engine',
  version: '28.5.2',
  apiVersion: '1.51',
  os: 'linux',
  architecture: 'amd64',
  storageDriver: 'overlay2',
  containerdImageStore: false,
  dataRoot: '/var/lib/docker',
  idShift: '',
  swarm: false,
}
