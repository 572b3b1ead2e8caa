// proto/coordinator.proto, service Enrolment: a join token and a signing request become a certificate.
import { X509Certificate } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import { parseJoinToken } from '../../shared/identity/join-token.ts'
import type { Banned } from '../../shared/rpc/banned.ts'
import type { EnrolReply } from '../../shared/rpc/generated/drayage/v1/EnrolReply.ts'
import type { EnrolRequest__Output } from '../../shared/rpc/generated/drayage/v1/EnrolRequest.ts'
import type { CallContext } from '../../shared/rpc/server.ts'
import { readAgentRequest } from '../identity/agent-request.ts'
import type { Authority } from '../identity/authority.ts'
import { hashSecret, sameHash } from '../identity/tokens.ts'
import type { Clock } from '../migration/ports.ts'
import type { JoinTokenRow, JoinTokenStore } from '../store/join-tokens.ts'

export type EnrolmentOptions = {
  readonly authority: Authority
  readonly joinTokens: JoinTokenStore
  readonly banned: Pick<Banned, 'has'>
  readonly clock: Pick<Clock, 'now'>
  // Before the certificate is given away.
  readonly enrolled: (host: string, address: string) => Promise<void>
  readonly log: { info(facts: object, message: string): void }
}

const refused = (why: string): AppError =>
  new AppError('DRAYAGE_JOIN_TOKEN_INVALID', `The join token was refused: ${why}. Ask for a new one: dray host add.`)

const keyRevoked = (host: string): AppError =>
  new AppError(
    'DRAYAGE_CERTIFICATE_REVOKED',
    `The agent of ${host} asked for a certificate for a key that was revoked when its host was removed. Remove the folder ` +
      'identity of its data directory, so that it makes another key, and start it with the same token.',
  )

export const createEnrolment = ({ authority, joinTokens, banned, clock, enrolled, log }: EnrolmentOptions) => {
  // What is said of an unknown token and of one that has run out is the same: neither tells a guesser anything.
  const findToken = async (text: string): Promise<JoinTokenRow> => {
    const { host, fingerprint, secret } = parseJoinToken(text)
    if (!sameHash(fingerprint, authority.fingerprint)) {
      throw refused('it was made by another coordinator, or by this one with another authority')
    }
    const token = await joinTokens.find(hashSecret(secret))
    const good = token !== null && token.host === host && (token.used !== null || token.expiresAt > clock.now())
    if (!good) throw refused('it is unknown or has run out')
    return token
  }

  const enrol = async (
    { token: text, csr }: EnrolRequest__Output,
    { address }: Pick<CallContext, 'address'>,
  ): Promise<EnrolReply> => {
    const token = await findToken(text)
    const request = await readAgentRequest(csr)
    if (request.commonName !== token.host) {
      throw refused(`it was made for ${token.host}, and the request is for "${request.commonName}"`)
    }
    // Whoever has the key of an agent that was removed may have more than that agent's word for it.
    if (banned.has(request.publicKeyHash)) throw keyRevoked(token.host)
    const answer = (certificate: string): EnrolReply => ({
      certificate,
      authority: authority.certificate,
      host: token.host,
    })
    const usedFor = ({ used }: JoinTokenRow): EnrolReply => {
      if (used?.publicKeyHash !== request.publicKeyHash) throw refused('it has been used, with another key')
      const { validToDate } = new X509Certificate(used.certificate)
      if (validToDate <= clock.now()) {
        throw refused(`it has been used, and what it was traded for ended on ${validToDate.toISOString()}`)
      }
      return answer(used.certificate)
    }
    if (token.used !== null) return usedFor(token)

    const now = clock.now()
    const { certificate, expiresAt } = await authority.issueForAgent(token.host, request, now)
    const { publicKeyHash } = request
    const consumed = await joinTokens.consume(token.hash, { publicKeyHash, certificate, expiresAt }, now)
    if (consumed === null) throw refused('a newer one took its place')
    const reply = usedFor(consumed)
    await enrolled(token.host, address)
    log.info({ host: token.host, address, certificateExpiresAt: expiresAt }, 'Agent enrolled')
    return reply
  }

  return { enrol }
}
