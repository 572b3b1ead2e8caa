// A container that writes without pause, and what proves that a move lost none of it.
//
// Each line of /data/ledger is `NUMBER UPTIME SHA-256`: the numbers are consecutive from 1, the uptime is the machine's
// (all hosts of a lab share its clock), the digest is of the two. A number is printed only once its line is on the
// disk: what the container has printed is what it has acknowledged.
import { createHash } from 'node:crypto'

const script = `
trap 'exit 0' TERM
ledger=/data/ledger
number=0
[ -s "$ledger" ] && number=$(tail -n 1 "$ledger" | cut -d ' ' -f 1)
while :; do
  number=$((number + 1))
  read -r uptime idle < /proc/uptime
  digest=$(printf '%s' "$number $uptime" | sha256sum)
  echo "$number $uptime \${digest%% *}" >> "$ledger"
  sync "$ledger"
  echo "$number"
done
`

// What to run in an image of busybox, with a volume on /data.
export const keepLedger: readonly string[] = ['sh', '-c', script]

export type LedgerFacts = {
  readonly lines: number
  // The longest time between two lines, and the number of the line that ended it.
  readonly longestGapMs: number
  readonly gapBefore: number
}

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex')

// Throws at the first line that is not what was written.
export const checkLedger = (text: string): LedgerFacts => {
  const lines = text.replace(/\n$/, '').split('\n')
  let before: number | undefined
  let gap = { longestGapMs: 0, gapBefore: 1 }
  for (const [index, line] of lines.entries()) {
    const [number = '', uptime = '', digest] = line.split(' ')
    if (Number(number) !== index + 1) throw new Error(`Line ${index + 1} of the ledger has the number "${number}".`)
    if (digest !== digestOf(`${number} ${uptime}`)) throw new Error(`Line ${index + 1} of the ledger is damaged.`)
    const sinceMs = before === undefined ? 0 : Math.round((Number(uptime) - before) * 1000)
    if (sinceMs > gap.longestGapMs) gap = { longestGapMs: sinceMs, gapBefore: index + 1 }
    before = Number(uptime)
  }
  return { lines: lines.length, ...gap }
}
