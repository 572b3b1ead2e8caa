// Original file: proto/coordinator.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ArchivePiece as _drayage_v1_ArchivePiece, ArchivePiece__Output as _drayage_v1_ArchivePiece__Output } from '../../drayage/v1/ArchivePiece.ts';
import type { HeartbeatReply as _drayage_v1_HeartbeatReply, HeartbeatReply__Output as _drayage_v1_HeartbeatReply__Output } from '../../drayage/v1/HeartbeatReply.ts';
import type { HeartbeatRequest as _drayage_v1_HeartbeatRequest, HeartbeatRequest__Output as _drayage_v1_HeartbeatRequest__Output } from '../../drayage/v1/HeartbeatRequest.ts';
import type { InventoryAck as _drayage_v1_InventoryAck, InventoryAck__Output as _drayage_v1_InventoryAck__Output } from '../../drayage/v1/InventoryAck.ts';
import type { InventoryReport as _drayage_v1_InventoryReport, InventoryReport__Output as _drayage_v1_InventoryReport__Output } from '../../drayage/v1/InventoryReport.ts';
import type { PullArchiveRequest as _drayage_v1_PullArchiveRequest, PullArchiveRequest__Output as _drayage_v1_PullArchiveRequest__Output } from '../../drayage/v1/PullArchiveRequest.ts';
import type { RegisterReply as _drayage_v1_RegisterReply, RegisterReply__Output as _drayage_v1_RegisterReply__Output } from '../../drayage/v1/RegisterReply.ts';
import type { RegisterRequest as _drayage_v1_RegisterRequest, RegisterRequest__Output as _drayage_v1_RegisterRequest__Output } from '../../drayage/v1/RegisterRequest.ts';
import type { RenewReply as _drayage_v1_RenewReply, RenewReply__Output as _drayage_v1_RenewReply__Output } from '../../drayage/v1/RenewReply.ts';
import type { RenewRequest as _drayage_v1_RenewRequest, RenewRequest__Output as _drayage_v1_RenewRequest__Output } from '../../drayage/v1/RenewRequest.ts';
import type { RenewTicketReply as _drayage_v1_RenewTicketReply, RenewTicketReply__Output as _drayage_v1_RenewTicketReply__Output } from '../../drayage/v1/RenewTicketReply.ts';
import type { RenewTicketRequest as _drayage_v1_RenewTicketRequest, RenewTicketRequest__Output as _drayage_v1_RenewTicketRequest__Output } from '../../drayage/v1/RenewTicketRequest.ts';
import type { ReportRefusalsReply as _drayage_v1_ReportRefusalsReply, ReportRefusalsReply__Output as _drayage_v1_ReportRefusalsReply__Output } from '../../drayage/v1/ReportRefusalsReply.ts';
import type { ReportRefusalsRequest as _drayage_v1_ReportRefusalsRequest, ReportRefusalsRequest__Output as _drayage_v1_ReportRefusalsRequest__Output } from '../../drayage/v1/ReportRefusalsRequest.ts';

export interface CoordinatorClient extends grpc.Client {
  Heartbeat(argument: _drayage_v1_HeartbeatRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_HeartbeatReply__Output>): grpc.ClientUnaryCall;
  Heartbeat(argument: _drayage_v1_HeartbeatRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_HeartbeatReply__Output>): grpc.ClientUnaryCall;
  Heartbeat(argument: _drayage_v1_HeartbeatRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_HeartbeatReply__Output>): grpc.ClientUnaryCall;
  Heartbeat(argument: _drayage_v1_HeartbeatRequest, callback: grpc.requestCallback<_drayage_v1_HeartbeatReply__Output>): grpc.ClientUnaryCall;
  heartbeat(argument: _drayage_v1_HeartbeatRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_HeartbeatReply__Output>): grpc.ClientUnaryCall;
  heartbeat(argument: _drayage_v1_HeartbeatRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_HeartbeatReply__Output>): grpc.ClientUnaryCall;
  heartbeat(argument: _drayage_v1_HeartbeatRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_HeartbeatReply__Output>): grpc.ClientUnaryCall;
  heartbeat(argument: _drayage_v1_HeartbeatRequest, callback: grpc.requestCallback<_drayage_v1_HeartbeatReply__Output>): grpc.ClientUnaryCall;
  
