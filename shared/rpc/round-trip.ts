// How long the line to a peer is, and what that asks for.
import { connect } from 'node:net'

// A busy process hears late of its connection, so that a measurement is at most too long: the shortest counts.
const tries = 3
const shortMs = 2
const patienceMs = 2_000

const once = (hostname: string, port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const startedAt = performance.now()
    const socket = connect({ host: hostname, port, timeout: patienceMs })
    const end = (roundTripMs: number | undefined) => {
      socket.destroy()
      resolve(roundTripMs)
    }
    socket.once('connect', () => end(performance.now() - startedAt))
    socket.once('timeout', () => end(undefined))
    socket.once('error', () => end(undefined))
  })

// Milliseconds from asking for a TCP connection to having it, which is then hung up; undefined: there is none to be had, and
// whoever calls will hear why.
export const measureRoundTrip = async (address: string): Promise<number | undefined> => {
  const { hostname, port } = new URL(`tcp://${address}`)
  const host = hostname.replace(/^\[|\]$/g, '')
  let shortest: number | undefined
  for (let made = 0; made < tries && !(shortest !== undefined && shortest < shortMs); made++) {
    const found = await once(host, Number(port))
    if (found === undefined) return shortest
    shortest = Math.min(found, shortest ?? found)
  }
  return shortest
}
