import type { Authority } from '../../shared/api/authority.ts'
import type { Paint } from './colour.ts'
import { renderTable } from './table.ts'

const stages: Readonly<Record<Authority['stage'], string>> = {
  settled: 'One authority issues, and it alone is trusted.',
  spreading: 'A new authority is being made known. The old one still issues.',
  renewing: 'The new authority issues. The old one is still trusted.',
}

export const authorityText = ({ stage, authorities, waitingFor, next }: Authority, paint: Paint): string => {
  const rows = authorities.map(({ place, fingerprint, validUntil }) => [place, fingerprint, validUntil.slice(0, 10)])
  return [
    stages[stage],
    '',
    renderTable(['', 'FINGERPRINT', 'GOOD UNTIL'], rows, paint),
    ...(waitingFor.length === 0 ? [] : ['', 'Waiting for:']),
    ...waitingFor.map(({ host, message }) => `  ${host}: ${message}`),
    '',
    next,
  ].join('\n')
}
