import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

// The folder of package.json: two levels up from the sources, three from dist/.
const findUp = (from: string): string => {
  if (existsSync(join(from, 'package.json'))) return from
  const parent = dirname(from)
  if (parent === from) throw new Error(`No package.json above ${import.meta.dirname}: the installation is damaged`)
  return findUp(parent)
}

export const packageRoot = findUp(import.meta.dirname)

export const version: string = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).version
