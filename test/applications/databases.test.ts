// Databases that are written to by somebody else, over the network, while they move: what was acknowledged to that
// client is there afterwards, and the database's own tools find nothing wrong with its files.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate } from '../e2e/moving.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'
import { databases } from './images.ts'

const network = 'shop'
const minutes = (count: number) => ({ timeoutMs: count * 60_000 })

let lab: Lab
let one: LabHost
let two: LabHost

beforeAll(async () => {
  lab = await startLab({ hosts: 2 })
  one = lab.host('host-1')
  two = lab.host('host-2')
  await loadImage(one, databases)
  await loadImage(two, databases)
  await one.docker(['network', 'create', network])
}, 900_000)
afterAll(() => lab?.stop())

const begin = async (name: string, options: readonly string[], ready: readonly string[]): Promise<void> => {
  const common = ['run', '-d', '--name', name, '--network', network, '--stop-timeout', '60', '-v', `${name}:/data`]
  await one.docker([...common, ...options, databases.ref, `begin-${name}`])
  await eventually(`${name} to answer`, 60_000, () => answers(one, name, ready))
}

const answers = (host: LabHost, name: string, command: readonly string[]): Promise<boolean> =>
  host.docker(['exec', name, ...command]).then(
    () => true,
    () => false,
  )

// In a container of its own, which the move leaves where it is.
const writeTo = async (name: string, script: string): Promise<string> => {
  const client = `client-of-${name}`
  await one.docker(['run', '-d', '--init', '--name', client, '--network', network, databases.ref, 'sh', '-c', script])
  return client
}

const said = async (client: string): Promise<string> => one.docker(['logs', client], minutes(1))

// Numbers that stand alone on their lines: what the client was told, one after the other.
const lastNumber = (text: string): number => Number(text.match(/^\d+$/gm)?.at(-1) ?? 0)

const move = async (name: string): Promise<void> => {
  const migration = await migrate(lab, { container: name, from: 'host-1', to: 'host-2' })
  expect(migration).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(migration.warnings.map(({ code }) => code)).not.toContain('killed-on-stop')
}

test('PostgreSQL under pgbench: every transaction that was committed is there, whole, and its files are sound', async () => {
  const bench = ['/usr/lib/postgresql/15/bin/pgbench', '-h', '/tmp', '-U', 'postgres']
  await begin('postgres', ['--stop-signal', 'SIGINT', '--shm-size', '256m'], ['pg_isready', '-h', '/tmp'])
  await one.docker(['exec', 'postgres', ...bench, '--initialize', '--quiet', '--scale', '10', 'postgres'], minutes(3))
  const clients = 4
  const client = await writeTo(
    'postgres',
    `exec /usr/lib/postgresql/15/bin/pgbench -h postgres -U postgres -n -c ${clients} -T 100000 -P 1 postgres 2>&1`,
  )
  await eventually('transactions', 60_000, async () => /progress: [3-9]\./.test(await said(client)))

  await move('postgres')

  await one.docker(['wait', client], minutes(1))
  const committed = Number(/transactions actually processed: (\d+)/.exec(await said(client))?.[1])
  expect(committed).toBeGreaterThan(100)
  await eventually('the moved one to answer', 60_000, () => answers(two, 'postgres', ['pg_isready', '-h', '/tmp']))
  const ask = (sql: string) =>
    two.docker(['exec', 'postgres', 'psql', '-h', '/tmp', '-U', 'postgres', '-tAc', sql], minutes(2))
  // One for each client may have been committed without the client's having heard of it.
  const there = Number(await ask('SELECT count(*) FROM pgbench_history'))
  expect(there).toBeGreaterThanOrEqual(committed)
  expect(there).toBeLessThanOrEqual(committed + clients)
  // Each transaction adds the same to an account, a teller, a branch and the history.
  const sums = ['sum(abalance) FROM pgbench_accounts', 'sum(tbalance) FROM pgbench_tellers']
  const total = await ask('SELECT sum(delta) FROM pgbench_history')
  for (const sum of [...sums, 'sum(bbalance) FROM pgbench_branches']) expect(await ask(`SELECT ${sum}`)).toBe(total)
  const amcheck = [
    '/usr/lib/postgresql/15/bin/pg_amcheck',
    '-h',
    '/tmp',
    '-U',
    'postgres',
    '--install-missing',
    '--heapallindexed',
    'postgres',
  ]
  expect(await two.docker(['exec', 'postgres', ...amcheck], minutes(3))).toBe('')
  await two.docker(['exec', 'postgres', ...bench, '-n', '-c', '4', '-t', '50', 'postgres'], minutes(1))
})

