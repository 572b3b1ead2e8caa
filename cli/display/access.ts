// Who may ask, and who has asked.
import type { AuditEntry } from '../../shared/api/audit.ts'
import type { ApiToken } from '../../shared/api/tokens.ts'
import type { View } from './inventory.ts'
import { formatAge } from './quantities.ts'
import { renderTable } from './table.ts'

const expiryText = (expiresAt: string | null, now: Date): string => {
  if (expiresAt === null) return 'never'
  return new Date(expiresAt) > now ? expiresAt : 'has expired'
}

export const tokensText = (tokens: readonly ApiToken[], { now, paint }: View): string => {
  const rows = tokens.map(({ name, role, createdBy, createdAt, expiresAt, lastUsedAt }) => [
    name,
    role,
    lastUsedAt === null ? 'never' : formatAge(lastUsedAt, now),
    expiryText(expiresAt, now),
    `${formatAge(createdAt, now)} by ${createdBy ?? 'the coordinator'}`,
  ])
  return renderTable(['NAME', 'ROLE', 'LAST USED', 'EXPIRES', 'MADE'], rows, paint)
}

export const auditText = (entries: readonly AuditEntry[], { paint }: View): string => {
  if (entries.length === 0) return 'Nothing is on record.'
  const rows = entries.map(({ seq, at, actor, address, action, subject, outcome, code }) => [
    `${seq}`,
    at,
    actor ?? 'nobody known',
    address,
    action,
    subject ?? '',
    code === null ? outcome : `${outcome}: ${code}`,
  ])
  return renderTable(['NUMBER', 'AT', 'WHO', 'FROM', 'ACTION', 'ABOUT', 'RESULT'], rows, paint)
}
