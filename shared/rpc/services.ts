// proto/ loaded: the definitions that servers serve and clients call.
import { join } from 'node:path'
import { loadPackageDefinition, type MethodDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { packageRoot } from '../package-root.ts'
import type { ProtoGrpcType as AgentProto } from './generated/agent.ts'
import type { ProtoGrpcType as ArchiveProto } from './generated/archive.ts'
import type { ProtoGrpcType as CommonProto } from './generated/common.ts'
import type { ProtoGrpcType as CoordinatorProto } from './generated/coordinator.ts'
import type { TicketStatement, TicketStatement__Output } from './generated/drayage/v1/TicketStatement.ts'
import type { ProtoGrpcType as TicketProto } from './generated/ticket.ts'
import type { ProtoGrpcType as TransferProto } from './generated/transfer.ts'
import { loaderOptions } from './loader-options.ts'
import { type PieceField, pieceDeserializer, pieceSerializer, type WrappedPieceField } from './piece-messages.ts'

const load = <T>(file: string): T =>
  loadPackageDefinition(loadSync(join(packageRoot, 'proto', file), loaderOptions)) as unknown as T

const { Agent } = load<AgentProto>('agent.proto').drayage.v1
const { Archive } = load<ArchiveProto>('archive.proto').drayage.v1
const { Coordinator, Enrolment } = load<CoordinatorProto>('coordinator.proto').drayage.v1
const { Transfer } = load<TransferProto>('transfer.proto').drayage.v1

// The field of each streaming message that carries bulk.
export const pieceFields = {
  PullVolume: { name: 'tar', number: 1 },
  PullImage: { name: 'archive', number: 1 },
  ExportVolume: { name: 'tar', number: 2 },
  PullArchive: { name: 'tar', number: 1 },
  PullNoise: { name: 'noise', number: 1 },
} as const satisfies Record<string, PieceField>

// Of PullVolume, where what it carries is compressed.
export const compressedField = {
  name: 'compressed',
  number: 30,
  told: { name: 'bytes', number: 1 },
  piece: { name: 'zstd', number: 2 },
} as const satisfies WrappedPieceField

type Codec = Pick<MethodDefinition<object, object>, 'responseSerialize' | 'responseDeserialize'>

const withPieces = <M extends object>(method: M, field: PieceField, oneof?: string): M => {
  const { responseSerialize, responseDeserialize } = method as unknown as Codec
  return {
    ...method,
    responseSerialize: pieceSerializer(field, responseSerialize),
    responseDeserialize: pieceDeserializer(field, oneof, responseDeserialize),
  }
}

export const services = {
  Agent: Agent.service,
  Archive: {
    ...Archive.service,
    ExportVolume: withPieces(Archive.service.ExportVolume, pieceFields.ExportVolume, 'piece'),
  },
  Coordinator: {
    ...Coordinator.service,
    PullArchive: withPieces(Coordinator.service.PullArchive, pieceFields.PullArchive),
  },
  Enrolment: Enrolment.service,
  Transfer: {
    ...Transfer.service,
    PullVolume: withPieces(Transfer.service.PullVolume, pieceFields.PullVolume, 'piece'),
    PullImage: withPieces(Transfer.service.PullImage, pieceFields.PullImage),
    PullNoise: withPieces(Transfer.service.PullNoise, pieceFields.PullNoise),
  },
} as const

export const errorDetailType = load<CommonProto>('common.proto').drayage.v1.ErrorDetail

// What is signed is bytes, and not a message of a call.
export const ticketStatementType = load<TicketProto>('ticket.proto').drayage.v1.TicketStatement as unknown as {
  serialize(statement: TicketStatement): Buffer
  deserialize(bytes: Buffer): TicketStatement__Output
}
