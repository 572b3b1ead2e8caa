// An authority for tests, which issues what the coordinator's own would.
import 'reflect-metadata'
import { createPrivateKey, createPublicKey, randomBytes, webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { agentDnsName, agentUri, coordinatorDnsName, coordinatorUri } from '../../../shared/identity/names.ts'
import { type TicketSigner, ticketSignerUri } from '../../../shared/identity/ticket.ts'
import type { TlsIdentity } from '../../../shared/rpc/tls.ts'
import { createKey } from '../signing-request.ts'

export type TestAuthority = {
  readonly pem: string
  readonly fingerprint: string
  coordinator(): Promise<TlsIdentity>
  agent(host: string, options?: { readonly validForMs?: number }): Promise<TlsIdentity>
  // As it signs tickets; uri: with a certificate of another name.
  ticketSigner(uri?: string): Promise<TicketSigner>
  // As the coordinator answers a signing request.
  certify(csr: Uint8Array, host: string, validForMs?: number): Promise<string>
}

const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const
const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const
const day = 24 * 60 * 60_000

const importKey = (pem: string) =>
  webcrypto.subtle.importKey('pkcs8', createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' }), curve, true, [
    'sign',
  ])
const publicKeyOf = (pem: string) =>
  webcrypto.subtle.importKey(
    'spki',
    createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'der' }),
    curve,
    true,
    ['verify'],
  )
const serial = () => `01${randomBytes(8).toString('hex')}`

export const createAuthority = async (): Promise<TestAuthority> => {
  const key = createKey()
  const signingKey = await importKey(key)
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: 'CN=a test authority',
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + 60 * day),
    keys: { privateKey: signingKey, publicKey: await publicKeyOf(key) },
    signingAlgorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
  const pem = root.toString('pem')

  const sign = async (
    commonName: string,
    names: JsonGeneralNames,
    publicKey: Parameters<typeof X509CertificateGenerator.create>[0]['publicKey'],
    validForMs = 30 * day,
  ): Promise<X509Certificate> =>
    X509CertificateGenerator.create({
      serialNumber: serial(),
      issuer: root.subject,
      subject: `CN=${commonName}`,
      notBefore: new Date(Date.now() - 2 * day),
      notAfter: new Date(Date.now() + validForMs),
      publicKey,
      signingKey,
      signingAlgorithm,
      extensions: [new SubjectAlternativeNameExtension(names)],
    })
  const issue = async (
    { cn, uri, dns }: { uri: string; dns: string; cn: string },
    publicKey: Parameters<typeof X509CertificateGenerator.create>[0]['publicKey'],
    validForMs?: number,
  ): Promise<X509Certificate> => {
    const names: JsonGeneralNames = [
      { type: 'url', value: uri },
      { type: 'dns', value: dns },
    ]
    return sign(cn, names, publicKey, validForMs)
  }
  const identity = async (
    names: { uri: string; dns: string; cn: string },
    validForMs?: number,
  ): Promise<TlsIdentity> => {
    const own = createKey()
    const certificate = await issue(names, await publicKeyOf(own), validForMs)
    return { authority: pem, certificate: certificate.toString('pem'), key: own }
  }
  const agentNames = (host: string) => ({ uri: agentUri(host), dns: agentDnsName(host), cn: host })

  return {
    pem,
    fingerprint: Buffer.from(await root.getThumbprint('SHA-256')).toString('hex'),
    coordinator: () => identity({ uri: coordinatorUri, dns: coordinatorDnsName, cn: 'coordinator' }),
    agent: (host, { validForMs } = {}) => identity(agentNames(host), validForMs),
    ticketSigner: async (uri = ticketSignerUri) => {
      const own = createKey()
      const certificate = await sign('tickets', [{ type: 'url', value: uri }], await publicKeyOf(own))
      return { key: own, certificate: certificate.toString('pem') }
    },
    certify: async (csr, host, validForMs) => {
      const request = new Pkcs10CertificateRequest(Uint8Array.from(csr))
      if (!(await request.verify())) throw new Error('The request is not signed by its own key')
      return (await issue(agentNames(host), request.publicKey, validForMs)).toString('pem')
    },
  }
}
