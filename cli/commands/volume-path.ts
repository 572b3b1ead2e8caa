import { parseVolume } from './volume-name.ts'

export type VolumePath = { readonly host: string; readonly volume: string; readonly path: string }

// "host-1/data:logs/today". No volume's name has a colon in it.
export const parseVolumePath = (text: string): VolumePath => {
  const colon = text.indexOf(':')
  const [named, path] = colon === -1 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)]
  return { ...parseVolume(named), path }
}
