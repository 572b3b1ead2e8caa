// A server whose certificate changes while it serves: connections that are open stay, new ones see the new one.
import { experimental, type ServerCredentials } from '@grpc/grpc-js'
import type { Renewals, TlsIdentity } from './tls.ts'

type Provider = NonNullable<Parameters<typeof experimental.createCertificateProviderServerCredentials>[0]>

// tls: its members are read anew at each renewal.
export const renewableCredentials = (tls: TlsIdentity, renewals: Renewals): ServerCredentials => {
  const provider = providerOf(tls, renewals)
  return experimental.createCertificateProviderServerCredentials(provider, provider, true)
}

const providerOf = (tls: TlsIdentity, renewals: Renewals): Provider => {
  const renewed = new Map<unknown, () => void>()
  const follow = (listener: unknown, tell: () => void): void => {
    renewed.set(listener, tell)
    renewals.add(tell)
    // grpc-js hears what is told once it has added the listener, which is right after this.
    queueMicrotask(tell)
  }
  const leave = (listener: unknown): void => {
    const tell = renewed.get(listener)
    if (tell !== undefined) renewals.remove(tell)
    renewed.delete(listener)
  }
  return {
    addCaCertificateListener: (listener) =>
      follow(listener, () => listener({ caCertificate: Buffer.from(tls.authority) })),
    removeCaCertificateListener: leave,
    addIdentityCertificateListener: (listener) =>
      follow(listener, () =>
        listener({
          certificate: Buffer.from(`${tls.certificate}\n${tls.authority}`),
          privateKey: Buffer.from(tls.key),
        }),
      ),
    removeIdentityCertificateListener: leave,
  }
}
