import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

let folder: string
let running: ChildProcess[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-coordinator-'))
  running = []
})
afterEach(async () => {
  for (const child of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  rmSync(folder, { recursive: true, force: true })
})

const main = join(import.meta.dirname, 'main.ts')
const anyPort = { restListen: '127.0.0.1:0', grpcListen: '127.0.0.1:0', enrolListen: '127.0.0.1:0' }

// The coordinator as a process of its own, as `dray coordinator` runs it.
const launch = (flags: Record<string, string>) => {
  const program = `
    const { runCoordinator } = await import(${JSON.stringify(main)})
    await runCoordinator(${JSON.stringify(flags)}).catch((error) => {
      console.error(JSON.stringify({ code: error.code, message: error.message }))
      process.exitCode = 2
    })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'pipe'] })
  running.push(child)
  let log = ''
  const lines: ((line: string) => void)[] = []
  child.stderr.on('data', (chunk: Buffer) => {
    const parts = (log + chunk).split('\n')
    const before = log.split('\n').length - 1
    log += chunk
    for (const line of parts.slice(before, -1)) for (const hear of lines) hear(line)
  })
  const exited = once(child, 'exit')
  return {
    child,
    log: () => log,
    exit: async () => {
      const [code] = await exited
      return code as number | null
    },
    up: () =>
      new Promise<{ restUrl: string }>((resolve, reject) => {
        const hear = (line: string) => {
          const said = JSON.parse(line)
          if (said.msg === 'The coordinator is up') resolve(said)
        }
        lines.push(hear)
        exited.then(() => reject(new Error(`It ended: ${log}`)))
      }),
  }
}

const get = async (url: string, token: string) =>
  (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).json()
const tokenOf = (dataDir: string) => readFileSync(join(dataDir, 'admin-token'), 'utf8').trim()

// Each starts processes, on a machine that may be busy.
describe('a coordinator', { timeout: 120_000 }, () => {
  test('starts on an empty directory, is ready, lets its token in, and stops when it is asked to', async () => {
    const dataDir = join(folder, 'made', 'by-it')
    const coordinator = launch({ ...anyPort, dataDir })
    const { restUrl } = await coordinator.up()
    expect((await fetch(`${restUrl}/readyz`)).status).toBe(200)
    const token = tokenOf(dataDir)
    expect(await get(`${restUrl}/v1/hosts`, token)).toEqual({ hosts: [] })
    expect((await fetch(`${restUrl}/v1/hosts`)).status).toBe(401)

    for (const [file, mode] of [
      ['.', 0o700],
      ['admin-token', 0o600],
      ['authority.pem', 0o600],
      ['coordinator.db', 0o600],
      ['coordinator.db-wal', 0o600],
    ] as const) {
      expect([file, statSync(join(dataDir, file)).mode & 0o777]).toEqual([file, mode])
    }
    coordinator.child.kill('SIGTERM')
    expect(await coordinator.exit()).toBe(0)
    expect(coordinator.log()).toContain('admin-token')
    expect(coordinator.log()).not.toContain(token)
  })

  test('killed at any moment starts again with all it knew, and lets the same token in', async () => {
    const dataDir = join(folder, 'data')
    const first = launch({ ...anyPort, dataDir })
    const { restUrl } = await first.up()
    const token = tokenOf(dataDir)
    const added = await fetch(`${restUrl}/v1/hosts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"name":"host-1"}',
    })
    const { joinToken } = (await added.json()) as { joinToken: string }
    first.child.kill('SIGKILL')
    await first.exit()

    const second = launch({ ...anyPort, dataDir })
    const again = await second.up()
    expect(await get(`${again.restUrl}/v1/hosts`, token)).toMatchObject({
      hosts: [{ name: 'host-1', state: 'unknown' }],
    })
    // The authority that the token names is still the one there is.
    const [, , fingerprint] = joinToken.split('.')
    const next = await fetch(`${again.restUrl}/v1/hosts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"name":"host-2"}',
    })
    expect(((await next.json()) as { joinToken: string }).joinToken.split('.')[2]).toBe(fingerprint)
  })

  test('refuses a data directory that another one runs on, and disturbs it not', async () => {
    const dataDir = join(folder, 'data')
    const first = launch({ ...anyPort, dataDir })
    const { restUrl } = await first.up()
    const second = launch({ ...anyPort, dataDir })
    expect(await second.exit()).toBe(2)
    expect(second.log()).toMatch(/DRAYAGE_CONFIG_INVALID.*Another coordinator runs on/)
    expect((await fetch(`${restUrl}/readyz`)).status).toBe(200)
  })

  test('names every setting that is wrong at once', async () => {
    const coordinator = launch({ dataDir: folder, restListen: 'here', grpcListen: '::', logLevel: 'loud' })
    expect(await coordinator.exit()).toBe(2)
    for (const flag of ['--rest-listen', '--grpc-listen', '--log-level']) expect(coordinator.log()).toContain(flag)
  })

  test('names every port that it cannot have at once, and lets the directory go', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const dataDir = join(folder, 'data')
    const refused = launch({
      dataDir,
      restListen: `127.0.0.1:${port}`,
      grpcListen: `127.0.0.1:${port}`,
      enrolListen: '127.0.0.1:0',
    })
    expect(await refused.exit()).toBe(2)
    for (const flag of ['--rest-listen', '--grpc-listen']) expect(refused.log()).toContain(flag)
    expect(refused.log()).not.toContain('--enrol-listen (')
    taken.close()
    await launch({ ...anyPort, dataDir }).up()
  })

  test('says what is wrong with a data directory that it cannot use', async () => {
    const coordinator = launch({ ...anyPort, dataDir: join(main, 'not-a-directory') })
    expect(await coordinator.exit()).toBe(2)
    expect(coordinator.log()).toMatch(/DRAYAGE_CONFIG_INVALID.*data directory/)
  })
})
