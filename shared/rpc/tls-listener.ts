// The port of a gRPC server. TLS is ours, so that whoever it turns away can be told of, a certificate can change while it
// serves, and the connections of one who is no longer welcome can be closed; gRPC is given the connections that have passed.
import { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import tls, { type SecureContextOptions, type TLSSocket } from 'node:tls'
import { type Server, ServerCredentials } from '@grpc/grpc-js'
import { AppError } from '../errors.ts'
import { keyHashOf } from '../identity/key-hash.ts'
import { issuerOf } from '../identity/roots.ts'
import type { Banned } from './banned.ts'
import type { Renewals, TlsIdentity } from './tls.ts'

export type TlsListenerOptions = {
  // Callers must present a certificate of our authority, and TLS itself turns away those who do not.
  readonly mutual: boolean
  // Where `identity` changes while it serves. Connections that are open stay, new ones see the new one.
  readonly renewals?: Renewals
  // Of the connections that are open, those of whoever is banned are closed. New ones get as far as a call, which says why
  // it is refused (server.ts).
  readonly banned?: Banned
  // TLS has turned somebody away for his certificate, or for having none. Whoever tries over and over, as an agent does whose
  // certificate has expired, is told of once an hour for each address and fault.
  readonly turnedAway?: (error: AppError, address: string) => void
}

export type TlsListener = {
  readonly port: number
  // Takes no more connections, and drops those that have not proved themselves yet; those that have stay.
  close(): void
  // Ends all of them.
  cut(): void
}

// Whoever has not proved himself by then is not waited for.
const handshakeMs = 30_000

// With its issuer, by whose fingerprint an agent that enrols knows it.
const contextOf = ({ authority, certificate, key }: TlsIdentity): SecureContextOptions => ({
  ca: authority,
  key,
  cert: `${certificate}\n${issuerOf(certificate, authority) ?? ''}`,
})

export const openTlsListener = async (
  server: Server,
  at: { readonly host: string; readonly port: number },
  identity: TlsIdentity,
  { mutual, renewals, banned, turnedAway = () => {} }: TlsListenerOptions,
): Promise<TlsListener> => {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
  const open = new Map<TLSSocket, string>()
  const unproven = new Set<Socket>()
  let isClosed = false
  const isNews = createNews()
  const listener = tls.createServer({
    ...{ ...contextOf(identity), requestCert: mutual, rejectUnauthorized: mutual },
    ...{ ALPNProtocols: ['h2'], minVersion: 'TLSv1.3', handshakeTimeout: handshakeMs },
  })
  listener.prependListener('connection', (socket: Socket) => {
    // A socket remembers the address that it was asked for while it was open.
    void socket.remoteAddress
    unproven.add(socket)
    socket.once('close', () => unproven.delete(socket))
  })
  listener.on('secureConnection', (socket: TLSSocket & Beneath) => {
    // One that breaks is told of to whoever is called over it.
    socket.on('error', () => {})
    if (socket._parent) unproven.delete(socket._parent)
    // Its handshake was under way. gRPC would not end what it is given after its own end.
    if (isClosed) {
      socket.destroy()
      return
    }
    open.set(socket, presentedKey(socket))
    socket.once('close', () => open.delete(socket))
    injector.injectConnection(socket)
  })
  listener.on('tlsClientError', (error, socket) => {
    const fault = faultOf(error, socket)
    const address = addressOf(socket)
    if (fault !== null && isNews(`${address} ${fault}`)) turnedAway(refused(fault), address)
  })
  const renewed = () => listener.setSecureContext(contextOf(identity))
  renewals?.add(renewed)
  const stopListening = banned?.onChange(() => {
    for (const [socket, keyHash] of open) if (banned.has(keyHash)) socket.destroy()
  })

  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject)
    listener.listen(at, resolve)
  })
  const bound = listener.address()
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : at.port,
    close: () => {
      if (isClosed) return
      isClosed = true
      renewals?.remove(renewed)
      stopListening?.()
      listener.close()
      for (const socket of unproven) socket.destroy()
    },
    cut: () => {
      for (const socket of open.keys()) socket.destroy()
    },
  }
}

const newsAgainAfterMs = 60 * 60_000
const mostRemembered = 10_000

const createNews = (): ((what: string) => boolean) => {
  const told = new Map<string, number>()
  return (what) => {
    const now = performance.now()
    const last = told.get(what)
    if (last !== undefined && now - last < newsAgainAfterMs) return false
    if (told.size >= mostRemembered) told.clear()
    told.set(what, now)
    return true
  }
}

const presentedKey = (socket: TLSSocket): string => {
  const { raw } = socket.getPeerCertificate()
  return raw === undefined ? '' : keyHashOf(new X509Certificate(raw))
}

// OpenSSL's word for what is wrong with a certificate (X509_V_ERR_…, as Node names it); null: it was not about one, as with
// those who hang up or do not speak TLS.
const faultOf = (error: Error & { readonly code?: string }, socket: TLSSocket): string | null => {
  if (error.code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') return 'NO_CERTIFICATE'
  const fault: unknown = socket.authorizationError
  return typeof fault === 'string' ? fault : null
}

// The TCP socket beneath a TLS socket: Node keeps it here (lib/internal/tls/wrap.js).
type Beneath = { readonly _parent?: Socket | null }

// A TLS socket that was given up knows none, and the one beneath it does.
const addressOf = (socket: TLSSocket & Beneath): string => socket._parent?.remoteAddress ?? socket.remoteAddress ?? ''

const refused = (fault: string): AppError =>
  new AppError(
    'DRAYAGE_UNAUTHENTICATED',
    `A connection was refused for its certificate: ${fault.toLowerCase().replaceAll('_', ' ')}.`,
    { details: { subject: fault } },
  )
