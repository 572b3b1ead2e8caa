// How fast this host and the line to it are just now, for what a plan foresees. Nothing is changed by it.
import { performance } from 'node:perf_hooks'
import { AppError } from '../../shared/errors.ts'
import type { DescribeWorkloadsRequest__Output } from '../../shared/rpc/generated/drayage/v1/DescribeWorkloadsRequest.ts'
import type { MeasureLineRequest__Output } from '../../shared/rpc/generated/drayage/v1/MeasureLineRequest.ts'
import { isCopied } from '../../shared/volumes/plain.ts'
import { type Arrival, lineRate } from '../transfer/line-rate.ts'
import type { Rates } from '../volume/engine.ts'
import type { AgentContext } from './context.ts'
import { describeWorkloads } from './look.ts'

// Found as the plan finds them, so that nothing is read which could not be moved.
export const measureReading = async (
  context: AgentContext,
  asked: Pick<DescribeWorkloadsRequest__Output, 'containers' | 'choices'>,
  signal: AbortSignal,
): Promise<Rates> => {
  const { workloads = [] } = await describeWorkloads(context, { ...asked, measureVolumes: false }, signal)
  const volumes = workloads.flatMap((workload) => workload.volumes ?? [])
  const roots = volumes.flatMap(({ mountpoint = '', driver = '', options = {}, ofHost = false, rootIdentity }) =>
    // Whose root was not looked at is not to be read.
    isCopied({ driver, options, ofHost }) && rootIdentity ? [context.paths.here(mountpoint)] : [],
  )
  return context.volumes.sampleReading([...new Set(roots)], { signal })
}

// Where there is hardly any, nothing is taken of it, not even for a moment.
const leastFreeBytes = 256 * 1024 * 1024

export const measureWriting = async (
  { engine, volumes, paths }: Pick<AgentContext, 'engine' | 'volumes' | 'paths'>,
  signal: AbortSignal,
): Promise<Rates> => {
  const { dataRoot } = await engine.facts()
  const directory = paths.here(dataRoot)
  const { bytes } = await volumes.freeSpace(directory)
  if (bytes < leastFreeBytes) {
    throw new AppError(
      'DRAYAGE_TARGET_FULL',
      `Writing was not measured: the disk of this host's engine (${dataRoot}) has ${bytes} bytes free.`,
    )
  }
  return volumes.sampleWriting(directory, { signal })
}

// From the first piece on; and over all, on a line that brings hardly any.
const listeningMs = 400
const patienceMs = 1_500
const leastArrivals = 3

export const measureLine = async (
  { puller }: Pick<AgentContext, 'puller'>,
  { transferId, source, ticket, bytesPerSecond }: MeasureLineRequest__Output,
  signal: AbortSignal,
): Promise<{ bytesPerSecond: number }> => {
  if (!source) throw new AppError('DRAYAGE_INVALID_REQUEST', 'MeasureLine was asked about no host.')
  const patience = AbortSignal.timeout(patienceMs)
  const request = { transferId, bytesPerSecond, ...(ticket ? { ticket } : {}) }
  const pull = puller.noise(source, request, AbortSignal.any([signal, patience]))
  const arrivals: Arrival[] = []
  try {
    for await (const { length } of pull.pieces) {
      const atMs = performance.now()
      arrivals.push({ atMs, bytes: length })
      if (arrivals.length >= leastArrivals && atMs - (arrivals[0]?.atMs ?? atMs) > listeningMs) break
    }
  } catch (thrown) {
    // What has come by then is what there is to go by.
    if (!patience.aborted || signal.aborted) throw thrown
  } finally {
    pull.close()
  }
  return { bytesPerSecond: lineRate(arrivals) }
}
