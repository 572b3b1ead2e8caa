// Docker's own API on a host's socket, as an onlooker without Drayage and without the command line would ask it: a
// fraction of what starting `docker` costs, for tests that look thousands of times.
import { request } from 'node:http'

// The parsed answer; undefined where it is empty. Throws with Docker's own words where it is not 2xx.
export type EngineApi = <T = unknown>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) => Promise<T>

const answerWithinMs = 60_000

export const engineApi = (host: { readonly dockerHost: string }): EngineApi => {
  const socketPath = host.dockerHost.replace(/^unix:\/\//, '')
  return <T>(method: string, path: string, body?: unknown) =>
    new Promise<T>((resolve, reject) => {
      const text = body === undefined ? '' : JSON.stringify(body)
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
      const asked = request({ socketPath, method, path, headers, timeout: answerWithinMs }, (response) => {
        let answer = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          answer += chunk
        })
        response.on('error', reject)
        response.on('end', () => {
          const status = response.statusCode ?? 0
          // 304: it is so already.
          if ((status < 200 || status > 299) && status !== 304) {
            reject(new Error(`${method} ${path} answered ${status}: ${answer.trim()}`))
          } else resolve((answer.trim() === '' ? undefined : JSON.parse(answer)) as T)
        })
      })
      asked.on('timeout', () => asked.destroy(new Error(`${method} ${path} was not answered`)))
      asked.on('error', reject)
      asked.end(text)
    })
}
