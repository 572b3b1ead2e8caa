// Which containers have a directory of the host, or a part of it, mounted, under whatever name they know it by.
import type { HostMount } from '../docker/engine.ts'
import type { EnginePaths } from '../engine-paths.ts'
import { type Relation, relationOf } from './paths.ts'
import { wayThroughLinks } from './walk.ts'

// As found by walk.ts: dev:ino of each directory on the way, its own last where it is there.
export type Place = { readonly path: string; readonly way: readonly string[]; readonly identity: string }

export type User = HostMount & { readonly relation: Exclude<Relation, 'apart'> }

// By what the names lead to, where that can be seen; by the names alone otherwise.
const relationTo = ({ path, way, identity }: Place, source: string, sourceWay: readonly string[] | null): Relation => {
  const byName = relationOf(source, path)
  const leaf = sourceWay?.at(-1)
  if (byName !== 'apart' || sourceWay === null || leaf === undefined) return byName
  if (identity !== '' && leaf === identity) return 'at'
  if (identity !== '' && sourceWay.includes(identity)) return 'below'
  return way.includes(leaf) ? 'above' : 'apart'
}

export const usersOf = async (place: Place, mounts: readonly HostMount[], paths: EnginePaths): Promise<User[]> => {
  const users = await Promise.all(
    mounts.map(async (mount): Promise<User | null> => {
      const sourceWay = paths.sees(mount.source) ? await wayThroughLinks(paths.here(mount.source)) : null
      const relation = relationTo(place, mount.source, sourceWay)
      return relation === 'apart' ? null : { ...mount, relation }
    }),
  )
  return users.filter((user) => user !== null)
}

// Who has it, or a part of it: not who has it as a part of more, as backups and monitors do.
export const isInside = ({ relation }: User): boolean => relation !== 'above'

export const namesOf = (users: readonly User[]): string =>
  [...new Set(users.map(({ name, containerId }) => name || containerId.slice(0, 12)))].toSorted().join(', ')
