import { AppError } from '../../shared/errors.ts'
import { isHostName } from '../../shared/identity/names.ts'

export type NamedVolume = { readonly host: string; readonly volume: string }

// As in Docker (moby, daemon/names): no slash, so that the first one parts host and volume.
const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/

// "host-1/data".
export const parseVolume = (text: string): NamedVolume => {
  const slash = text.indexOf('/')
  const [host, volume] = [text.slice(0, slash), text.slice(slash + 1)]
  if (slash > 0 && isHostName(host) && volumeName.test(volume)) return { host, volume }
  throw new AppError(
    'DRAYAGE_INVALID_REQUEST',
    `"${text}" is not HOST/VOLUME, as in host-1/data. dray volumes lists them all.`,
  )
}
