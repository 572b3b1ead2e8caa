// What `npm ci` installs: which versions, proven by which hashes, and what of it may run.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from './package-root.ts'

type Locked = { readonly version: string; readonly integrity?: string; readonly hasInstallScript?: true }

const read = (name: string): string => readFileSync(join(packageRoot, name), 'utf8')
const packages: Readonly<Record<string, Locked>> = JSON.parse(read('package-lock.json')).packages
const locked = Object.entries(packages).filter(([where]) => where !== '')
const nameOf = (where: string): string => where.slice(where.lastIndexOf('node_modules/') + 'node_modules/'.length)

test('every package is locked by the hash of its content', () => {
  expect(locked.length).toBeGreaterThan(100)
  const without = locked.filter(([, { integrity = '' }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity))
  expect(without.map(([where]) => where)).toEqual([])
})

test('no install script runs but the one that docs/dependencies.md says runs; each of the others is denied, and named there', () => {
  const allowed: Readonly<Record<string, boolean>> = JSON.parse(read('package.json')).allowScripts
  const [, section = ''] = read('docs/dependencies.md').split('## Install scripts')
  const scripted = locked.flatMap(([where, { hasInstallScript }]) => (hasInstallScript ? [nameOf(where)] : []))
  expect(scripted).toContain('node')
  for (const name of scripted) {
    expect([name, allowed[name]]).toEqual([name, name === 'node'])
    expect(section).toContain(name)
  }
})
