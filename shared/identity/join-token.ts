// What an operator carries from `dray host add` to a new agent: the host's name, which authority to trust (so that the
// first connection cannot be intercepted), and a secret that is good once.
import { AppError } from '../errors.ts'
import { isHostName } from './names.ts'

export type JoinToken = {
  readonly host: string
  // SHA-256 of the authority's certificate in DER, 64 lower-case hex digits.
  readonly fingerprint: string
  // base64url, no padding.
  readonly secret: string
}

const shape = /^dray1\.(?<host>[^.]+)\.(?<fingerprint>[0-9a-f]{64})\.(?<secret>[A-Za-z0-9_-]{16,256})$/

export const formatJoinToken = ({ host, fingerprint, secret }: JoinToken): string => {
  const token = `dray1.${host}.${fingerprint}.${secret}`
  // A token that its reader would refuse must not be given out.
  parseJoinToken(token)
  return token
}

// Whitespace around it is what pasting leaves. Throws DRAYAGE_JOIN_TOKEN_INVALID; the message never repeats the token.
export const parseJoinToken = (text: string): JoinToken => {
  const { host, fingerprint, secret } = shape.exec(text.trim())?.groups ?? {}
  if (host === undefined || fingerprint === undefined || secret === undefined || !isHostName(host)) {
    throw new AppError(
      'DRAYAGE_JOIN_TOKEN_INVALID',
      'This is no join token: one reads dray1.HOST.FINGERPRINT.SECRET. Copy it whole from what `dray host add` printed, ' +
        'or ask for a new one there.',
    )
  }
  return { host, fingerprint, secret }
}
