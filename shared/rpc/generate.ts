// Writes the types of proto/ into shared/rpc/generated, or with --check says whether they are current.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loaderFlags } from './loader-options.ts'

const root = join(import.meta.dirname, '..', '..')
const committed = join(import.meta.dirname, 'generated')

const generate = (outDir: string): void => {
  rmSync(outDir, { recursive: true, force: true })
  const protos = readdirSync(join(root, 'proto')).filter((file) => file.endsWith('.proto'))
  execFileSync(
    process.execPath,
    [
      join(root, 'node_modules', '@grpc', 'proto-loader', 'build', 'bin', 'proto-loader-gen-types.js'),
      ...loaderFlags,
      '--grpcLib=@grpc/grpc-js',
      '--importFileExtension=.ts',
      `--includeDirs=${join(root, 'proto')}`,
      `--outDir=${outDir}`,
      ...protos,
    ],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  nameInputsByTheirPlaceInTheProject(outDir)
}

const filesUnder = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

// The generator writes the absolute path of its input into each file's first line.
const nameInputsByTheirPlaceInTheProject = (dir: string): void => {
  for (const file of filesUnder(dir)) writeFileSync(file, readFileSync(file, 'utf8').replaceAll(`${root}/`, ''))
}

const tree = (dir: string): Map<string, string> =>
  new Map(filesUnder(dir).map((path) => [path.slice(dir.length), readFileSync(path, 'utf8')]))

if (process.argv.includes('--check')) {
  const fresh = mkdtempSync(join(tmpdir(), 'drayage-generated-'))
  try {
    generate(fresh)
    const [now, then] = [tree(fresh), tree(committed)]
    const stale = [...new Set([...now.keys(), ...then.keys()])].filter((file) => now.get(file) !== then.get(file))
    if (stale.length > 0) {
      console.error(`shared/rpc/generated is not what proto/ says: ${stale.join(', ')}\nRun: npm run generate`)
      process.exitCode = 1
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
} else {
  generate(committed)
}
