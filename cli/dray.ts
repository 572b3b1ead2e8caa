#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node --max-semi-space-size=1
// In MiB: with V8's own 16 the garbage of each thread lies about for longer, 60 MB of it in an agent that receives a volume, and
// nothing is quicker. Nor is anything with an arena of glibc's for each thread, which all keep what they had once (docs/adr/0014).
//
// The version is checked before anything else is loaded: an older Node fails on a dependency's syntax or on an export
// that it lacks, with a stack trace that does not say why. So this file imports nothing statically.
export {}

const oldestNode = 24

if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  process.stderr.write(
    `dray: Node.js ${oldestNode} or newer is needed, and this is ${process.versions.node} (${process.execPath})\n`,
  )
  process.exitCode = 2
} else {
  const { run } = await import('./program.ts')
  process.exitCode = await run(process.argv)
}
