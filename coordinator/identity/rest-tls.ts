// What the REST interface proves itself with: the operator's certificate, or one of our own authority. On loopback nobody
// is in between, so plain HTTP is enough there unless told otherwise.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Server as HttpServer } from 'node:http'
import { hostname, networkInterfaces } from 'node:os'
import { Server as TlsServer } from 'node:tls'
import { AppError } from '../../shared/errors.ts'
import type { Renewals } from '../../shared/rpc/tls.ts'
import type { Authority } from './authority.ts'

// PEM. byAuthority: the certificate is of our own authority.
export type RestTls = { readonly key: string; readonly cert: string; readonly byAuthority: boolean }

export type RestTlsSettings = {
  readonly restTls: 'auto' | 'always' | 'never'
  // Both or neither.
  readonly restCertificate?: string | undefined
  readonly restKey?: string | undefined
  // Names and addresses besides those that this machine knows itself by.
  readonly restNames: readonly string[]
}

// null: plain HTTP. host: where it listens. Throws DRAYAGE_CONFIG_INVALID.
export const restTlsFor = async (
  settings: RestTlsSettings,
  host: string,
  authority: Pick<Authority, 'issueForRest'>,
  at: Date,
): Promise<RestTls | null> => {
  const own = operatorsCertificate(settings)
  if (settings.restTls === 'never') {
    if (own !== null) throw unusable('a certificate is given, and --rest-tls never says that there is to be none')
    return null
  }
  if (own !== null) return own
  if (settings.restTls === 'auto' && isLoopback(host)) return null
  return { ...(await authority.issueForRest(namesOfThisMachine(settings.restNames), at)), byAuthority: true }
}

// While it listens, the certificate of our authority is replaced when that is changed. Connections that are open stay.
export const followAuthority = (
  server: HttpServer,
  restTls: () => Promise<RestTls | null>,
  renewals: Pick<Renewals, 'add'>,
  log: { error(facts: object, message: string): void },
): void =>
  renewals.add(() => {
    restTls().then(
      (tls) => {
        if (server instanceof TlsServer && tls?.byAuthority) server.setSecureContext(tls)
      },
      (thrown) => log.error({ err: thrown }, 'The certificate of the REST interface could not be replaced'),
    )
  })

const unusable = (why: string): AppError =>
  new AppError('DRAYAGE_CONFIG_INVALID', `The certificate of the REST interface cannot be used: ${why}.`)

const operatorsCertificate = ({ restCertificate, restKey }: RestTlsSettings): RestTls | null => {
  if (restCertificate === undefined && restKey === undefined) return null
  if (restCertificate === undefined || restKey === undefined) {
    throw unusable('--rest-certificate and --rest-key go together, and only one of them is given')
  }
  try {
    const [cert, key] = [readFileSync(restCertificate, 'utf8'), readFileSync(restKey, 'utf8')]
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
      throw new Error(`the key in ${restKey} is not that of the certificate in ${restCertificate}`)
    }
    return { key, cert, byAuthority: false }
  } catch (thrown) {
    throw unusable((thrown as Error).message)
  }
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host)

const namesOfThisMachine = (others: readonly string[]): string[] => {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))
  return [...new Set(['localhost', hostname(), ...addresses, ...others])]
}