  PullArchive(argument: _drayage_v1_PullArchiveRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ArchivePiece__Output>;
  PullArchive(argument: _drayage_v1_PullArchiveRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ArchivePiece__Output>;
  pullArchive(argument: _drayage_v1_PullArchiveRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ArchivePiece__Output>;
  pullArchive(argument: _drayage_v1_PullArchiveRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ArchivePiece__Output>;
  
  Register(argument: _drayage_v1_RegisterRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  Register(argument: _drayage_v1_RegisterRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  Register(argument: _drayage_v1_RegisterRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  Register(argument: _drayage_v1_RegisterRequest, callback: grpc.requestCallback<_drayage_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  register(argument: _drayage_v1_RegisterRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  register(argument: _drayage_v1_RegisterRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  register(argument: _drayage_v1_RegisterRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  register(argument: _drayage_v1_RegisterRequest, callback: grpc.requestCallback<_drayage_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  
  Renew(argument: _drayage_v1_RenewRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  Renew(argument: _drayage_v1_RenewRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  Renew(argument: _drayage_v1_RenewRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  Renew(argument: _drayage_v1_RenewRequest, callback: grpc.requestCallback<_drayage_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  renew(argument: _drayage_v1_RenewRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  renew(argument: _drayage_v1_RenewRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  renew(argument: _drayage_v1_RenewRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  renew(argument: _drayage_v1_RenewRequest, callback: grpc.requestCallback<_drayage_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  
  RenewTicket(argument: _drayage_v1_RenewTicketRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_RenewTicketReply__Output>): grpc.ClientUnaryCall;
  RenewTicket(argument: _drayage_v1_RenewTicketRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_RenewTicketReply__Output>): grpc.ClientUnaryCall;
  RenewTicket(argument: _drayage_v1_RenewTicketRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_RenewTicketReply__Output>): grpc.ClientUnaryCall;
  RenewTicket(argument: _drayage_v1_RenewTicketRequest, callback: grpc.requestCallback<_drayage_v1_RenewTicketReply__Output>): grpc.ClientUnaryCall;
  renewTicket(argument: _drayage_v1_RenewTicketRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_RenewTicketReply__Output>): grpc.ClientUnaryCall;
  renewTicket(argument: _drayage_v1_RenewTicketRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_RenewTicketReply__Output>): grpc.ClientUnaryCall;
  renewTicket(argument: _drayage_v1_RenewTicketRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_RenewTicketReply__Output>): grpc.ClientUnaryCall;
  renewTicket(argument: _drayage_v1_RenewTicketRequest, callback: grpc.requestCallback<_drayage_v1_RenewTicketReply__Output>): grpc.ClientUnaryCall;
  
  Report(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_drayage_v1_InventoryReport, _drayage_v1_InventoryAck__Output>;
  Report(options?: grpc.CallOptions): grpc.ClientDuplexStream<_drayage_v1_InventoryReport, _drayage_v1_InventoryAck__Output>;
  report(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_drayage_v1_InventoryReport, _drayage_v1_InventoryAck__Output>;
  report(options?: grpc.CallOptions): grpc.ClientDuplexStream<_drayage_v1_InventoryReport, _drayage_v1_InventoryAck__Output>;
  
  ReportRefusals(argument: _drayage_v1_ReportRefusalsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_ReportRefusalsReply__Output>): grpc.ClientUnaryCall;
  ReportRefusals(argument: _drayage_v1_ReportRefusalsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_ReportRefusalsReply__Output>): grpc.ClientUnaryCall;
  ReportRefusals(argument: _drayage_v1_ReportRefusalsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_ReportRefusalsReply__Output>): grpc.ClientUnaryCall;
  ReportRefusals(argument: _drayage_v1_ReportRefusalsRequest, callback: grpc.requestCallback<_drayage_v1_ReportRefusalsReply__Output>): grpc.ClientUnaryCall;
  reportRefusals(argument: _drayage_v1_ReportRefusalsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_ReportRefusalsReply__Output>): grpc.ClientUnaryCall;
  reportRefusals(argument: _drayage_v1_ReportRefusalsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_ReportRefusalsReply__Output>): grpc.ClientUnaryCall;
  reportRefusals(argument: _drayage_v1_ReportRefusalsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_ReportRefusalsReply__Output>): grpc.ClientUnaryCall;
  reportRefusals(argument: _drayage_v1_ReportRefusalsRequest, callback: grpc.requestCallback<_drayage_v1_ReportRefusalsReply__Output>): grpc.ClientUnaryCall;
  
}

export interface CoordinatorHandlers extends grpc.UntypedServiceImplementation {
  Heartbeat: grpc.handleUnaryCall<_drayage_v1_HeartbeatRequest__Output, _drayage_v1_HeartbeatReply>;
  
  PullArchive: grpc.handleServerStreamingCall<_drayage_v1_PullArchiveRequest__Output, _drayage_v1_ArchivePiece>;
  
  Register: grpc.handleUnaryCall<_drayage_v1_RegisterRequest__Output, _drayage_v1_RegisterReply>;
  
  Renew: grpc.handleUnaryCall<_drayage_v1_RenewRequest__Output, _drayage_v1_RenewReply>;
  
  RenewTicket: grpc.handleUnaryCall<_drayage_v1_RenewTicketRequest__Output, _drayage_v1_RenewTicketReply>;
  
  Report: grpc.handleBidiStreamingCall<_drayage_v1_InventoryReport__Output, _drayage_v1_InventoryAck>;
  
  ReportRefusals: grpc.handleUnaryCall<_drayage_v1_ReportRefusalsRequest__Output, _drayage_v1_ReportRefusalsReply>;
  
}

export interface CoordinatorDefinition extends grpc.ServiceDefinition {
  Heartbeat: MethodDefinition<_drayage_v1_HeartbeatRequest, _drayage_v1_HeartbeatReply, _drayage_v1_HeartbeatRequest__Output, _drayage_v1_HeartbeatReply__Output>
  PullArchive: MethodDefinition<_drayage_v1_PullArchiveRequest, _drayage_v1_ArchivePiece, _drayage_v1_PullArchiveRequest__Output, _drayage_v1_ArchivePiece__Output>
  Register: MethodDefinition<_drayage_v1_RegisterRequest, _drayage_v1_RegisterReply, _drayage_v1_RegisterRequest__Output, _drayage_v1_RegisterReply__Output>
  Renew: MethodDefinition<_drayage_v1_RenewRequest, _drayage_v1_RenewReply, _drayage_v1_RenewRequest__Output, _drayage_v1_RenewReply__Output>
  RenewTicket: MethodDefinition<_drayage_v1_RenewTicketRequest, _drayage_v1_RenewTicketReply, _drayage_v1_RenewTicketRequest__Output, _drayage_v1_RenewTicketReply__Output>
  Report: MethodDefinition<_drayage_v1_InventoryReport, _drayage_v1_InventoryAck, _drayage_v1_InventoryReport__Output, _drayage_v1_InventoryAck__Output>
  ReportRefusals: MethodDefinition<_drayage_v1_ReportRefusalsRequest, _drayage_v1_ReportRefusalsReply, _drayage_v1_ReportRefusalsRequest__Output, _drayage_v1_ReportRefusalsReply__Output>
}
