import tls from 'node:tls'

// grpc-js takes the protocol's floor from the process. Imported by both ends of every call of ours.
tls.DEFAULT_MIN_VERSION = 'TLSv1.3'

// Tells of a new identity: whoever is added is called after each.
export type Renewals = { add(listener: () => void): void; remove(listener: () => void): void }

// What a process needs to prove itself and to check its peers. All PEM.
export type TlsIdentity = {
  readonly authority: string
  readonly certificate: string
  readonly key: string
}
