// What changes, as the engine's event stream tells it. A hint: the stream is bounded, and dies with the engine.
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { AppError } from '../../../shared/errors.ts'
import type { EngineInfo, InspectedVolume } from '../api/answers.ts'
import type { Client } from '../api/client.ts'
import { engineInfo } from '../api/facts.ts'
import { findVolume } from '../volumes/volumes.ts'
import { type Inventory, inventoryContainers, inventoryVolume } from './inventory.ts'

// Each thing is already looked up: what is in `containers` and `volumes` exists and looks like that.
export type InventoryChange = Inventory & {
  readonly removedContainerIds: string[]
  readonly removedVolumeNames: string[]
  // Ids of containers seen starting, in order.
  readonly started: string[]
}

export type DockerEvent = {
  readonly Type?: string
  readonly Action?: string
  readonly Actor?: { readonly ID?: string } | null
}

// What an action leaves as it was (exec_create, exec_start, attach, health_status, mount, …) is not looked up.
const containerActions = new Set(
  'create start restart die stop kill oom pause unpause rename update destroy'.split(' '),
)
const volumeActions = new Set(['create', 'destroy'])

export type Touched = { readonly containers: string[]; readonly volumes: string[]; readonly started: string[] }

export const touchedBy = (events: readonly DockerEvent[]): Touched => {
  const containers = new Set<string>()
  const volumes = new Set<string>()
  const started: string[] = []
  for (const { Type, Action = '', Actor } of events) {
    const id = Actor?.ID ?? ''
    if (id === '') continue
    if (Type === 'container' && containerActions.has(Action)) containers.add(id)
    if (Type === 'container' && Action === 'start') started.push(id)
    if (Type === 'volume' && volumeActions.has(Action)) volumes.add(id)
  }
  return { containers: [...containers], volumes: [...volumes], started }
}

const ended = (cause?: unknown): AppError =>
  new AppError(
    'DRAYAGE_ENGINE_UNREACHABLE',
    'The engine can no longer be followed: it stopped, or the connection to it broke' +
      `${cause instanceof Error ? ` (${cause.message})` : ''}.`,
    cause === undefined ? {} : { cause },
  )

const lookUp = async (client: Client, touched: Touched): Promise<InventoryChange> => {
  const [containers, volumes] = await Promise.all([
    inventoryContainers(client, touched.containers),
    Promise.all(touched.volumes.map((name) => findVolume(client, name))),
  ]).catch((error: unknown) => {
    // An engine on its way down still answers, with refusals of its own; what it says of a thing is then no news.
    throw ended(error)
  })
  const found = volumes.filter((volume): volume is InspectedVolume => volume !== null)
  return {
    containers,
    volumes: found.map(inventoryVolume),
    removedContainerIds: touched.containers.filter((id) => !containers.some((container) => container.id === id)),
    removedVolumeNames: touched.volumes.filter((name) => !found.some((volume) => volume.Name === name)),
    started: touched.started,
  }
}

// What has been read and not been taken yet; taking waits for the first.
const createQueue = () => {
  let waiting: DockerEvent[] = []
  let failure: AppError | undefined
  let wake = () => {}
  return {
    add: (event: DockerEvent) => {
      waiting.push(event)
      wake()
    },
    fail: (error: AppError) => {
      failure ??= error
      wake()
    },
    take: async (): Promise<readonly DockerEvent[]> => {
      while (waiting.length === 0 && failure === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      const taken = waiting
      waiting = []
      if (taken.length === 0 && failure !== undefined) throw failure
      return taken
    },
  }
}
type Queue = ReturnType<typeof createQueue>

const readInto = async (queue: Queue, stream: Readable): Promise<void> => {
  let rest = ''
  try {
    for await (const chunk of stream.setEncoding('utf8')) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines.filter((text) => text.trim() !== '')) queue.add(JSON.parse(line) as DockerEvent)
    }
    queue.fail(ended())
  } catch (error) {
    queue.fail(ended(error))
  }
}

const pingEveryMs = 15_000

// A stream says nothing when nothing happens, and also when its other end is gone without a word.
const pingUntil = async (client: Client, queue: Queue, signal: AbortSignal): Promise<void> => {
  try {
    for (;;) {
      await wait(pingEveryMs, undefined, { signal })
      await client.get('/_ping', { timeoutMs: pingEveryMs, signal })
    }
  } catch (error) {
    if (!signal.aborted) queue.fail(ended(error))
  }
}

const nothing: InventoryChange = {
  containers: [],
  volumes: [],
  removedContainerIds: [],
  removedVolumeNames: [],
  started: [],
}

const secondsOf = (info: EngineInfo): number => Math.floor(Date.parse(info.SystemTime) / 1000)

export async function* watch(client: Client, signal: AbortSignal): AsyncGenerator<InventoryChange> {
  const own = new AbortController()
  const both = AbortSignal.any([signal, own.signal])
  const queue = createQueue()
  const onAbort = () => queue.fail(ended())
  try {
    if (signal.aborted) return
    signal.addEventListener('abort', onAbort, { once: true })
    // The engine answers before it listens; what happens in between is told again by asking from a little before.
    const since = secondsOf(await engineInfo(client))
    const filters = JSON.stringify({ type: ['container', 'volume'] })
    const stream = await client.stream('GET', '/events', { query: { since, filters }, signal: both })
    void readInto(queue, stream)
    void pingUntil(client, queue, both)
    yield nothing
    for (;;) {
      const touched = touchedBy(await queue.take())
      if (touched.containers.length + touched.volumes.length > 0) yield await lookUp(client, touched)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
    own.abort()
  }
}
