// Which authorities this agent trusts, as the coordinator says (proto/coordinator.proto, Trust), and what it says to that.
import { AppError } from '../../shared/errors.ts'
import type { OwnIdentity } from '../../shared/identity/own-identity.ts'
import { fingerprintsIn } from '../../shared/identity/roots.ts'
import type { HeldAuthorities } from '../../shared/rpc/generated/drayage/v1/HeldAuthorities.ts'
import { type AgentIdentity, faultOf, loadIdentity, storeAuthorities } from './files.ts'

export const heldBy = ({ authority, fingerprint }: AgentIdentity): HeldAuthorities => ({
  trusted: fingerprintsIn(authority),
  certifiedBy: fingerprint,
})

// On the disk and in use when it resolves; what is connected stays connected. None at all: nothing is changed.
// Throws DRAYAGE_AUTHORITY_MISMATCH rather than give up the one that its own certificate is from.
export const trustAuthorities = (
  dataDir: string,
  identity: OwnIdentity<AgentIdentity>,
  authorities: readonly string[],
): Promise<void> =>
  identity.update(async (current) => {
    const told = authorities.map((pem) => `${pem.trim()}\n`).join('')
    if (told === '' || told === current.authority) return current
    const fault = faultOf({ ...current, authority: told })
    if (fault !== null) {
      throw new AppError(
        'DRAYAGE_AUTHORITY_MISMATCH',
        `The coordinator says that other authorities are to be trusted, with which this agent could not prove itself: ${fault}. ` +
          'Nothing was changed. If the authority was changed while this host was away, remove the folder identity of its data ' +
          `directory, and start it with the token of a new dray host add ${current.host}.`,
      )
    }
    await storeAuthorities(dataDir, told)
    const stored = await loadIdentity(dataDir)
    if (stored === null) throw new Error('The identity is gone from the disk')
    return stored
  })
