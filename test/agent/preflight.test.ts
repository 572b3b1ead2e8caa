// What the agent's own process finds out about itself, in a process that the kernel has really taken something from.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CommandFailed, run } from '../lab/command.ts'
import { dray } from '../lab/drayage.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-capabilities-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const needed = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'MKNOD', 'SETFCAP', 'SYS_ADMIN']

// The start of an agent that has no engine and no token either, so that it ends in any case.
const faultsOf = async (...privileges: readonly string[]): Promise<string> => {
  const agent = [process.execPath, dray, 'agent', '--data-dir', join(dir, 'agent'), '--coordinator', 'localhost:1']
  const away = ['--docker-host', `unix://${join(dir, 'no.sock')}`, '--advertise', 'localhost:1']
  const thrown = await run(['setpriv', ...privileges, ...agent, ...away], {
    env: { PATH: process.env.PATH },
  }).catch((error: unknown) => error)
  if (!(thrown instanceof CommandFailed)) throw new Error('It started all the same.')
  expect(thrown.exitCode).toBe(2)
  return thrown.stderr
}
const lacking = (stderr: string) => [...stderr.matchAll(/lacks the capability ([A-Z_]+)/g)].map(([, name]) => name)

test('an agent that lacks a capability refuses to start, and says so beside everything else that hinders it', async () => {
  const stderr = await faultsOf('--bounding-set', '-sys_admin,-mknod')
  expect(lacking(stderr).toSorted()).toEqual(['MKNOD', 'SYS_ADMIN'])
  expect(stderr).toContain('trusted.*')
  expect(stderr).toContain('No Docker engine can be used')
  expect(stderr).toContain('no join token was given')
})

test('an agent with none of them is told of all', async () => {
  const stderr = await faultsOf('--bounding-set', '-all')
  expect(lacking(stderr).toSorted()).toEqual(needed)
})

test('an agent with these alone lacks none', async () => {
  const these = needed.map((name) => `+${name.toLowerCase()}`).join(',')
  expect(lacking(await faultsOf('--bounding-set', `-all,${these}`))).toEqual([])
})

test('an agent that is not root is told to be, and nothing of capabilities', async () => {
  await run(['chown', '65534', dir])
  const stderr = await faultsOf('--reuid', '65534', '--clear-groups')
  expect(stderr).toContain('does not run as root')
  expect(lacking(stderr)).toEqual([])
})
