// proto/coordinator.proto, Coordinator.Renew: an agent that has a good certificate gets the next one for the same key.
import { AppError } from '../../shared/errors.ts'
import type { RenewReply } from '../../shared/rpc/generated/drayage/v1/RenewReply.ts'
import type { RenewRequest__Output } from '../../shared/rpc/generated/drayage/v1/RenewRequest.ts'
import type { CallContext } from '../../shared/rpc/server.ts'
import { readAgentRequest } from '../identity/agent-request.ts'
import type { Authority } from '../identity/authority.ts'
import type { Clock } from '../migration/ports.ts'
import type { HostStore } from '../store/hosts.ts'

export type RenewalOptions = {
  readonly authority: Authority
  readonly hosts: Pick<HostStore, 'renewed'>
  // The host that the caller speaks for. Throws for one that was replaced.
  readonly callerOf: (context: CallContext) => Promise<string>
  readonly clock: Pick<Clock, 'now'>
  readonly log: { info(facts: object, message: string): void }
}

export const createRenewal = ({ authority, hosts, callerOf, clock, log }: RenewalOptions) => ({
  renew: async ({ csr }: RenewRequest__Output, context: CallContext): Promise<RenewReply> => {
    const host = await callerOf(context)
    const request = await readAgentRequest(csr)
    if (request.commonName !== host || request.publicKeyHash !== context.callerKeyHash()) {
      throw new AppError(
        'DRAYAGE_INVALID_REQUEST',
        `The agent of ${host} asked for a certificate for "${request.commonName}", or for another key than its own. Nothing was given.`,
      )
    }
    const { certificate, expiresAt } = await authority.issueForAgent(host, request, clock.now())
    await hosts.renewed(host, expiresAt)
    log.info({ host, certificateExpiresAt: expiresAt }, 'Certificate renewed')
    return { certificate, authority: authority.certificate }
  },
})