test('MariaDB: every row whose insertion was acknowledged is there, and no table is damaged', async () => {
  await begin('mariadb', [], ['mariadb', '--socket=/tmp/mariadb.sock', '-e', 'SELECT * FROM shop.ledger LIMIT 1'])
  const rows = 'n=0; while n=$((n + 1)); do echo "INSERT INTO shop.ledger VALUES ($n); SELECT $n;"; done'
  const client = await writeTo('mariadb', `${rows} | mariadb -h mariadb -u app -N --unbuffered`)
  await eventually('rows', 60_000, async () => lastNumber(await said(client)) > 500)

  await move('mariadb')

  await one.docker(['wait', client], minutes(1))
  const acknowledged = lastNumber(await said(client))
  const mariadb = (...args: string[]) => two.docker(['exec', 'mariadb', ...args], minutes(1))
  const socket = '--socket=/tmp/mariadb.sock'
  await eventually('the moved one to answer', 60_000, () =>
    answers(two, 'mariadb', ['mariadb-admin', socket, 'ping', '--silent']),
  )
  const [count, last] = (await mariadb('mariadb', socket, '-N', '-e', 'SELECT COUNT(*), MAX(number) FROM shop.ledger'))
    .split(/\s+/)
    .map(Number)
  expect(count).toBe(last)
  expect(last).toBeGreaterThanOrEqual(acknowledged)
  expect(last).toBeLessThanOrEqual(acknowledged + 1)
  const verdicts = (await mariadb('mariadb-check', socket, '--all-databases', '--extended')).split('\n').filter(Boolean)
  expect(verdicts.filter((line) => !/\sOK$/.test(line) && !/^mysql\./.test(line))).toEqual([])
  expect(verdicts).toContainEqual(expect.stringMatching(/^shop\.ledger\s+OK$/))
  await mariadb('mariadb', socket, '-e', 'INSERT INTO shop.ledger VALUES (0)')
})

test('Redis with an append-only file: every push that was acknowledged is there, and the file is sound', async () => {
  await begin('redis', [], ['redis-cli', 'ping'])
  const client = await writeTo('redis', 'while :; do echo "RPUSH ledger line"; done | redis-cli -h redis')
  await eventually('pushes', 60_000, async () => lastNumber(await said(client)) > 500)

  await move('redis')

  // It asks on and on, and hears of nobody.
  await one.docker(['stop', '-t', '0', client])
  const acknowledged = lastNumber(await said(client))
  await eventually('the moved one to answer', 60_000, () => answers(two, 'redis', ['redis-cli', 'ping']))
  const length = Number(await two.docker(['exec', 'redis', 'redis-cli', 'LLEN', 'ledger']))
  expect(length).toBeGreaterThanOrEqual(acknowledged)
  expect(length).toBeLessThanOrEqual(acknowledged + 1)
  expect(Number(await two.docker(['exec', 'redis', 'redis-cli', 'RPUSH', 'ledger', 'line']))).toBe(length + 1)
  const file = '/data/appendonlydir/appendonly.aof.manifest'
  expect(await two.docker(['exec', 'redis', 'redis-check-aof', file])).toMatch(/All AOF files and manifest are valid/)
})
