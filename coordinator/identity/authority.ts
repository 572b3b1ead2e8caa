// The certificate authority: the one root that the coordinator and all its agents trust. It lives in the data directory
// and never leaves it; only its certificate does.
import 'reflect-metadata'
import { createHash, randomBytes, webcrypto } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { replaceFile } from '../../shared/disk/durable-file.ts'
import { AppError } from '../../shared/errors.ts'
import { agentDnsName, agentUri, backdatedMs, coordinatorDnsName, coordinatorUri } from '../../shared/identity/names.ts'
import { type TicketSigner, ticketSignerUri } from '../../shared/identity/ticket.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'

export type IssuedAgentCertificate = {
  readonly certificate: string
  readonly expiresAt: Date
}

export type Authority = {
  // PEM.
  readonly certificate: string
  // SHA-256 of the certificate in DER, hex: what join tokens carry.
  readonly fingerprint: string
  // A certificate for the coordinator itself, server and client in one, with a key that lives in this process alone.
  issueOwn(at: Date): Promise<TlsIdentity>
  // For a server that people and scripts reach by these names and addresses, with a key that lives in this process alone.
  // It speaks for nobody between agents.
  issueForRest(names: readonly string[], at: Date): Promise<{ readonly key: string; readonly cert: string }>
  // For signing tickets alone, with a key that lives in this process alone.
  issueForTickets(at: Date): Promise<TicketSigner>
  // For the key of the request, and nothing else of it: names and uses are ours to say.
  issueForAgent(host: string, request: AgentRequest, at: Date): Promise<IssuedAgentCertificate>
}

export type AgentRequest = {
  readonly publicKey: CryptoKey
  // SHA-256 of the SubjectPublicKeyInfo in DER, hex.
  readonly publicKeyHash: string
  readonly commonName: string
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

// Makes it when there is none. The key and the certificate stand in one file, so that there is never one without the other.
export const openAuthority = async (
  dataDir: string,
  at: Date,
  agentLifetimeMs: number = agentCertificateMs,
): Promise<Authority> => {
  const file = join(dataDir, 'authority.pem')
  if (!existsSync(file)) await replaceFile(file, await createAuthority(at))
  const { key, certificate } = await readAuthority(file)
  await publish(join(dataDir, 'ca.pem'), certificate.toString('pem'))

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
    certificate: certificate.toString('pem'),
    fingerprint: sha256(certificate.rawData),

    // It lasts as long as the authority: its key ends with this process, and a process may run for years.
    issueOwn: async (now) => {
      const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
      const subject = speakingFor('coordinator', coordinatorUri, coordinatorDnsName)
      return {
        authority: certificate.toString('pem'),
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

// What others trust, for whoever sets them up: no secret.
const publish = async (file: string, certificate: string): Promise<void> => {
  const content = `${certificate}\n`
  if (existsSync(file) && readFileSync(file, 'utf8') === content) return
  await replaceFile(file, content, 0o644)
}

const createAuthority = async (at: Date): Promise<string> => {
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

const readAuthority = async (file: string): Promise<{ key: CryptoKey; certificate: X509Certificate }> => {
  try {
    const blocks = PemConverter.decodeWithHeaders(readFileSync(file, 'utf8'))
    const der = (type: string): ArrayBuffer => {
      const block = blocks.find((one) => one.type === type)
      if (block === undefined) throw new Error(`it has no ${type}`)
      return block.rawData
    }
    const key = await webcrypto.subtle.importKey('pkcs8', der('PRIVATE KEY'), algorithm, false, ['sign'])
    return { key, certificate: new X509Certificate(der('CERTIFICATE')) }
  } catch (thrown) {
    throw new AppError(
      'DRAYAGE_CONFIG_INVALID',
      `The certificate authority in ${file} cannot be read: ${(thrown as Error).message}. Restore it from a backup; with ` +
        'another authority every agent would have to be added anew.',
      { cause: thrown },
    )
  }
}

// Checks that whoever asks holds the private key (the request is signed with it). Throws DRAYAGE_INVALID_REQUEST.
export const readAgentRequest = async (der: Uint8Array): Promise<AgentRequest> => {
  try {
    const request = new Pkcs10CertificateRequest(new Uint8Array(der))
    const publicKey = await webcrypto.subtle.importKey('spki', request.publicKey.rawData, algorithm, true, ['verify'])
    if (!(await request.verify())) throw new Error('its signature does not fit its key')
    return {
      publicKey,
      publicKeyHash: sha256(request.publicKey.rawData),
      commonName: request.subjectName.getField('CN')[0] ?? '',
    }
  } catch (thrown) {
    throw new AppError(
      'DRAYAGE_INVALID_REQUEST',
      `The certificate signing request cannot be used: ${(thrown as Error).message}. It must be PKCS #10 in DER, with an EC P-256 key.`,
      { cause: thrown },
    )
  }
}
