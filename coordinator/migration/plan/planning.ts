// What would happen if a request were accepted: whom it is about, what both hosts say of each, and what earlier migrations
// tell of it. Nothing is changed by it.
import { hasMoved, type Migration, type MigrationRequest } from '../../../shared/api/migrations.ts'
import type { Plan } from '../../../shared/api/plan.ts'
import { AppError, asAppError, errorTable, type Finding, isErrorCode } from '../../../shared/errors.ts'
import type { AgentPort, CallOptions, Hosts, Inventories, Journal } from '../ports.ts'
import { type AcceptedRequest, accepted, type MigrationRecord, type Terms, type Workload } from '../record.ts'
import { inOrder } from '../steps/step.ts'
import { checkTargets } from './check-targets.ts'
import { describeTogether, findMembers } from './find-members.ts'
import { forecast, type Measured, withKept } from './forecast.ts'
import { measureBetween } from './measuring.ts'
import { assess, refusalOf } from './plan.ts'
import { type ProjectPlan, tiedElsewhere, wholeProject } from './project.ts'
import { projectFindings } from './project-findings.ts'

// Migrations, the newest first: among how many those between the same hosts are looked for, and how many of them count.
const mostLookedBack = 200
const mostForeseenFrom = 10

export type Wanted = {
  // Of a way back, their ids in their order. Otherwise whoever is to move is found.
  readonly members?: readonly string[]
  // Somebody is to read how long it would take: where no earlier move tells, hosts and line are measured.
  readonly measured?: boolean
  readonly signal?: AbortSignal | undefined
}

export type Planning = (
  request: AcceptedRequest,
  terms: Pick<Terms, 'overwriteChanged'>,
  wanted: Wanted,
) => Promise<Plan>

export type PlanningOptions = {
  readonly journal: Pick<Journal, 'workloadOf' | 'list' | 'find'>
  readonly hosts: Hosts
  readonly inventories: Inventories
  readonly view: (record: MigrationRecord) => Promise<Migration>
  readonly newId: () => string
}

export const createPlanning = ({ journal, hosts, inventories, view, newId }: PlanningOptions): Planning => {
  // With what earlier migrations tell of it, or `measure`, where they do not.
  const foreseen = async (
    request: AcceptedRequest,
    planned: Plan,
    measure: () => Promise<Measured | null>,
  ): Promise<Plan> => {
    const recent = await journal.list({ limit: mostLookedBack })
    const alike = recent.filter(({ request: { from, to }, state, kind }) => {
      return kind !== 'finalize' && from === request.from && to === request.to && hasMoved(state)
    })
    const views = await Promise.all(alike.slice(0, mostForeseenFrom).map(view))
    const past = views.map(({ container, rounds, downtimeMs }) => ({ container: container.name, rounds, downtimeMs }))
    const asBefore = forecast(planned, past, request.options, null)
    const kept = planned.builtUpon === undefined ? null : await journal.find(planned.builtUpon)
    return {
      ...planned,
      volumes: withKept(planned.volumes, kept === null ? null : (await view(kept)).receipt),
      forecast: asBefore.copyMs === null ? forecast(planned, past, request.options, await measure()) : asBefore,
    }
  }

  const projectsOf = async (
    agent: Pick<AgentPort, 'describeProject'>,
    request: AcceptedRequest,
    moving: readonly Workload[],
    options: CallOptions,
  ): Promise<readonly ProjectPlan[]> => {
    const { project: name } = request
    if (name !== undefined) {
      const { volumes } = await agent.describeProject({ project: name }, options)
      return [wholeProject(request, { name, volumes }, moving, await inventories.ofProject(name))]
    }
    const names = new Set(moving.flatMap(({ service }) => (service === null ? [] : [service.project])))
    return inOrder([...names], async (of) => tiedElsewhere(request, of, moving, await inventories.ofProject(of)))
  }

  return async (request, { overwriteChanged = false }, { members, measured = false, signal }) => {
    if (request.from === request.to) {
      throw new AppError(
        'DRAYAGE_SAME_HOST',
        `${request.container ?? request.project} is to move from ${request.from} to ${request.to}, which is the same host. Name another target.`,
      )
    }
    const [source, target] = await bothHosts(hosts, request)
    const options = signal === undefined ? {} : { signal }
    const { workloads, moveSet, refusals } =
      members === undefined
        ? await findMembers(source.agent, request, options)
        : { ...(await describeTogether(source.agent, request, members, true, options)), refusals: [] }
    const moving = await inOrder(workloads, async (workload) => {
      const workloadId = (await journal.workloadOf(request.from, workload.containerId)) ?? ''
      return { workload, migrationId: '', workloadId }
    })
    const parts = await checkTargets(target.agent, request, moving, { overwriteChanged }, options)
    const planned = assess(request, parts, moveSet)
    const projects = members === undefined ? await projectsOf(source.agent, request, workloads, options) : []
    const found = projects.map((one) => projectFindings(request, one))
    const plan: Plan = {
      ...planned,
      ...(projects.length === 0 ? {} : { projects: [...projects] }),
      warnings: [...planned.warnings, ...found.flatMap(({ warnings }) => warnings)],
      refusals: [...refusals, ...planned.refusals, ...found.flatMap((one) => one.refusals)],
    }
    // Hosts are not put to work for what would not be done.
    const isMeasured = measured && plan.refusals.length === 0
    const containers = workloads.map(({ containerId }) => containerId)
    return foreseen(request, plan, async () =>
      isMeasured ? measureBetween({ source, target }, { request, containers, transferId: newId() }, options) : null,
    )
  }
}

// Throws DRAYAGE_INVALID_REQUEST where it says of too much or too little what is to move.
export const requested = (wanted: MigrationRequest): AcceptedRequest => {
  const request = accepted(wanted)
  const { container, project, options } = request
  const fault =
    (container === undefined) === (project === undefined)
      ? 'Name either the container that is to move, or the Compose project: not both, and not neither.'
      : project !== undefined && (options.preStop !== null || options.postStart !== null)
        ? 'A hook that is asked for is run in the container that is asked for, and a project is none: give those of the project that need one a label (docs/hooks.md).'
        : null
  if (fault !== null) throw new AppError('DRAYAGE_INVALID_REQUEST', fault)
  return request
}

const mayPass = (code: string): boolean => isErrorCode(code) && errorTable[code].retry

// Both are asked before either is reported, so that two missing hosts are two reasons in one answer.
const bothHosts = async (hosts: Hosts, { from, to }: MigrationRequest) => {
  const [source, target] = await Promise.allSettled([hosts.online(from), hosts.online(to)])
  if (source.status === 'fulfilled' && target.status === 'fulfilled') return [source.value, target.value] as const
  const reasons: Finding[] = [source, target].flatMap((outcome) => {
    if (outcome.status === 'fulfilled') return []
    const { code, message } = asAppError(outcome.reason)
    return [{ code, message }]
  })
  // What may be otherwise in a moment is told as that, of two hosts as of one.
  const [first] = reasons
  if (first !== undefined && isErrorCode(first.code) && reasons.every(({ code }) => mayPass(code))) {
    throw new AppError(first.code, reasons.map(({ message }) => message).join(' '), { details: { reasons } })
  }
  throw refusalOf(`The container`, reasons) ?? new Error('Neither host failed')
}
