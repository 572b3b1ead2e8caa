// What both hosts and the line between them do just now, for a plan that has no earlier move to go by
// (docs/adr/0032-a-measurement-for-a-plan.md). Never fails: what could not be measured has its reason.
import type { MeasuredRates } from '../../../shared/api/plan.ts'
import { asAppError } from '../../../shared/errors.ts'
import type { AgentPort, CallOptions } from '../ports.ts'
import { type AcceptedRequest, choicesOf } from '../record.ts'
import type { Measured } from './forecast.ts'

type Hosts = {
  readonly source: { readonly agent: Pick<AgentPort, 'measureReading'>; readonly address: string }
  readonly target: { readonly agent: Pick<AgentPort, 'measureWriting' | 'measureLine'> }
}
type Of = { readonly request: AcceptedRequest; readonly containers: readonly string[]; readonly transferId: string }

// As agents say it; 0: not known.
type Told = { readonly bytesPerSecond: number; readonly filesPerSecond?: number }

const attempt = async (what: string, measure: Promise<Told>): Promise<Told & { readonly why?: string }> => {
  try {
    return await measure
  } catch (thrown) {
    const why = `How long copying takes is not known: ${what} could not be measured. ${asAppError(thrown).message}`
    return { bytesPerSecond: 0, filesPerSecond: 0, why }
  }
}

const known = (rate: number | undefined): number | null => (rate ? rate : null)

export const measureBetween = async (
  { source, target }: Hosts,
  { request, containers, transferId }: Of,
  options: CallOptions,
): Promise<Measured> => {
  const { from, to } = request
  // Each disk by itself, and then the line, which would take processor time from both.
  const [reading, writing] = await Promise.all([
    attempt(
      `how fast ${from} reads`,
      source.agent.measureReading({ containers: [...containers], choices: choicesOf(request, null) }, options),
    ),
    attempt(`how fast ${to} writes`, target.agent.measureWriting({}, options)),
  ])
  const line = await attempt(
    `the line from ${from} to ${to}`,
    target.agent.measureLine(
      {
        transferId,
        source: { host: from, address: source.address },
        bytesPerSecond: request.options.maxBytesPerSecond ?? 0,
      },
      options,
    ),
  )
  const rates: MeasuredRates = {
    lineBytesPerSecond: known(line.bytesPerSecond),
    readBytesPerSecond: known(reading.bytesPerSecond),
    readFilesPerSecond: known(reading.filesPerSecond),
    writeBytesPerSecond: known(writing.bytesPerSecond),
    writeFilesPerSecond: known(writing.filesPerSecond),
  }
  const unknown = {
    ...(line.why === undefined ? {} : { line: line.why }),
    ...(reading.why === undefined ? {} : { reading: reading.why }),
    ...(writing.why === undefined ? {} : { writing: writing.why }),
  }
  return { rates, unknown }
}
