// One root of trust: a certificate that signs itself, its key, and what it issues. Which roots there are, and which of them
// issues, is authority.ts's to say.
import 'reflect-metadata'
import { createHash, randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { agentDnsName, agentUri, backdatedMs, coordinatorDnsName, coordinatorUri } from '../../shared/identity/names.ts'
import { type TicketSigner, ticketSignerUri } from '../../shared/identity/ticket.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'
import type { AgentRequest } from './agent-request.ts'

export type IssuedAgentCertificate = {
  readonly certificate: string
  readonly expiresAt: Date
}

export type Root = {
  // The key and the certificate, PEM, as `openRoot` reads them.
  readonly secret: string
  // PEM.
  readonly certificate: string
  // SHA-256 of the certificate in DER, hex: what join tokens carry.
  readonly fingerprint: string
  readonly name: string
  readonly validUntil: Date
  // A certificate for the coordinator itself, server and client in one, with a key that lives in this process alone.
  issueOwn(at: Date): Promise<Pick<TlsIdentity, 'certificate' | 'key'>>
  // For a server that people and scripts reach by these names and addresses, with a key that lives in this process alone.
  // It speaks for nobody between agents.
  issueForRest(names: readonly string[], at: Date): Promise<{ readonly key: string; readonly cert: string }>
  // For signing tickets alone, with a key that lives in this process alone.
  issueForTickets(at: Date): Promise<TicketSigner>
  // For the key of the request, and nothing else of it: names and uses are ours to say.
  issueForAgent(host: string, request: AgentRequest, at: Date): Promise<IssuedAgentCertificate>
}

type CryptoKey = webcrypto.CryptoKey

type Subject = {
  readonly commonName: string
  readonly names: JsonGeneralNames
  readonly uses: ExtendedKeyUsage[]
}

// Between processes: client and server in one, named as shared/identity/names.ts reads it.
const speakingFor = (commonName: string, uri: string, dns: string): Subject => ({
  commonName,
  names: [
    { type: 'url', value: uri },
    { type: 'dns', value: dns },
  ],
  uses: [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth],
})

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const dayMs = 24 * 60 * 60 * 1000
const authorityDays = 3650
// Agents renew theirs in time; one that was away for longer is enrolled anew.
export const agentCertificateMs = 30 * dayMs

const after = (at: Date, days: number): Date => new Date(at.getTime() + days * dayMs)
const before = (at: Date): Date => new Date(at.getTime() - backdatedMs)
const newSerial = (): string => `00${randomBytes(15).toString('hex')}`
const sha256 = (bytes: ArrayBuffer | Uint8Array): string =>
  createHash('sha256').update(new Uint8Array(bytes)).digest('hex')

// secret: what `createRoot` has made. Throws where it cannot be read.
export const openRoot = async (secret: string, agentLifetimeMs: number = agentCertificateMs): Promise<Root> => {
  const { key, certificate } = await readRoot(secret)

  const issue = async (
    { commonName, names, uses }: Subject,
    publicKey: CryptoKey,
    notBefore: Date,
    notAfter: Date,
  ): Promise<string> => {
    const issued = await X509CertificateGenerator.create({
      serialNumber: newSerial(),
      subject: [{ CN: [commonName] }],
      issuer: certificate.subjectName,
      notBefore,
      notAfter,
      signingAlgorithm: algorithm,
      publicKey,
      signingKey: key,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        ...(uses.length === 0 ? [] : [new ExtendedKeyUsageExtension(uses)]),
        new SubjectAlternativeNameExtension(names),
      ],
    })
    return issued.toString('pem')
  }

  return {
    secret,
    certificate: certificate.toString('pem'),
    fingerprint: sha256(certificate.rawData),
    name: certificate.subject,
    validUntil: certificate.notAfter,

    // It lasts as long as the authority: its key ends with this process, and a process may run for years.
    issueOwn: async (now) => {
      const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
      const subject = speakingFor('coordinator', coordinatorUri, coordinatorDnsName)
      return {
        certificate: await issue(subject, keys.publicKey, before(now), certificate.notAfter),
        key: await exportKey(keys.privateKey),
      }
    },

    issueForRest: async (names, now) => {
      const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
      const subject: Subject = {
        commonName: 'Drayage REST',
        names: names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
        uses: [ExtendedKeyUsage.serverAuth],
      }
      const issued = await issue(subject, keys.publicKey, before(now), certificate.notAfter)
      return { key: await exportKey(keys.privateKey), cert: `${issued}\n${certificate.toString('pem')}\n` }
    },

    issueForTickets: async (now) => {
      const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
      const subject: Subject = {
        commonName: 'Drayage tickets',
        names: [{ type: 'url', value: ticketSignerUri }],
        uses: [],
      }
      return {
        certificate: await issue(subject, keys.publicKey, before(now), certificate.notAfter),
        key: await exportKey(keys.privateKey),
      }
    },

    issueForAgent: async (host, { publicKey }, now) => {
      // Certificates count whole seconds.
      const expiresAt = new Date(Math.floor((now.getTime() + agentLifetimeMs) / 1000) * 1000)
      const subject = speakingFor(host, agentUri(host), agentDnsName(host))
      return { certificate: await issue(subject, publicKey, before(now), expiresAt), expiresAt }
    },
  }
}

// The key and the certificate, PEM.
export const createRoot = async (at: Date): Promise<string> => {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ CN: [`Drayage authority ${randomBytes(4).toString('hex')}`] }],
    notBefore: before(at),
    notAfter: after(at, authorityDays),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
  return `${await exportKey(keys.privateKey)}\n${certificate.toString('pem')}\n`
}

const exportKey = async (key: CryptoKey): Promise<string> =>
  PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')

const readRoot = async (secret: string): Promise<{ key: CryptoKey; certificate: X509Certificate }> => {
  const blocks = PemConverter.decodeWithHeaders(secret)
  const der = (type: string): ArrayBuffer => {
    const block = blocks.find((one) => one.type === type)
    if (block === undefined) throw new Error(`it has no ${type}`)
    return block.rawData
  }
  const key = await webcrypto.subtle.importKey('pkcs8', der('PRIVATE KEY'), algorithm, false, ['sign'])
  return { key, certificate: new X509Certificate(der('CERTIFICATE')) }
}
