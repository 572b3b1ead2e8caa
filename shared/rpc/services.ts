// proto/ loaded: the definitions that servers serve and clients call.
import { join } from 'node:path'
import { loadPackageDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { packageRoot } from '../package-root.ts'
import type { ProtoGrpcType as AgentProto } from './generated/agent.ts'
import type { ProtoGrpcType as ArchiveProto } from './generated/archive.ts'
import type { ProtoGrpcType as CommonProto } from './generated/common.ts'
import type { ProtoGrpcType as CoordinatorProto } from './generated/coordinator.ts'
import type { ProtoGrpcType as TransferProto } from './generated/transfer.ts'
import { loaderOptions } from './loader-options.ts'

const load = <T>(file: string): T =>
  loadPackageDefinition(loadSync(join(packageRoot, 'proto', file), loaderOptions)) as unknown as T

const { Agent } = load<AgentProto>('agent.proto').drayage.v1
const { Archive } = load<ArchiveProto>('archive.proto').drayage.v1
const { Coordinator, Enrolment } = load<CoordinatorProto>('coordinator.proto').drayage.v1
const { Transfer } = load<TransferProto>('transfer.proto').drayage.v1

export const services = {
  Agent: Agent.service,
  Archive: Archive.service,
  Coordinator: Coordinator.service,
  Enrolment: Enrolment.service,
  Transfer: Transfer.service,
} as const

export const errorDetailType = load<CommonProto>('common.proto').drayage.v1.ErrorDetail
