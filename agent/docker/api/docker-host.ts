// Where the engine is, from what DOCKER_HOST says.
import { AppError } from '../../../shared/errors.ts'

// `host: ''` keeps dockerode from taking the host out of the environment itself.
export type DockerTarget =
  | { readonly socketPath: string; readonly host: '' }
  | { readonly host: string; readonly port: number; readonly protocol: 'http' }

export const parseDockerHost = (dockerHost: string): DockerTarget => {
  const socketPath = dockerHost.startsWith('unix://') ? dockerHost.slice('unix://'.length) : ''
  if (socketPath.startsWith('/')) return { socketPath, host: '' }
  if (dockerHost.startsWith('tcp://') && URL.canParse(dockerHost)) {
    const { hostname, port } = new URL(dockerHost)
    // 2375: the port that Docker registered for its plain API.
    if (hostname !== '') return { host: hostname, port: port === '' ? 2375 : Number(port), protocol: 'http' }
  }
  throw new AppError(
    'DRAYAGE_CONFIG_INVALID',
    `DOCKER_HOST is "${dockerHost}", which this agent cannot use: give unix:///path/to/docker.sock, or tcp://address:port of ` +
      'an engine (or of a socket proxy) on this host.',
  )
}
