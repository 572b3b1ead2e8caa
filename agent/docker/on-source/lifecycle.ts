// What the hand-over does to a container that exists: its state, its policy, stop, start, rename.
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../../../shared/errors.ts'
import type { InspectedContainer } from '../api/answers.ts'
import { type Client, path } from '../api/client.ts'
import type { ContainerState, RestartPolicy } from '../api/container-state.ts'
import { containerMissing, inspectContainer, nameOf } from '../api/containers.ts'
import { engineWords, hasStatus, refusedAs } from '../api/errors.ts'
import { stopTimeoutOf } from './describe.ts'

// After its stop time-out Docker kills, and then waits for the kernel.
const stopGraceMs = 60_000
// Mounts, networks, and a runtime that reads the image for the first time.
const startTimeoutMs = 5 * 60_000
const healthLogLength = 4096

const healthOf = (container: InspectedContainer): ContainerState['health'] => {
  const status = container.State.Health?.Status
  return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : 'none'
}

export const containerState = (container: InspectedContainer): ContainerState => ({
  id: container.Id,
  name: nameOf(container),
  status: container.State.Status,
  running: container.State.Running,
  restarting: container.State.Restarting,
  exitCode: container.State.ExitCode,
  startedAt: container.State.StartedAt,
  finishedAt: container.State.FinishedAt,
  restartCount: container.RestartCount ?? 0,
  restartPolicy: container.HostConfig.RestartPolicy ?? { Name: 'no', MaximumRetryCount: 0 },
  labels: container.Config.Labels ?? {},
  health: healthOf(container),
  healthLog: (container.State.Health?.Log ?? []).at(-1)?.Output?.slice(0, healthLogLength) ?? '',
  oomKilled: container.State.OOMKilled,
  error: container.State.Error,
})

const missingAs404 = async <T>(id: string, answer: Promise<T>): Promise<T> => {
  try {
    return await answer
  } catch (error) {
    if (hasStatus(error, 404) && /no such container/i.test(engineWords(error))) throw containerMissing(id)
    throw error
  }
}

// A container that ends, again and again, can do so between the engine's look at it and the runtime's: then the engine
// changes nothing and refuses (seen on 20.10). Once it has taken note of the end, it does not ask the runtime.
const endedMeanwhile = /cannot update a stopped container/i
const updateTries = 5
const noticedWithinMs = 100

// Docker takes an empty name for "leave it as it is".
export const setRestartPolicy = async (client: Client, id: string, policy: RestartPolicy): Promise<void> => {
  const body = { RestartPolicy: { ...policy, Name: policy.Name || 'no' } }
  for (let attempt = 1; ; attempt++) {
    try {
      await missingAs404(id, client.post(path`/containers/${id}/update`, { body }))
      return
    } catch (error) {
      if (attempt === updateTries || !endedMeanwhile.test(engineWords(error))) throw error
      await pause(noticedWithinMs)
    }
  }
}

export const stop = async (client: Client, id: string): Promise<void> => {
  const before = await inspectContainer(client, id)
  const timeoutMs = stopTimeoutOf(before) * 1000 + stopGraceMs
  // Without `t`: its own time-out and its own signal.
  await missingAs404(id, client.post(path`/containers/${id}/stop`, { timeoutMs }))
  // Docker answers when it has killed; the container is stopped when its end has been written down.
  await missingAs404(id, client.post(path`/containers/${id}/wait`, { query: { condition: 'not-running' }, timeoutMs }))
  const { State } = await inspectContainer(client, id)
  if (!State.Running && !State.Restarting) return
  throw new AppError(
    'DRAYAGE_CONTAINER_NOT_STOPPED',
    `The container ${nameOf(before)} is ${State.Status} although Docker has stopped it: something starts it again. Find out ` +
      'what (a supervisor, Compose, a script) and stop that first.',
  )
}

export const start = async (client: Client, id: string): Promise<void> => {
  await missingAs404(id, client.post(path`/containers/${id}/start`, { timeoutMs: startTimeoutMs }))
}

export const rename = async (client: Client, id: string, name: string): Promise<void> => {
  const container = await inspectContainer(client, id)
  if (nameOf(container) === name) return
  try {
    await client.post(path`/containers/${container.Id}/rename`, { query: { name } })
  } catch (error) {
    if (!hasStatus(error, 409)) throw error
    throw refusedAs(
      'DRAYAGE_CONTAINER_EXISTS',
      `The container ${nameOf(container)} cannot be named ${name}: another one here has that name. Rename or remove that one.`,
      error,
    )
  }
}
