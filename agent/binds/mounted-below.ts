// What is mounted inside of a directory: it is no part of it for the volume engine, and would be left behind without a word.
import { readFile } from 'node:fs/promises'
import { relationOf } from './paths.ts'

// proc(5), /proc/pid/mountinfo: the fifth field, with blanks, tabs, newlines and backslashes in octal.
export const mountPoints = (mountInfo: string): string[] =>
  mountInfo.split('\n').flatMap((line) => {
    const place = line.split(' ')[4]
    if (place === undefined) return []
    return [place.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))]
  })

// path: as this agent sees it.
export const mountedBelow = async (path: string): Promise<string[]> => {
  const places = mountPoints(await readFile('/proc/self/mountinfo', 'utf8'))
  return [...new Set(places.filter((place) => relationOf(place, path) === 'below'))]
}
