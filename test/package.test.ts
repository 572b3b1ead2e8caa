// The package as somebody gets it: packed, installed elsewhere from the tarball, and run.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packageRoot, version } from '../shared/package-root.ts'

const execute = promisify(execFile)

type Ended = { readonly exit: number; readonly stdout: string; readonly stderr: string }

let folder: string
let files: readonly string[]
const installed = (...path: string[]): string => join(folder, 'app', 'node_modules', ...path)

// A copy is packed, since packing builds, and a build in the checkout would take dist/ from under whoever uses it.
const packed = async (): Promise<string> => {
  const copy = join(folder, 'checkout')
  const skipped = new Set(['.git', 'node_modules', 'dist', '.lab'])
  await cp(packageRoot, copy, {
    recursive: true,
    filter: (from) => !skipped.has(from.slice(packageRoot.length + 1)),
  })
  await execute('ln', ['-s', join(packageRoot, 'node_modules'), join(copy, 'node_modules')])
  const { stdout } = await execute('npm', ['pack', '--json', '--pack-destination', folder], { cwd: copy })
  const [{ filename, files: listed }] = JSON.parse(stdout)
  files = listed.map(({ path }: { path: string }) => path)
  return join(folder, filename)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drayage-package-'))
  const tarball = await packed()
  const app = join(folder, 'app')
  await execute('mkdir', [app])
  await writeFile(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true }))
  const options = ['--omit=dev', '--no-audit', '--no-fund', '--prefer-offline']
  await execute('npm', ['install', ...options, tarball], { cwd: app })
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const run = (args: readonly string[], env: Record<string, string> = {}, nodeFlags: readonly string[] = []) =>
  new Promise<Ended>((resolve) => {
    const bin = installed('.bin', 'dray')
    const all = { PATH: process.env['PATH'] ?? '', ...env }
    execFile(process.execPath, [...nodeFlags, bin, ...args], { env: all }, (error, stdout, stderr) =>
      resolve({ exit: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr }),
    )
  })

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

test('the package has the program, its contracts, its documents and its licence, and nothing else', () => {
  const documents = files.filter((path) => !path.startsWith('dist/') && !path.startsWith('docs/'))
  expect(documents).toEqual(
    expect.arrayContaining(['LICENSE', 'CHANGELOG.md', 'package.json', 'proto/agent.proto', 'proto/transfer.proto']),
  )
  for (const path of documents) expect(path).toMatch(/^([A-Z]+(\.md)?|package\.json|proto\/[a-z]+\.proto)$/)
  const program = files.filter((path) => path.startsWith('dist/'))
  for (const path of program) {
    expect(path).toMatch(/^dist\/((shared|coordinator|agent|cli)\/.*\.js|sbom\.cdx\.json)$/)
  }
  expect(program).toEqual(expect.arrayContaining(['dist/cli/dray.js', 'dist/agent/volume/threads/worker.js']))
  expect(program.filter((path) => /test|generated/.test(path))).toEqual([])
})

// Below the product's own dependencies npm picks the newest that fits; what the bill names is what was tested.
test('its bill of materials names every package that is installed with it', async () => {
  const { components } = JSON.parse(await readFile(installed('drayage', 'dist', 'sbom.cdx.json'), 'utf8'))
  type Component = { readonly name: string; readonly properties: readonly { readonly name: string }[] }
  const forDevelopment = ({ properties }: Component) =>
    properties.some(({ name }) => name === 'cdx:npm:package:development')
  const named = new Set(components.filter((one: Component) => !forDevelopment(one)).map(({ name }: Component) => name))
  const { packages } = JSON.parse(await readFile(installed('.package-lock.json'), 'utf8'))
  const found = Object.keys(packages)
    .map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
    .filter((name) => name !== 'drayage')
  expect(found.length).toBeGreaterThan(20)
  expect(found.filter((name) => !named.has(name))).toEqual([])
})

test('the installed command shows its help and its version', async () => {
  expect(await run(['--version'])).toEqual({ exit: 0, stdout: `${version}\n`, stderr: '' })
  expect(await run(['--help'])).toMatchObject({ exit: 0, stdout: expect.stringContaining('dray migrate web') })
})

test('the installed command runs by its own name', async () => {
  const { stdout } = await execute(installed('.bin', 'dray'), ['--version'])
  expect(stdout).toBe(`${version}\n`)
})

test('the installed agent loads whole, and lists what it lacks', async () => {
  const dataDir = join(folder, 'agent')
  const refused = await run(['agent', '--data-dir', dataDir, '--docker-host', `unix://${folder}/none.sock`])
  expect(refused.exit).toBe(2)
  expect(refused.stderr).toContain('--coordinator (DRAYAGE_COORDINATOR) is missing')
  expect(refused.stderr).toContain('No Docker engine')
})

test('the installed coordinator becomes ready, answers the installed command, and stops when told', async () => {
  const [rest, grpc, enrol] = await Promise.all([freePort(), freePort(), freePort()])
  const dataDir = join(folder, 'coordinator')
  const listen = [
    ['--rest-listen', rest],
    ['--grpc-listen', grpc],
    ['--enrol-listen', enrol],
  ].flatMap(([flag, port]) => [String(flag), `127.0.0.1:${port}`])
  const child = spawn(process.execPath, [installed('.bin', 'dray'), 'coordinator', '--data-dir', dataDir, ...listen])
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (log += text))
  const exited = once(child, 'exit')
  try {
    const url = `http://127.0.0.1:${rest}`
    const isReady = () =>
      fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      )
    const deadline = Date.now() + 60_000
    while (!(await isReady())) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`The coordinator is not ready:\n${log}`)
      await sleep(100)
    }
    const token = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim()
    expect(await run(['hosts', '--json'], { DRAYAGE_URL: url, DRAYAGE_TOKEN: token })).toEqual({
      exit: 0,
      stdout: `${JSON.stringify({ hosts: [] }, null, 2)}\n`,
      stderr: '',
    })
    expect((await run(['hosts'], { DRAYAGE_URL: url })).exit).toBe(8)
  } finally {
    child.kill('SIGTERM')
  }
  expect(await exited).toEqual([0, null])
})

test('the installed volume engine finds its worker and the native parts that it needs', async () => {
  const engine = JSON.stringify(installed('drayage', 'dist', 'agent', 'volume', 'engine.js'))
  const root = JSON.stringify(installed('drayage', 'proto'))
  const program = join(folder, 'measure.mjs')
  await writeFile(
    program,
    `const { createVolumeEngine } = await import(${engine})
    const engine = createVolumeEngine()
    console.log(JSON.stringify(await engine.measure(${root})))
    await engine.close()`,
  )
  const { stdout } = await execute(process.execPath, [program])
  expect(JSON.parse(stdout).entries).toBeGreaterThanOrEqual(4)
})

test('an older Node is told in one line which one is needed', async () => {
  const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`
  const refused = await run(['--help'], {}, ['--import', `data:text/javascript,${encodeURIComponent(older)}`])
  expect(refused).toMatchObject({ exit: 2, stdout: '' })
  expect(refused.stderr).toMatch(/^dray: Node\.js 24 or newer is needed, and this is 20\.20\.2 .*\n$/)
})
