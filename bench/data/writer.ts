// A process that writes all the time, and what its own notes say of how long it did not.
//
// It fsyncs everything that it writes: a small file, a page of the big one, and then a line of its ledger, `NUMBER UPTIME
// SHA-256` with consecutive numbers (test/lab/ledger.ts checks them). The uptime is the machine's, which all hosts of a
// lab share. Whenever it starts, it notes the number that it found last.
import { live } from '../workloads.ts'
import { pageBytes } from './files.ts'

const mebibyte = 1024 * 1024
// Has no factor in common with the number of pages, so that every page has its turn.
const stride = 7919

const script = (pages: number) => `
trap 'exit 0' TERM
ledger=/data/ledger
number=0
[ -s "$ledger" ] && number=$(tail -n 1 "$ledger" | cut -d ' ' -f 1)
echo "$number" >> /data/starts
while :; do
  number=$((number + 1))
  small=/data/${live.smallFolder}/$((number % ${live.smallFiles}))
  echo "$number" > "$small"
  sync "$small"
  page=$((number * ${stride} % ${pages}))
  dd if=/dev/urandom of=/data/${live.bigFile} bs=${pageBytes} count=1 seek=$page conv=notrunc,fsync 2> /dev/null
  read -r uptime idle < /proc/uptime
  digest=$(printf '%s' "$number $uptime" | sha256sum)
  echo "$number $uptime \${digest%% *}" >> "$ledger"
  sync "$ledger"
done
`

export const writer = (scale: number): readonly string[] => [
  ...['sh', '-c', script((live.bigMib(scale) * mebibyte) / pageBytes)],
]

// From the last line before its last start to the first one after.
export const downtimeOf = (ledger: string, starts: string): number => {
  const lines = ledger.trimEnd().split('\n')
  const last = Number(starts.trimEnd().split('\n').at(-1))
  const uptimeOf = (number: number) => Number(lines[number - 1]?.split(' ')[1])
  const downtimeMs = Math.round((uptimeOf(last + 1) - uptimeOf(last)) * 1000)
  if (Number.isNaN(downtimeMs)) throw new Error(`The ledger does not show what happened after line ${last}.`)
  return downtimeMs
}
