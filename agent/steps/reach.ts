// Whether the servers of network volumes answer this host. The mount is the engine's affair, and may go another way than the
// agent's question: so what is found is told, and refuses nothing.
import { connect } from 'node:net'
import type { Finding } from '../../shared/errors.ts'
import type { Workload__Output } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import { type FileServer, fileServerOf } from '../docker/volumes/file-server.ts'

const patienceMs = 2_000

// Why it does not answer; null: it does.
const silenceOf = ({ host, port }: FileServer): Promise<string | null> =>
  new Promise((resolve) => {
    const end = (reason: string | null) => {
      socket.destroy()
      resolve(reason)
    }
    const socket = connect({ host, port, timeout: patienceMs })
    socket.once('connect', () => end(null))
    socket.once('timeout', () => end(`nothing within ${patienceMs / 1_000} s`))
    socket.once('error', ({ message }) => end(message))
  })

export const reachWarnings = async ({ volumes }: Pick<Workload__Output, 'volumes'>): Promise<Finding[]> => {
  const asked = volumes.map(async ({ name, driver, options, carriedByAnother }) => {
    const server = driver !== 'local' || carriedByAnother ? null : fileServerOf(options)
    if (server === null) return []
    const silence = await silenceOf(server)
    if (silence === null) return []
    const message = `The server ${server.host} of the volume ${name} does not answer the target's agent at port ${server.port} (${silence}). The container would not start there unless the engine reaches it: see to the network between them first.`
    return [{ code: 'network-volume-unreachable', message }]
  })
  return (await Promise.all(asked)).flat()
}
