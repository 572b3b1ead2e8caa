// Whom this agent has turned away, until the coordinator has put it on record. Anyone may knock, as often as he likes: what
// there is no room for is counted.
import type { AppError, ErrorCode } from '../../shared/errors.ts'
import type { Identity } from '../../shared/identity/names.ts'
import type { Refusal } from '../../shared/rpc/generated/drayage/v1/Refusal.ts'
import type { ReportRefusalsRequest } from '../../shared/rpc/generated/drayage/v1/ReportRefusalsRequest.ts'

export type Refusals = {
  note(refusal: Omit<Refusal, 'at'>): void
  // Gives to `tell` what there is, and what comes, until the signal aborts or `tell` throws; what it threw on is kept.
  follow(tell: (report: ReportRefusalsRequest) => Promise<unknown>, signal: AbortSignal): Promise<void>
}

const mostKept = 200

export const createRefusals = (now: () => Date): Refusals => {
  let kept: Refusal[] = []
  let untold = 0
  let wake = () => {}
  return {
    note: (refusal) => {
      if (kept.length < mostKept) kept.push({ ...refusal, at: now().toISOString() })
      else untold += 1
      wake()
    },
    follow: async (tell, signal) => {
      while (!signal.aborted) {
        if (kept.length === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve
            signal.addEventListener('abort', () => resolve(), { once: true })
          })
          continue
        }
        const report = { refusals: kept, untold }
        kept = []
        untold = 0
        try {
          await tell(report)
        } catch (thrown) {
          const all = [...report.refusals, ...kept]
          kept = all.slice(0, mostKept)
          untold += report.untold + all.length - kept.length
          throw thrown
        }
      }
    },
  }
}

const onRecord: ReadonlySet<ErrorCode> = new Set([
  'DRAYAGE_UNAUTHENTICATED',
  'DRAYAGE_CERTIFICATE_REVOKED',
  'DRAYAGE_ROLE_FORBIDDEN',
  'DRAYAGE_TRANSFER_FORBIDDEN',
  'DRAYAGE_TICKET_REFUSED',
  'DRAYAGE_TICKET_EXPIRED',
  'DRAYAGE_EPOCH_STALE',
])

// What else fails is the log's.
export const isOnRecord = ({ code }: AppError): boolean => onRecord.has(code)

export const toRefusal = (
  { code, details }: AppError,
  path: string,
  { host, role }: Identity,
  address: string,
): Omit<Refusal, 'at'> => ({
  method: path.slice(path.lastIndexOf('/') + 1),
  caller: host ?? (role === 'anonymous' ? '' : role),
  address,
  code,
  subject: typeof details.subject === 'string' ? details.subject : '',
})
