// Who a certificate speaks for. The role and the host stand in a URI subject alternative name; the DNS name is what
// TLS compares, whatever address the peer was reached at.

export type Identity =
  | { readonly role: 'coordinator'; readonly host: null }
  | { readonly role: 'agent'; readonly host: string }
  | { readonly role: 'anonymous'; readonly host: null }
export type Role = Identity['role']

// What a connection is called that TLS has refused, where a call would have a name.
export const tlsHandshake = 'TlsHandshake'

export const anonymous: Identity = { role: 'anonymous', host: null }

export const coordinatorUri = 'drayage://coordinator'
export const agentUri = (host: string): string => `drayage://agent/${host}`

export const coordinatorDnsName = 'coordinator.drayage.internal'
export const agentDnsName = (host: string): string => `${host}.agent.drayage.internal`

// Clocks of hosts differ, and a certificate that is not valid yet is refused: each begins this long before it was made.
export const backdatedMs = 5 * 60 * 1000

// A DNS label (RFC 1123): a host's name stands in certificates, file names and URLs.
export const hostNamePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
export const isHostName = (name: string): boolean => hostNamePattern.test(name)

// subjectAltName as Node prints it: "URI:drayage://agent/host-1, DNS:host-1.agent.drayage.internal".
export const identityOf = (subjectAltName: string | undefined): Identity => {
  const uris = (subjectAltName ?? '')
    .split(', ')
    .filter((name) => name.startsWith('URI:drayage://'))
    .map((name) => name.slice('URI:'.length))
  const [uri] = uris
  if (uris.length !== 1 || uri === undefined) return anonymous
  if (uri === coordinatorUri) return { role: 'coordinator', host: null }
  const host = uri.startsWith(agentUri('')) ? uri.slice(agentUri('').length) : ''
  return isHostName(host) ? { role: 'agent', host } : anonymous
}
