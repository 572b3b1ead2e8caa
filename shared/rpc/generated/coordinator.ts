import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { ArchivePiece as _drayage_v1_ArchivePiece, ArchivePiece__Output as _drayage_v1_ArchivePiece__Output } from './drayage/v1/ArchivePiece.ts';
import type { CoordinatorClient as _drayage_v1_CoordinatorClient, CoordinatorDefinition as _drayage_v1_CoordinatorDefinition } from './drayage/v1/Coordinator.ts';
import type { EngineFacts as _drayage_v1_EngineFacts, EngineFacts__Output as _drayage_v1_EngineFacts__Output } from './drayage/v1/EngineFacts.ts';
import type { EnrolReply as _drayage_v1_EnrolReply, EnrolReply__Output as _drayage_v1_EnrolReply__Output } from './drayage/v1/EnrolReply.ts';
import type { EnrolRequest as _drayage_v1_EnrolRequest, EnrolRequest__Output as _drayage_v1_EnrolRequest__Output } from './drayage/v1/EnrolRequest.ts';
import type { EnrolmentClient as _drayage_v1_EnrolmentClient, EnrolmentDefinition as _drayage_v1_EnrolmentDefinition } from './drayage/v1/Enrolment.ts';
import type { ErrorDetail as _drayage_v1_ErrorDetail, ErrorDetail__Output as _drayage_v1_ErrorDetail__Output } from './drayage/v1/ErrorDetail.ts';
import type { HeartbeatReply as _drayage_v1_HeartbeatReply, HeartbeatReply__Output as _drayage_v1_HeartbeatReply__Output } from './drayage/v1/HeartbeatReply.ts';
import type { HeartbeatRequest as _drayage_v1_HeartbeatRequest, HeartbeatRequest__Output as _drayage_v1_HeartbeatRequest__Output } from './drayage/v1/HeartbeatRequest.ts';
import type { HeldAuthorities as _drayage_v1_HeldAuthorities, HeldAuthorities__Output as _drayage_v1_HeldAuthorities__Output } from './drayage/v1/HeldAuthorities.ts';
import type { InventoryAck as _drayage_v1_InventoryAck, InventoryAck__Output as _drayage_v1_InventoryAck__Output } from './drayage/v1/InventoryAck.ts';
import type { InventoryContainer as _drayage_v1_InventoryContainer, InventoryContainer__Output as _drayage_v1_InventoryContainer__Output } from './drayage/v1/InventoryContainer.ts';
import type { InventoryMount as _drayage_v1_InventoryMount, InventoryMount__Output as _drayage_v1_InventoryMount__Output } from './drayage/v1/InventoryMount.ts';
import type { InventoryReport as _drayage_v1_InventoryReport, InventoryReport__Output as _drayage_v1_InventoryReport__Output } from './drayage/v1/InventoryReport.ts';
import type { InventoryVolume as _drayage_v1_InventoryVolume, InventoryVolume__Output as _drayage_v1_InventoryVolume__Output } from './drayage/v1/InventoryVolume.ts';
import type { PullArchiveRequest as _drayage_v1_PullArchiveRequest, PullArchiveRequest__Output as _drayage_v1_PullArchiveRequest__Output } from './drayage/v1/PullArchiveRequest.ts';
import type { Refusal as _drayage_v1_Refusal, Refusal__Output as _drayage_v1_Refusal__Output } from './drayage/v1/Refusal.ts';
import type { RegisterReply as _drayage_v1_RegisterReply, RegisterReply__Output as _drayage_v1_RegisterReply__Output } from './drayage/v1/RegisterReply.ts';
import type { RegisterRequest as _drayage_v1_RegisterRequest, RegisterRequest__Output as _drayage_v1_RegisterRequest__Output } from './drayage/v1/RegisterRequest.ts';
import type { RenewReply as _drayage_v1_RenewReply, RenewReply__Output as _drayage_v1_RenewReply__Output } from './drayage/v1/RenewReply.ts';
import type { RenewRequest as _drayage_v1_RenewRequest, RenewRequest__Output as _drayage_v1_RenewRequest__Output } from './drayage/v1/RenewRequest.ts';
import type { RenewTicketReply as _drayage_v1_RenewTicketReply, RenewTicketReply__Output as _drayage_v1_RenewTicketReply__Output } from './drayage/v1/RenewTicketReply.ts';
import type { RenewTicketRequest as _drayage_v1_RenewTicketRequest, RenewTicketRequest__Output as _drayage_v1_RenewTicketRequest__Output } from './drayage/v1/RenewTicketRequest.ts';
import type { ReportRefusalsReply as _drayage_v1_ReportRefusalsReply, ReportRefusalsReply__Output as _drayage_v1_ReportRefusalsReply__Output } from './drayage/v1/ReportRefusalsReply.ts';
import type { ReportRefusalsRequest as _drayage_v1_ReportRefusalsRequest, ReportRefusalsRequest__Output as _drayage_v1_ReportRefusalsRequest__Output } from './drayage/v1/ReportRefusalsRequest.ts';
import type { Ticket as _drayage_v1_Ticket, Ticket__Output as _drayage_v1_Ticket__Output } from './drayage/v1/Ticket.ts';
import type { TicketStatement as _drayage_v1_TicketStatement, TicketStatement__Output as _drayage_v1_TicketStatement__Output } from './drayage/v1/TicketStatement.ts';
import type { Trust as _drayage_v1_Trust, Trust__Output as _drayage_v1_Trust__Output } from './drayage/v1/Trust.ts';
import type { VolumeUsage as _drayage_v1_VolumeUsage, VolumeUsage__Output as _drayage_v1_VolumeUsage__Output } from './drayage/v1/VolumeUsage.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  drayage: {
    v1: {
      ArchivePiece: MessageTypeDefinition<_drayage_v1_ArchivePiece, _drayage_v1_ArchivePiece__Output>
      Coordinator: SubtypeConstructor<typeof grpc.Client, _drayage_v1_CoordinatorClient> & { service: _drayage_v1_CoordinatorDefinition }
      EngineFacts: MessageTypeDefinition<_drayage_v1_EngineFacts, _drayage_v1_EngineFacts__Output>
      EnrolReply: MessageTypeDefinition<_drayage_v1_EnrolReply, _drayage_v1_EnrolReply__Output>
      EnrolRequest: MessageTypeDefinition<_drayage_v1_EnrolRequest, _drayage_v1_EnrolRequest__Output>
      Enrolment: SubtypeConstructor<typeof grpc.Client, _drayage_v1_EnrolmentClient> & { service: _drayage_v1_EnrolmentDefinition }
      ErrorDetail: MessageTypeDefinition<_drayage_v1_ErrorDetail, _drayage_v1_ErrorDetail__Output>
      HeartbeatReply: MessageTypeDefinition<_drayage_v1_HeartbeatReply, _drayage_v1_HeartbeatReply__Output>
      HeartbeatRequest: MessageTypeDefinition<_drayage_v1_HeartbeatRequest, _drayage_v1_HeartbeatRequest__Output>
      HeldAuthorities: MessageTypeDefinition<_drayage_v1_HeldAuthorities, _drayage_v1_HeldAuthorities__Output>
      InventoryAck: MessageTypeDefinition<_drayage_v1_InventoryAck, _drayage_v1_InventoryAck__Output>
      InventoryContainer: MessageTypeDefinition<_drayage_v1_InventoryContainer, _drayage_v1_InventoryContainer__Output>
      InventoryMount: MessageTypeDefinition<_drayage_v1_InventoryMount, _drayage_v1_InventoryMount__Output>
      InventoryReport: MessageTypeDefinition<_drayage_v1_InventoryReport, _drayage_v1_InventoryReport__Output>
      InventoryVolume: MessageTypeDefinition<_drayage_v1_InventoryVolume, _drayage_v1_InventoryVolume__Output>
      PullArchiveRequest: MessageTypeDefinition<_drayage_v1_PullArchiveRequest, _drayage_v1_PullArchiveRequest__Output>
      Refusal: MessageTypeDefinition<_drayage_v1_Refusal, _drayage_v1_Refusal__Output>
      RegisterReply: MessageTypeDefinition<_drayage_v1_RegisterReply, _drayage_v1_RegisterReply__Output>
      RegisterRequest: MessageTypeDefinition<_drayage_v1_RegisterRequest, _drayage_v1_RegisterRequest__Output>
      RenewReply: MessageTypeDefinition<_drayage_v1_RenewReply, _drayage_v1_RenewReply__Output>
      RenewRequest: MessageTypeDefinition<_drayage_v1_RenewRequest, _drayage_v1_RenewRequest__Output>
      RenewTicketReply: MessageTypeDefinition<_drayage_v1_RenewTicketReply, _drayage_v1_RenewTicketReply__Output>
      RenewTicketRequest: MessageTypeDefinition<_drayage_v1_RenewTicketRequest, _drayage_v1_RenewTicketRequest__Output>
      ReportRefusalsReply: MessageTypeDefinition<_drayage_v1_ReportRefusalsReply, _drayage_v1_ReportRefusalsReply__Output>
      ReportRefusalsRequest: MessageTypeDefinition<_drayage_v1_ReportRefusalsRequest, _drayage_v1_ReportRefusalsRequest__Output>
      Ticket: MessageTypeDefinition<_drayage_v1_Ticket, _drayage_v1_Ticket__Output>
      TicketStatement: MessageTypeDefinition<_drayage_v1_TicketStatement, _drayage_v1_TicketStatement__Output>
      Trust: MessageTypeDefinition<_drayage_v1_Trust, _drayage_v1_Trust__Output>
      VolumeUsage: MessageTypeDefinition<_drayage_v1_VolumeUsage, _drayage_v1_VolumeUsage__Output>
    }
  }
}

