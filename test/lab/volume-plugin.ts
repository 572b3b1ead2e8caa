// A volume plugin of Docker's first kind: an HTTP server on a Unix socket where an engine looks for plugins
// (docs.docker.com/engine/extend/legacy_plugins, and …/plugins_volume for the calls). It keeps each volume as a directory;
// two of them over one directory are one store that two hosts reach.
import { mkdir, readdir, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { pluginsDir } from './places.ts'

export type VolumePlugin = {
  // What the engine has asked for, in its order: `Create data`.
  readonly calls: readonly string[]
  readonly stop: () => Promise<void>
}

export type VolumePluginOptions = {
  // The driver's name.
  readonly name: string
  // global: its volumes are those of all hosts. local: this host's own.
  readonly scope: 'global' | 'local'
  readonly directory: string
}

type Call = { readonly Name?: string }
type Answer = Readonly<Record<string, unknown>>

const read = async (request: IncomingMessage): Promise<Call> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return text === '' ? {} : (JSON.parse(text) as Call)
}

const answerer = ({ scope, directory }: VolumePluginOptions) => {
  const placeOf = (name: string) => join(directory, name)
  const volume = (name: string) => ({ Name: name, Mountpoint: placeOf(name) })
  const names = () => readdir(directory)
  const found = async (name: string): Promise<Answer> =>
    (await names()).includes(name) ? { Volume: volume(name), Mountpoint: placeOf(name) } : { Err: `no volume ${name}` }
  const calls: Readonly<Record<string, (name: string) => Promise<Answer>>> = {
    '/Plugin.Activate': async () => ({ Implements: ['VolumeDriver'] }),
    '/VolumeDriver.Capabilities': async () => ({ Capabilities: { Scope: scope } }),
    '/VolumeDriver.Create': async (name) => {
      await mkdir(placeOf(name), { recursive: true })
      return {}
    },
    '/VolumeDriver.Remove': async (name) => {
      await rm(placeOf(name), { recursive: true })
      return {}
    },
    '/VolumeDriver.Mount': found,
    '/VolumeDriver.Path': found,
    '/VolumeDriver.Unmount': async () => ({}),
    '/VolumeDriver.Get': found,
    '/VolumeDriver.List': async () => ({ Volumes: (await names()).map(volume) }),
  }
  return async (path: string, name: string): Promise<Answer> => calls[path]?.(name) ?? { Err: `no call ${path}` }
}

export const startVolumePlugin = async (
  lab: { readonly id: string },
  host: { readonly name: string },
  options: VolumePluginOptions,
): Promise<VolumePlugin> => {
  await mkdir(options.directory, { recursive: true })
  const calls: string[] = []
  const answer = answerer(options)
  const server = createServer(async (request, response) => {
    const { Name = '' } = await read(request)
    const path = request.url ?? ''
    calls.push(`${path.replace(/^.*\./, '')} ${Name}`.trim())
    const said = await answer(path, Name).catch((thrown: Error) => ({ Err: thrown.message }))
    response.setHeader('content-type', 'application/vnd.docker.plugins.v1.1+json')
    response.end(JSON.stringify(said))
  })
  const socket = join(pluginsDir(lab.id, host.name), `${options.name}.sock`)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve))
  return {
    calls,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
