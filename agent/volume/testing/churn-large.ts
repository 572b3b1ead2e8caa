// A process of its own that writes to one large file without pause, anywhere in it, and punches, cuts and extends it, until it
// is killed: node churn-large.ts FILE MEBIBYTES.
import { execFileSync } from 'node:child_process'
import { ftruncateSync, openSync, writeSync } from 'node:fs'

const [path, mebibytes] = process.argv.slice(2)
if (path === undefined) throw new Error('usage: churn-large.ts FILE MEBIBYTES')
const whole = Number(mebibytes) * 1024 * 1024
const fd = openSync(path, 'r+')
const anywhere = (): number => Math.floor(Math.random() * whole)
process.stdout.write('changing\n')
for (let count = 1; ; count++) {
  writeSync(fd, Buffer.alloc(Math.floor(Math.random() * 20_000), `${count} `), 0, undefined, anywhere())
  if (count % 200 === 0) ftruncateSync(fd, anywhere())
  if (count % 200 === 50) ftruncateSync(fd, whole)
  if (count % 400 === 100) {
    execFileSync('fallocate', ['--punch-hole', '--offset', `${anywhere()}`, '--length', `${anywhere()}`, path])
  }
}
