// Images without a registry. Each is described by plain data and made into the archive that `docker load` reads; the
// same description gives the same image id on every host and in every lab. (On an engine with the containerd image
// store the id differs: there it is the manifest's digest.)
//
// Loaded only where asked, so that a test can have an image on one host and not on the other.
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import { busyboxLayer, debianLayer, type FileTree, filesLayer, type Layer } from './layers.ts'
import { withLock } from './lock.ts'
import { cacheDir } from './places.ts'

const secondNs = 1_000_000_000

// The part of an image's configuration that tests vary, by the names of the image specification.
export type ImageConfig = {
  readonly Cmd?: readonly string[]
  readonly Entrypoint?: readonly string[]
  readonly Env?: readonly string[]
  readonly User?: string
  readonly WorkingDir?: string
  readonly StopSignal?: string
  readonly Labels?: Readonly<Record<string, string>>
  readonly Volumes?: Readonly<Record<string, Readonly<Record<string, never>>>>
  readonly ExposedPorts?: Readonly<Record<string, Readonly<Record<string, never>>>>
  // Times in nanoseconds.
  readonly Healthcheck?: {
    readonly Test: readonly string[]
    readonly Interval?: number
    readonly Timeout?: number
    readonly Retries?: number
    readonly StartPeriod?: number
  }
}

export type ImageSpec = {
  readonly ref: string
  readonly base: 'busybox' | 'debian'
  // Of Debian's, in the base, with what they need.
  readonly packages?: readonly string[]
  // A second layer over the base.
  readonly files?: FileTree
  readonly config?: ImageConfig
  // As Docker names it, whatever the programs inside are. Default: this machine's.
  readonly architecture?: string
}

export const images = {
  busybox: { ref: 'drayage-lab/busybox:1', base: 'busybox' },
  // Debian's minimal base, by debootstrap: tens of seconds the first time on a machine.
  debian: { ref: 'drayage-lab/debian:1', base: 'debian' },
  // Serves /www on port 80 and says that it is healthy once it does.
  web: {
    ref: 'drayage-lab/web:1',
    base: 'busybox',
    files: { 'www/index.html': 'served from the image\n' },
    config: {
      Cmd: ['httpd', '-f', '-p', '80', '-h', '/www'],
      ExposedPorts: { '80/tcp': {} },
      Volumes: { '/www': {} },
      // As the first process of a container, it would not hear SIGTERM.
      StopSignal: 'SIGKILL',
      Healthcheck: {
        Test: ['CMD', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1/'],
        Interval: secondNs / 2,
        Timeout: 2 * secondNs,
        Retries: 3,
      },
    },
  },
} as const satisfies Record<string, ImageSpec>

export type ImageName = keyof typeof images

const dockerArchitecture = () => (process.arch === 'x64' ? 'amd64' : process.arch)

const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex')

const created = '2025-01-01T00:00:00Z'

const configOf = (spec: ImageSpec, layers: readonly Layer[]): string =>
  JSON.stringify({
    created,
    architecture: spec.architecture ?? dockerArchitecture(),
    os: 'linux',
    config: {
      Cmd: ['sh'],
      ...spec.config,
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...(spec.config?.Env ?? [])],
    },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${layer.digest}`) },
    history: layers.map((layer) => ({ created, created_by: layer.what })),
  })

const layersOf = async (spec: ImageSpec): Promise<readonly Layer[]> => {
  const base = spec.base === 'busybox' ? await busyboxLayer() : await debianLayer(spec.packages)
  return spec.files === undefined ? [base] : [base, await filesLayer(spec.files)]
}

// The layout of `docker save`: manifest.json names the configuration and the layers, by their paths in the archive.
const writeArchive = async (path: string, ref: string, config: string, layers: readonly Layer[]): Promise<void> => {
  const archive = pack()
  const written = pipeline(archive, createWriteStream(path))
  const configName = `${sha256(config)}.json`
  const manifest = [{ Config: configName, RepoTags: [ref], Layers: layers.map((layer) => `${layer.digest}.tar`) }]
  archive.entry({ name: 'manifest.json' }, JSON.stringify(manifest))
  archive.entry({ name: configName }, config)
  for (const layer of layers) {
    const { size } = await stat(layer.file)
    await pipeline(createReadStream(layer.file), archive.entry({ name: `${layer.digest}.tar`, size }))
  }
  archive.finalize()
  await written
}

// Path of the archive, made once on this machine and kept.
export const imageArchive = async (spec: ImageSpec): Promise<string> => {
  const layers = await layersOf(spec)
  const config = configOf(spec, layers)
  const folder = join(cacheDir, 'images')
  const kept = join(folder, `${sha256(`${spec.ref}\n${config}`)}.tar`)
  if (existsSync(kept)) return kept
  return withLock('images', async () => {
    if (existsSync(kept)) return kept
    await mkdir(folder, { recursive: true })
    const scratch = await mkdtemp(join(folder, 'making-'))
    try {
      await writeArchive(join(scratch, 'image.tar'), spec.ref, config, layers)
      await rename(join(scratch, 'image.tar'), kept)
      return kept
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  })
}

// Whatever can run the docker command line of a host.
export type ImageHost = { readonly docker: (args: readonly string[]) => Promise<string> }

export type LoadedImage = { readonly ref: string; readonly id: string }

export const loadImage = async (host: ImageHost, image: ImageName | ImageSpec): Promise<LoadedImage> => {
  const spec: ImageSpec = typeof image === 'string' ? images[image] : image
  await host.docker(['load', '--quiet', '--input', await imageArchive(spec)])
  return { ref: spec.ref, id: await host.docker(['image', 'inspect', '--format', '{{.Id}}', spec.ref]) }
}
