// Original file: proto/agent.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CheckTargetsRequest as _drayage_v1_CheckTargetsRequest, CheckTargetsRequest__Output as _drayage_v1_CheckTargetsRequest__Output } from '../../drayage/v1/CheckTargetsRequest.ts';
import type { ConfirmTargetRequest as _drayage_v1_ConfirmTargetRequest, ConfirmTargetRequest__Output as _drayage_v1_ConfirmTargetRequest__Output } from '../../drayage/v1/ConfirmTargetRequest.ts';
import type { DescribeProjectRequest as _drayage_v1_DescribeProjectRequest, DescribeProjectRequest__Output as _drayage_v1_DescribeProjectRequest__Output } from '../../drayage/v1/DescribeProjectRequest.ts';
import type { DescribeStandingRequest as _drayage_v1_DescribeStandingRequest, DescribeStandingRequest__Output as _drayage_v1_DescribeStandingRequest__Output } from '../../drayage/v1/DescribeStandingRequest.ts';
import type { DescribeWorkloadsRequest as _drayage_v1_DescribeWorkloadsRequest, DescribeWorkloadsRequest__Output as _drayage_v1_DescribeWorkloadsRequest__Output } from '../../drayage/v1/DescribeWorkloadsRequest.ts';
import type { DescribedWorkloads as _drayage_v1_DescribedWorkloads, DescribedWorkloads__Output as _drayage_v1_DescribedWorkloads__Output } from '../../drayage/v1/DescribedWorkloads.ts';
import type { DiscardTargetRequest as _drayage_v1_DiscardTargetRequest, DiscardTargetRequest__Output as _drayage_v1_DiscardTargetRequest__Output } from '../../drayage/v1/DiscardTargetRequest.ts';
import type { DiskRates as _drayage_v1_DiskRates, DiskRates__Output as _drayage_v1_DiskRates__Output } from '../../drayage/v1/DiskRates.ts';
import type { Done as _drayage_v1_Done, Done__Output as _drayage_v1_Done__Output } from '../../drayage/v1/Done.ts';
import type { FenceSourceRequest as _drayage_v1_FenceSourceRequest, FenceSourceRequest__Output as _drayage_v1_FenceSourceRequest__Output } from '../../drayage/v1/FenceSourceRequest.ts';
import type { FencedSource as _drayage_v1_FencedSource, FencedSource__Output as _drayage_v1_FencedSource__Output } from '../../drayage/v1/FencedSource.ts';
import type { FinalizeSourceRequest as _drayage_v1_FinalizeSourceRequest, FinalizeSourceRequest__Output as _drayage_v1_FinalizeSourceRequest__Output } from '../../drayage/v1/FinalizeSourceRequest.ts';
import type { FinalizedSource as _drayage_v1_FinalizedSource, FinalizedSource__Output as _drayage_v1_FinalizedSource__Output } from '../../drayage/v1/FinalizedSource.ts';
import type { ForgetCopyRequest as _drayage_v1_ForgetCopyRequest, ForgetCopyRequest__Output as _drayage_v1_ForgetCopyRequest__Output } from '../../drayage/v1/ForgetCopyRequest.ts';
import type { ForgetMigrationRequest as _drayage_v1_ForgetMigrationRequest, ForgetMigrationRequest__Output as _drayage_v1_ForgetMigrationRequest__Output } from '../../drayage/v1/ForgetMigrationRequest.ts';
import type { GrantEpochReply as _drayage_v1_GrantEpochReply, GrantEpochReply__Output as _drayage_v1_GrantEpochReply__Output } from '../../drayage/v1/GrantEpochReply.ts';
import type { GrantEpochRequest as _drayage_v1_GrantEpochRequest, GrantEpochRequest__Output as _drayage_v1_GrantEpochRequest__Output } from '../../drayage/v1/GrantEpochRequest.ts';
import type { HoldSourceRequest as _drayage_v1_HoldSourceRequest, HoldSourceRequest__Output as _drayage_v1_HoldSourceRequest__Output } from '../../drayage/v1/HoldSourceRequest.ts';
import type { HookResult as _drayage_v1_HookResult, HookResult__Output as _drayage_v1_HookResult__Output } from '../../drayage/v1/HookResult.ts';
import type { ImageProgress as _drayage_v1_ImageProgress, ImageProgress__Output as _drayage_v1_ImageProgress__Output } from '../../drayage/v1/ImageProgress.ts';
import type { IsolateSourceRequest as _drayage_v1_IsolateSourceRequest, IsolateSourceRequest__Output as _drayage_v1_IsolateSourceRequest__Output } from '../../drayage/v1/IsolateSourceRequest.ts';
import type { IsolatedSource as _drayage_v1_IsolatedSource, IsolatedSource__Output as _drayage_v1_IsolatedSource__Output } from '../../drayage/v1/IsolatedSource.ts';
import type { KeepLayerRequest as _drayage_v1_KeepLayerRequest, KeepLayerRequest__Output as _drayage_v1_KeepLayerRequest__Output } from '../../drayage/v1/KeepLayerRequest.ts';
import type { KeptLayer as _drayage_v1_KeptLayer, KeptLayer__Output as _drayage_v1_KeptLayer__Output } from '../../drayage/v1/KeptLayer.ts';
import type { LineRate as _drayage_v1_LineRate, LineRate__Output as _drayage_v1_LineRate__Output } from '../../drayage/v1/LineRate.ts';
import type { LookAtLayerRequest as _drayage_v1_LookAtLayerRequest, LookAtLayerRequest__Output as _drayage_v1_LookAtLayerRequest__Output } from '../../drayage/v1/LookAtLayerRequest.ts';
import type { MeasureLineRequest as _drayage_v1_MeasureLineRequest, MeasureLineRequest__Output as _drayage_v1_MeasureLineRequest__Output } from '../../drayage/v1/MeasureLineRequest.ts';
import type { MeasureReadingRequest as _drayage_v1_MeasureReadingRequest, MeasureReadingRequest__Output as _drayage_v1_MeasureReadingRequest__Output } from '../../drayage/v1/MeasureReadingRequest.ts';
import type { MeasureWritingRequest as _drayage_v1_MeasureWritingRequest, MeasureWritingRequest__Output as _drayage_v1_MeasureWritingRequest__Output } from '../../drayage/v1/MeasureWritingRequest.ts';
import type { PrepareTargetRequest as _drayage_v1_PrepareTargetRequest, PrepareTargetRequest__Output as _drayage_v1_PrepareTargetRequest__Output } from '../../drayage/v1/PrepareTargetRequest.ts';
import type { PreparedTarget as _drayage_v1_PreparedTarget, PreparedTarget__Output as _drayage_v1_PreparedTarget__Output } from '../../drayage/v1/PreparedTarget.ts';
import type { Project as _drayage_v1_Project, Project__Output as _drayage_v1_Project__Output } from '../../drayage/v1/Project.ts';
import type { ReceiveImageRequest as _drayage_v1_ReceiveImageRequest, ReceiveImageRequest__Output as _drayage_v1_ReceiveImageRequest__Output } from '../../drayage/v1/ReceiveImageRequest.ts';
import type { ReceiveVolumeRequest as _drayage_v1_ReceiveVolumeRequest, ReceiveVolumeRequest__Output as _drayage_v1_ReceiveVolumeRequest__Output } from '../../drayage/v1/ReceiveVolumeRequest.ts';
import type { ReinstateTargetRequest as _drayage_v1_ReinstateTargetRequest, ReinstateTargetRequest__Output as _drayage_v1_ReinstateTargetRequest__Output } from '../../drayage/v1/ReinstateTargetRequest.ts';
import type { ReleaseSourceRequest as _drayage_v1_ReleaseSourceRequest, ReleaseSourceRequest__Output as _drayage_v1_ReleaseSourceRequest__Output } from '../../drayage/v1/ReleaseSourceRequest.ts';
import type { RemoveImageRequest as _drayage_v1_RemoveImageRequest, RemoveImageRequest__Output as _drayage_v1_RemoveImageRequest__Output } from '../../drayage/v1/RemoveImageRequest.ts';
import type { RestartSourceRequest as _drayage_v1_RestartSourceRequest, RestartSourceRequest__Output as _drayage_v1_RestartSourceRequest__Output } from '../../drayage/v1/RestartSourceRequest.ts';
import type { RestoreSourceRequest as _drayage_v1_RestoreSourceRequest, RestoreSourceRequest__Output as _drayage_v1_RestoreSourceRequest__Output } from '../../drayage/v1/RestoreSourceRequest.ts';
import type { RetireSourceRequest as _drayage_v1_RetireSourceRequest, RetireSourceRequest__Output as _drayage_v1_RetireSourceRequest__Output } from '../../drayage/v1/RetireSourceRequest.ts';
import type { RunHookRequest as _drayage_v1_RunHookRequest, RunHookRequest__Output as _drayage_v1_RunHookRequest__Output } from '../../drayage/v1/RunHookRequest.ts';
import type { SettleWorkloadRequest as _drayage_v1_SettleWorkloadRequest, SettleWorkloadRequest__Output as _drayage_v1_SettleWorkloadRequest__Output } from '../../drayage/v1/SettleWorkloadRequest.ts';
import type { Standing as _drayage_v1_Standing, Standing__Output as _drayage_v1_Standing__Output } from '../../drayage/v1/Standing.ts';
import type { StartTargetRequest as _drayage_v1_StartTargetRequest, StartTargetRequest__Output as _drayage_v1_StartTargetRequest__Output } from '../../drayage/v1/StartTargetRequest.ts';
import type { StartedTarget as _drayage_v1_StartedTarget, StartedTarget__Output as _drayage_v1_StartedTarget__Output } from '../../drayage/v1/StartedTarget.ts';
import type { StopSourceRequest as _drayage_v1_StopSourceRequest, StopSourceRequest__Output as _drayage_v1_StopSourceRequest__Output } from '../../drayage/v1/StopSourceRequest.ts';
import type { StopTargetRequest as _drayage_v1_StopTargetRequest, StopTargetRequest__Output as _drayage_v1_StopTargetRequest__Output } from '../../drayage/v1/StopTargetRequest.ts';
import type { StoppedSource as _drayage_v1_StoppedSource, StoppedSource__Output as _drayage_v1_StoppedSource__Output } from '../../drayage/v1/StoppedSource.ts';
import type { TargetChecks as _drayage_v1_TargetChecks, TargetChecks__Output as _drayage_v1_TargetChecks__Output } from '../../drayage/v1/TargetChecks.ts';
import type { UnfenceSourceRequest as _drayage_v1_UnfenceSourceRequest, UnfenceSourceRequest__Output as _drayage_v1_UnfenceSourceRequest__Output } from '../../drayage/v1/UnfenceSourceRequest.ts';
import type { VolumeProgress as _drayage_v1_VolumeProgress, VolumeProgress__Output as _drayage_v1_VolumeProgress__Output } from '../../drayage/v1/VolumeProgress.ts';
import type { WritableLayer as _drayage_v1_WritableLayer, WritableLayer__Output as _drayage_v1_WritableLayer__Output } from '../../drayage/v1/WritableLayer.ts';

export interface AgentClient extends grpc.Client {
  CheckTargets(argument: _drayage_v1_CheckTargetsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_TargetChecks__Output>): grpc.ClientUnaryCall;
  CheckTargets(argument: _drayage_v1_CheckTargetsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_TargetChecks__Output>): grpc.ClientUnaryCall;
  CheckTargets(argument: _drayage_v1_CheckTargetsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_TargetChecks__Output>): grpc.ClientUnaryCall;
  CheckTargets(argument: _drayage_v1_CheckTargetsRequest, callback: grpc.requestCallback<_drayage_v1_TargetChecks__Output>): grpc.ClientUnaryCall;
  checkTargets(argument: _drayage_v1_CheckTargetsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_TargetChecks__Output>): grpc.ClientUnaryCall;
  checkTargets(argument: _drayage_v1_CheckTargetsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_TargetChecks__Output>): grpc.ClientUnaryCall;
  checkTargets(argument: _drayage_v1_CheckTargetsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_TargetChecks__Output>): grpc.ClientUnaryCall;
  checkTargets(argument: _drayage_v1_CheckTargetsRequest, callback: grpc.requestCallback<_drayage_v1_TargetChecks__Output>): grpc.ClientUnaryCall;
  
  ConfirmTarget(argument: _drayage_v1_ConfirmTargetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  ConfirmTarget(argument: _drayage_v1_ConfirmTargetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  ConfirmTarget(argument: _drayage_v1_ConfirmTargetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  ConfirmTarget(argument: _drayage_v1_ConfirmTargetRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  confirmTarget(argument: _drayage_v1_ConfirmTargetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  confirmTarget(argument: _drayage_v1_ConfirmTargetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  confirmTarget(argument: _drayage_v1_ConfirmTargetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  confirmTarget(argument: _drayage_v1_ConfirmTargetRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  
  DescribeProject(argument: _drayage_v1_DescribeProjectRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Project__Output>): grpc.ClientUnaryCall;
  DescribeProject(argument: _drayage_v1_DescribeProjectRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Project__Output>): grpc.ClientUnaryCall;
  DescribeProject(argument: _drayage_v1_DescribeProjectRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Project__Output>): grpc.ClientUnaryCall;
  DescribeProject(argument: _drayage_v1_DescribeProjectRequest, callback: grpc.requestCallback<_drayage_v1_Project__Output>): grpc.ClientUnaryCall;
  describeProject(argument: _drayage_v1_DescribeProjectRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Project__Output>): grpc.ClientUnaryCall;
  describeProject(argument: _drayage_v1_DescribeProjectRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Project__Output>): grpc.ClientUnaryCall;
  describeProject(argument: _drayage_v1_DescribeProjectRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Project__Output>): grpc.ClientUnaryCall;
  describeProject(argument: _drayage_v1_DescribeProjectRequest, callback: grpc.requestCallback<_drayage_v1_Project__Output>): grpc.ClientUnaryCall;
  
  DescribeStanding(argument: _drayage_v1_DescribeStandingRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Standing__Output>): grpc.ClientUnaryCall;
  DescribeStanding(argument: _drayage_v1_DescribeStandingRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Standing__Output>): grpc.ClientUnaryCall;
  DescribeStanding(argument: _drayage_v1_DescribeStandingRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Standing__Output>): grpc.ClientUnaryCall;
  DescribeStanding(argument: _drayage_v1_DescribeStandingRequest, callback: grpc.requestCallback<_drayage_v1_Standing__Output>): grpc.ClientUnaryCall;
  describeStanding(argument: _drayage_v1_DescribeStandingRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Standing__Output>): grpc.ClientUnaryCall;
  describeStanding(argument: _drayage_v1_DescribeStandingRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Standing__Output>): grpc.ClientUnaryCall;
  describeStanding(argument: _drayage_v1_DescribeStandingRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Standing__Output>): grpc.ClientUnaryCall;
  describeStanding(argument: _drayage_v1_DescribeStandingRequest, callback: grpc.requestCallback<_drayage_v1_Standing__Output>): grpc.ClientUnaryCall;
  
  DescribeWorkloads(argument: _drayage_v1_DescribeWorkloadsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_DescribedWorkloads__Output>): grpc.ClientUnaryCall;
  DescribeWorkloads(argument: _drayage_v1_DescribeWorkloadsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_DescribedWorkloads__Output>): grpc.ClientUnaryCall;
  DescribeWorkloads(argument: _drayage_v1_DescribeWorkloadsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_DescribedWorkloads__Output>): grpc.ClientUnaryCall;
  DescribeWorkloads(argument: _drayage_v1_DescribeWorkloadsRequest, callback: grpc.requestCallback<_drayage_v1_DescribedWorkloads__Output>): grpc.ClientUnaryCall;
  describeWorkloads(argument: _drayage_v1_DescribeWorkloadsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_DescribedWorkloads__Output>): grpc.ClientUnaryCall;
  describeWorkloads(argument: _drayage_v1_DescribeWorkloadsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_DescribedWorkloads__Output>): grpc.ClientUnaryCall;
  describeWorkloads(argument: _drayage_v1_DescribeWorkloadsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_DescribedWorkloads__Output>): grpc.ClientUnaryCall;
  describeWorkloads(argument: _drayage_v1_DescribeWorkloadsRequest, callback: grpc.requestCallback<_drayage_v1_DescribedWorkloads__Output>): grpc.ClientUnaryCall;
  
  DiscardTarget(argument: _drayage_v1_DiscardTargetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  DiscardTarget(argument: _drayage_v1_DiscardTargetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  DiscardTarget(argument: _drayage_v1_DiscardTargetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  DiscardTarget(argument: _drayage_v1_DiscardTargetRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  discardTarget(argument: _drayage_v1_DiscardTargetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  discardTarget(argument: _drayage_v1_DiscardTargetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  discardTarget(argument: _drayage_v1_DiscardTargetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  discardTarget(argument: _drayage_v1_DiscardTargetRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  
  FenceSource(argument: _drayage_v1_FenceSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_FencedSource__Output>): grpc.ClientUnaryCall;
  FenceSource(argument: _drayage_v1_FenceSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_FencedSource__Output>): grpc.ClientUnaryCall;
  FenceSource(argument: _drayage_v1_FenceSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_FencedSource__Output>): grpc.ClientUnaryCall;
  FenceSource(argument: _drayage_v1_FenceSourceRequest, callback: grpc.requestCallback<_drayage_v1_FencedSource__Output>): grpc.ClientUnaryCall;
  fenceSource(argument: _drayage_v1_FenceSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_FencedSource__Output>): grpc.ClientUnaryCall;
  fenceSource(argument: _drayage_v1_FenceSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_FencedSource__Output>): grpc.ClientUnaryCall;
  fenceSource(argument: _drayage_v1_FenceSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_FencedSource__Output>): grpc.ClientUnaryCall;
  fenceSource(argument: _drayage_v1_FenceSourceRequest, callback: grpc.requestCallback<_drayage_v1_FencedSource__Output>): grpc.ClientUnaryCall;
  
  FinalizeSource(argument: _drayage_v1_FinalizeSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_FinalizedSource__Output>): grpc.ClientUnaryCall;
  FinalizeSource(argument: _drayage_v1_FinalizeSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_FinalizedSource__Output>): grpc.ClientUnaryCall;
  FinalizeSource(argument: _drayage_v1_FinalizeSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_FinalizedSource__Output>): grpc.ClientUnaryCall;
  FinalizeSource(argument: _drayage_v1_FinalizeSourceRequest, callback: grpc.requestCallback<_drayage_v1_FinalizedSource__Output>): grpc.ClientUnaryCall;
  finalizeSource(argument: _drayage_v1_FinalizeSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_FinalizedSource__Output>): grpc.ClientUnaryCall;
  finalizeSource(argument: _drayage_v1_FinalizeSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_FinalizedSource__Output>): grpc.ClientUnaryCall;
  finalizeSource(argument: _drayage_v1_FinalizeSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_FinalizedSource__Output>): grpc.ClientUnaryCall;
  finalizeSource(argument: _drayage_v1_FinalizeSourceRequest, callback: grpc.requestCallback<_drayage_v1_FinalizedSource__Output>): grpc.ClientUnaryCall;
  
  ForgetCopy(argument: _drayage_v1_ForgetCopyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  ForgetCopy(argument: _drayage_v1_ForgetCopyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  ForgetCopy(argument: _drayage_v1_ForgetCopyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  ForgetCopy(argument: _drayage_v1_ForgetCopyRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  forgetCopy(argument: _drayage_v1_ForgetCopyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  forgetCopy(argument: _drayage_v1_ForgetCopyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  forgetCopy(argument: _drayage_v1_ForgetCopyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  forgetCopy(argument: _drayage_v1_ForgetCopyRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  
  ForgetMigration(argument: _drayage_v1_ForgetMigrationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  ForgetMigration(argument: _drayage_v1_ForgetMigrationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  ForgetMigration(argument: _drayage_v1_ForgetMigrationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  ForgetMigration(argument: _drayage_v1_ForgetMigrationRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  forgetMigration(argument: _drayage_v1_ForgetMigrationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  forgetMigration(argument: _drayage_v1_ForgetMigrationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  forgetMigration(argument: _drayage_v1_ForgetMigrationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  forgetMigration(argument: _drayage_v1_ForgetMigrationRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  
  GrantEpoch(argument: _drayage_v1_GrantEpochRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_GrantEpochReply__Output>): grpc.ClientUnaryCall;
  GrantEpoch(argument: _drayage_v1_GrantEpochRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_GrantEpochReply__Output>): grpc.ClientUnaryCall;
  GrantEpoch(argument: _drayage_v1_GrantEpochRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_GrantEpochReply__Output>): grpc.ClientUnaryCall;
  GrantEpoch(argument: _drayage_v1_GrantEpochRequest, callback: grpc.requestCallback<_drayage_v1_GrantEpochReply__Output>): grpc.ClientUnaryCall;
  grantEpoch(argument: _drayage_v1_GrantEpochRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_GrantEpochReply__Output>): grpc.ClientUnaryCall;
  grantEpoch(argument: _drayage_v1_GrantEpochRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_GrantEpochReply__Output>): grpc.ClientUnaryCall;
  grantEpoch(argument: _drayage_v1_GrantEpochRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_GrantEpochReply__Output>): grpc.ClientUnaryCall;
  grantEpoch(argument: _drayage_v1_GrantEpochRequest, callback: grpc.requestCallback<_drayage_v1_GrantEpochReply__Output>): grpc.ClientUnaryCall;
  
  HoldSource(argument: _drayage_v1_HoldSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  HoldSource(argument: _drayage_v1_HoldSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  HoldSource(argument: _drayage_v1_HoldSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  HoldSource(argument: _drayage_v1_HoldSourceRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  holdSource(argument: _drayage_v1_HoldSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  holdSource(argument: _drayage_v1_HoldSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  holdSource(argument: _drayage_v1_HoldSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  holdSource(argument: _drayage_v1_HoldSourceRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  
  IsolateSource(argument: _drayage_v1_IsolateSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_IsolatedSource__Output>): grpc.ClientUnaryCall;
  IsolateSource(argument: _drayage_v1_IsolateSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_IsolatedSource__Output>): grpc.ClientUnaryCall;
  IsolateSource(argument: _drayage_v1_IsolateSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_IsolatedSource__Output>): grpc.ClientUnaryCall;
  IsolateSource(argument: _drayage_v1_IsolateSourceRequest, callback: grpc.requestCallback<_drayage_v1_IsolatedSource__Output>): grpc.ClientUnaryCall;
  isolateSource(argument: _drayage_v1_IsolateSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_IsolatedSource__Output>): grpc.ClientUnaryCall;
  isolateSource(argument: _drayage_v1_IsolateSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_IsolatedSource__Output>): grpc.ClientUnaryCall;
  isolateSource(argument: _drayage_v1_IsolateSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_IsolatedSource__Output>): grpc.ClientUnaryCall;
  isolateSource(argument: _drayage_v1_IsolateSourceRequest, callback: grpc.requestCallback<_drayage_v1_IsolatedSource__Output>): grpc.ClientUnaryCall;
  
  KeepLayer(argument: _drayage_v1_KeepLayerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_KeptLayer__Output>): grpc.ClientUnaryCall;
  KeepLayer(argument: _drayage_v1_KeepLayerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_KeptLayer__Output>): grpc.ClientUnaryCall;
  KeepLayer(argument: _drayage_v1_KeepLayerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_KeptLayer__Output>): grpc.ClientUnaryCall;
  KeepLayer(argument: _drayage_v1_KeepLayerRequest, callback: grpc.requestCallback<_drayage_v1_KeptLayer__Output>): grpc.ClientUnaryCall;
  keepLayer(argument: _drayage_v1_KeepLayerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_KeptLayer__Output>): grpc.ClientUnaryCall;
  keepLayer(argument: _drayage_v1_KeepLayerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_KeptLayer__Output>): grpc.ClientUnaryCall;
  keepLayer(argument: _drayage_v1_KeepLayerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_KeptLayer__Output>): grpc.ClientUnaryCall;
  keepLayer(argument: _drayage_v1_KeepLayerRequest, callback: grpc.requestCallback<_drayage_v1_KeptLayer__Output>): grpc.ClientUnaryCall;
  
  LookAtLayer(argument: _drayage_v1_LookAtLayerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_WritableLayer__Output>): grpc.ClientUnaryCall;
  LookAtLayer(argument: _drayage_v1_LookAtLayerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_WritableLayer__Output>): grpc.ClientUnaryCall;
  LookAtLayer(argument: _drayage_v1_LookAtLayerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_WritableLayer__Output>): grpc.ClientUnaryCall;
  LookAtLayer(argument: _drayage_v1_LookAtLayerRequest, callback: grpc.requestCallback<_drayage_v1_WritableLayer__Output>): grpc.ClientUnaryCall;
  lookAtLayer(argument: _drayage_v1_LookAtLayerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_WritableLayer__Output>): grpc.ClientUnaryCall;
  lookAtLayer(argument: _drayage_v1_LookAtLayerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_WritableLayer__Output>): grpc.ClientUnaryCall;
  lookAtLayer(argument: _drayage_v1_LookAtLayerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_WritableLayer__Output>): grpc.ClientUnaryCall;
  lookAtLayer(argument: _drayage_v1_LookAtLayerRequest, callback: grpc.requestCallback<_drayage_v1_WritableLayer__Output>): grpc.ClientUnaryCall;
  
  MeasureLine(argument: _drayage_v1_MeasureLineRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_LineRate__Output>): grpc.ClientUnaryCall;
  MeasureLine(argument: _drayage_v1_MeasureLineRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_LineRate__Output>): grpc.ClientUnaryCall;
  MeasureLine(argument: _drayage_v1_MeasureLineRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_LineRate__Output>): grpc.ClientUnaryCall;
  MeasureLine(argument: _drayage_v1_MeasureLineRequest, callback: grpc.requestCallback<_drayage_v1_LineRate__Output>): grpc.ClientUnaryCall;
  measureLine(argument: _drayage_v1_MeasureLineRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_LineRate__Output>): grpc.ClientUnaryCall;
  measureLine(argument: _drayage_v1_MeasureLineRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_LineRate__Output>): grpc.ClientUnaryCall;
  measureLine(argument: _drayage_v1_MeasureLineRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_LineRate__Output>): grpc.ClientUnaryCall;
  measureLine(argument: _drayage_v1_MeasureLineRequest, callback: grpc.requestCallback<_drayage_v1_LineRate__Output>): grpc.ClientUnaryCall;
  
  MeasureReading(argument: _drayage_v1_MeasureReadingRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_DiskRates__Output>): grpc.ClientUnaryCall;
  MeasureReading(argument: _drayage_v1_MeasureReadingRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_DiskRates__Output>): grpc.ClientUnaryCall;
  MeasureReading(argument: _drayage_v1_MeasureReadingRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_DiskRates__Output>): grpc.ClientUnaryCall;
  MeasureReading(argument: _drayage_v1_MeasureReadingRequest, callback: grpc.requestCallback<_drayage_v1_DiskRates__Output>): grpc.ClientUnaryCall;
  measureReading(argument: _drayage_v1_MeasureReadingRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_DiskRates__Output>): grpc.ClientUnaryCall;
  measureReading(argument: _drayage_v1_MeasureReadingRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_DiskRates__Output>): grpc.ClientUnaryCall;
  measureReading(argument: _drayage_v1_MeasureReadingRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_DiskRates__Output>): grpc.ClientUnaryCall;
  measureReading(argument: _drayage_v1_MeasureReadingRequest, callback: grpc.requestCallback<_drayage_v1_DiskRates__Output>): grpc.ClientUnaryCall;
  
  MeasureWriting(argument: _drayage_v1_MeasureWritingRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_DiskRates__Output>): grpc.ClientUnaryCall;
  MeasureWriting(argument: _drayage_v1_MeasureWritingRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_DiskRates__Output>): grpc.ClientUnaryCall;
  MeasureWriting(argument: _drayage_v1_MeasureWritingRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_DiskRates__Output>): grpc.ClientUnaryCall;
  MeasureWriting(argument: _drayage_v1_MeasureWritingRequest, callback: grpc.requestCallback<_drayage_v1_DiskRates__Output>): grpc.ClientUnaryCall;
  measureWriting(argument: _drayage_v1_MeasureWritingRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_DiskRates__Output>): grpc.ClientUnaryCall;
  measureWriting(argument: _drayage_v1_MeasureWritingRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_DiskRates__Output>): grpc.ClientUnaryCall;
  measureWriting(argument: _drayage_v1_MeasureWritingRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_DiskRates__Output>): grpc.ClientUnaryCall;
  measureWriting(argument: _drayage_v1_MeasureWritingRequest, callback: grpc.requestCallback<_drayage_v1_DiskRates__Output>): grpc.ClientUnaryCall;
  
  PrepareTarget(argument: _drayage_v1_PrepareTargetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_PreparedTarget__Output>): grpc.ClientUnaryCall;
  PrepareTarget(argument: _drayage_v1_PrepareTargetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_PreparedTarget__Output>): grpc.ClientUnaryCall;
  PrepareTarget(argument: _drayage_v1_PrepareTargetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_PreparedTarget__Output>): grpc.ClientUnaryCall;
  PrepareTarget(argument: _drayage_v1_PrepareTargetRequest, callback: grpc.requestCallback<_drayage_v1_PreparedTarget__Output>): grpc.ClientUnaryCall;
  prepareTarget(argument: _drayage_v1_PrepareTargetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_PreparedTarget__Output>): grpc.ClientUnaryCall;
  prepareTarget(argument: _drayage_v1_PrepareTargetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_PreparedTarget__Output>): grpc.ClientUnaryCall;
  prepareTarget(argument: _drayage_v1_PrepareTargetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_PreparedTarget__Output>): grpc.ClientUnaryCall;
  prepareTarget(argument: _drayage_v1_PrepareTargetRequest, callback: grpc.requestCallback<_drayage_v1_PreparedTarget__Output>): grpc.ClientUnaryCall;
  
  ReceiveImage(argument: _drayage_v1_ReceiveImageRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ImageProgress__Output>;
  ReceiveImage(argument: _drayage_v1_ReceiveImageRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ImageProgress__Output>;
  receiveImage(argument: _drayage_v1_ReceiveImageRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ImageProgress__Output>;
  receiveImage(argument: _drayage_v1_ReceiveImageRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_ImageProgress__Output>;
  
  ReceiveVolume(argument: _drayage_v1_ReceiveVolumeRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_VolumeProgress__Output>;
  ReceiveVolume(argument: _drayage_v1_ReceiveVolumeRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_VolumeProgress__Output>;
  receiveVolume(argument: _drayage_v1_ReceiveVolumeRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_VolumeProgress__Output>;
  receiveVolume(argument: _drayage_v1_ReceiveVolumeRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_drayage_v1_VolumeProgress__Output>;
  
  ReinstateTarget(argument: _drayage_v1_ReinstateTargetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  ReinstateTarget(argument: _drayage_v1_ReinstateTargetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  ReinstateTarget(argument: _drayage_v1_ReinstateTargetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  ReinstateTarget(argument: _drayage_v1_ReinstateTargetRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  reinstateTarget(argument: _drayage_v1_ReinstateTargetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  reinstateTarget(argument: _drayage_v1_ReinstateTargetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  reinstateTarget(argument: _drayage_v1_ReinstateTargetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  reinstateTarget(argument: _drayage_v1_ReinstateTargetRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  
  ReleaseSource(argument: _drayage_v1_ReleaseSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  ReleaseSource(argument: _drayage_v1_ReleaseSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  ReleaseSource(argument: _drayage_v1_ReleaseSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  ReleaseSource(argument: _drayage_v1_ReleaseSourceRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  releaseSource(argument: _drayage_v1_ReleaseSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  releaseSource(argument: _drayage_v1_ReleaseSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  releaseSource(argument: _drayage_v1_ReleaseSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  releaseSource(argument: _drayage_v1_ReleaseSourceRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  
  RemoveImage(argument: _drayage_v1_RemoveImageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  RemoveImage(argument: _drayage_v1_RemoveImageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  RemoveImage(argument: _drayage_v1_RemoveImageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  RemoveImage(argument: _drayage_v1_RemoveImageRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  removeImage(argument: _drayage_v1_RemoveImageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  removeImage(argument: _drayage_v1_RemoveImageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  removeImage(argument: _drayage_v1_RemoveImageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  removeImage(argument: _drayage_v1_RemoveImageRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  
  RestartSource(argument: _drayage_v1_RestartSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  RestartSource(argument: _drayage_v1_RestartSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  RestartSource(argument: _drayage_v1_RestartSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  RestartSource(argument: _drayage_v1_RestartSourceRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  restartSource(argument: _drayage_v1_RestartSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  restartSource(argument: _drayage_v1_RestartSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  restartSource(argument: _drayage_v1_RestartSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  restartSource(argument: _drayage_v1_RestartSourceRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  
  RestoreSource(argument: _drayage_v1_RestoreSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  RestoreSource(argument: _drayage_v1_RestoreSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  RestoreSource(argument: _drayage_v1_RestoreSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  RestoreSource(argument: _drayage_v1_RestoreSourceRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  restoreSource(argument: _drayage_v1_RestoreSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  restoreSource(argument: _drayage_v1_RestoreSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  restoreSource(argument: _drayage_v1_RestoreSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  restoreSource(argument: _drayage_v1_RestoreSourceRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  
  RetireSource(argument: _drayage_v1_RetireSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  RetireSource(argument: _drayage_v1_RetireSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  RetireSource(argument: _drayage_v1_RetireSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  RetireSource(argument: _drayage_v1_RetireSourceRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  retireSource(argument: _drayage_v1_RetireSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  retireSource(argument: _drayage_v1_RetireSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  retireSource(argument: _drayage_v1_RetireSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  retireSource(argument: _drayage_v1_RetireSourceRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  
  RunHook(argument: _drayage_v1_RunHookRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_HookResult__Output>): grpc.ClientUnaryCall;
  RunHook(argument: _drayage_v1_RunHookRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_HookResult__Output>): grpc.ClientUnaryCall;
  RunHook(argument: _drayage_v1_RunHookRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_HookResult__Output>): grpc.ClientUnaryCall;
  RunHook(argument: _drayage_v1_RunHookRequest, callback: grpc.requestCallback<_drayage_v1_HookResult__Output>): grpc.ClientUnaryCall;
  runHook(argument: _drayage_v1_RunHookRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_HookResult__Output>): grpc.ClientUnaryCall;
  runHook(argument: _drayage_v1_RunHookRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_HookResult__Output>): grpc.ClientUnaryCall;
  runHook(argument: _drayage_v1_RunHookRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_HookResult__Output>): grpc.ClientUnaryCall;
  runHook(argument: _drayage_v1_RunHookRequest, callback: grpc.requestCallback<_drayage_v1_HookResult__Output>): grpc.ClientUnaryCall;
  
  SettleWorkload(argument: _drayage_v1_SettleWorkloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  SettleWorkload(argument: _drayage_v1_SettleWorkloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  SettleWorkload(argument: _drayage_v1_SettleWorkloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  SettleWorkload(argument: _drayage_v1_SettleWorkloadRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  settleWorkload(argument: _drayage_v1_SettleWorkloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  settleWorkload(argument: _drayage_v1_SettleWorkloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  settleWorkload(argument: _drayage_v1_SettleWorkloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  settleWorkload(argument: _drayage_v1_SettleWorkloadRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  
  StartTarget(argument: _drayage_v1_StartTargetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_StartedTarget__Output>): grpc.ClientUnaryCall;
  StartTarget(argument: _drayage_v1_StartTargetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_StartedTarget__Output>): grpc.ClientUnaryCall;
  StartTarget(argument: _drayage_v1_StartTargetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_StartedTarget__Output>): grpc.ClientUnaryCall;
  StartTarget(argument: _drayage_v1_StartTargetRequest, callback: grpc.requestCallback<_drayage_v1_StartedTarget__Output>): grpc.ClientUnaryCall;
  startTarget(argument: _drayage_v1_StartTargetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_StartedTarget__Output>): grpc.ClientUnaryCall;
  startTarget(argument: _drayage_v1_StartTargetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_StartedTarget__Output>): grpc.ClientUnaryCall;
  startTarget(argument: _drayage_v1_StartTargetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_StartedTarget__Output>): grpc.ClientUnaryCall;
  startTarget(argument: _drayage_v1_StartTargetRequest, callback: grpc.requestCallback<_drayage_v1_StartedTarget__Output>): grpc.ClientUnaryCall;
  
  StopSource(argument: _drayage_v1_StopSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_StoppedSource__Output>): grpc.ClientUnaryCall;
  StopSource(argument: _drayage_v1_StopSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_StoppedSource__Output>): grpc.ClientUnaryCall;
  StopSource(argument: _drayage_v1_StopSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_StoppedSource__Output>): grpc.ClientUnaryCall;
  StopSource(argument: _drayage_v1_StopSourceRequest, callback: grpc.requestCallback<_drayage_v1_StoppedSource__Output>): grpc.ClientUnaryCall;
  stopSource(argument: _drayage_v1_StopSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_StoppedSource__Output>): grpc.ClientUnaryCall;
  stopSource(argument: _drayage_v1_StopSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_StoppedSource__Output>): grpc.ClientUnaryCall;
  stopSource(argument: _drayage_v1_StopSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_StoppedSource__Output>): grpc.ClientUnaryCall;
  stopSource(argument: _drayage_v1_StopSourceRequest, callback: grpc.requestCallback<_drayage_v1_StoppedSource__Output>): grpc.ClientUnaryCall;
  
  StopTarget(argument: _drayage_v1_StopTargetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  StopTarget(argument: _drayage_v1_StopTargetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  StopTarget(argument: _drayage_v1_StopTargetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  StopTarget(argument: _drayage_v1_StopTargetRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  stopTarget(argument: _drayage_v1_StopTargetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  stopTarget(argument: _drayage_v1_StopTargetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  stopTarget(argument: _drayage_v1_StopTargetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  stopTarget(argument: _drayage_v1_StopTargetRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  
  UnfenceSource(argument: _drayage_v1_UnfenceSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  UnfenceSource(argument: _drayage_v1_UnfenceSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  UnfenceSource(argument: _drayage_v1_UnfenceSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  UnfenceSource(argument: _drayage_v1_UnfenceSourceRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  unfenceSource(argument: _drayage_v1_UnfenceSourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  unfenceSource(argument: _drayage_v1_UnfenceSourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  unfenceSource(argument: _drayage_v1_UnfenceSourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  unfenceSource(argument: _drayage_v1_UnfenceSourceRequest, callback: grpc.requestCallback<_drayage_v1_Done__Output>): grpc.ClientUnaryCall;
  
}

export interface AgentHandlers extends grpc.UntypedServiceImplementation {
  CheckTargets: grpc.handleUnaryCall<_drayage_v1_CheckTargetsRequest__Output, _drayage_v1_TargetChecks>;
  
  ConfirmTarget: grpc.handleUnaryCall<_drayage_v1_ConfirmTargetRequest__Output, _drayage_v1_Done>;
  
  DescribeProject: grpc.handleUnaryCall<_drayage_v1_DescribeProjectRequest__Output, _drayage_v1_Project>;
  
  DescribeStanding: grpc.handleUnaryCall<_drayage_v1_DescribeStandingRequest__Output, _drayage_v1_Standing>;
  
  DescribeWorkloads: grpc.handleUnaryCall<_drayage_v1_DescribeWorkloadsRequest__Output, _drayage_v1_DescribedWorkloads>;
  
  DiscardTarget: grpc.handleUnaryCall<_drayage_v1_DiscardTargetRequest__Output, _drayage_v1_Done>;
  
  FenceSource: grpc.handleUnaryCall<_drayage_v1_FenceSourceRequest__Output, _drayage_v1_FencedSource>;
  
  FinalizeSource: grpc.handleUnaryCall<_drayage_v1_FinalizeSourceRequest__Output, _drayage_v1_FinalizedSource>;
  
  ForgetCopy: grpc.handleUnaryCall<_drayage_v1_ForgetCopyRequest__Output, _drayage_v1_Done>;
  
  ForgetMigration: grpc.handleUnaryCall<_drayage_v1_ForgetMigrationRequest__Output, _drayage_v1_Done>;
  
  GrantEpoch: grpc.handleUnaryCall<_drayage_v1_GrantEpochRequest__Output, _drayage_v1_GrantEpochReply>;
  
  HoldSource: grpc.handleUnaryCall<_drayage_v1_HoldSourceRequest__Output, _drayage_v1_Done>;
  
  IsolateSource: grpc.handleUnaryCall<_drayage_v1_IsolateSourceRequest__Output, _drayage_v1_IsolatedSource>;
  
  KeepLayer: grpc.handleUnaryCall<_drayage_v1_KeepLayerRequest__Output, _drayage_v1_KeptLayer>;
  
  LookAtLayer: grpc.handleUnaryCall<_drayage_v1_LookAtLayerRequest__Output, _drayage_v1_WritableLayer>;
  
  MeasureLine: grpc.handleUnaryCall<_drayage_v1_MeasureLineRequest__Output, _drayage_v1_LineRate>;
  
  MeasureReading: grpc.handleUnaryCall<_drayage_v1_MeasureReadingRequest__Output, _drayage_v1_DiskRates>;
  
  MeasureWriting: grpc.handleUnaryCall<_drayage_v1_MeasureWritingRequest__Output, _drayage_v1_DiskRates>;
  
  PrepareTarget: grpc.handleUnaryCall<_drayage_v1_PrepareTargetRequest__Output, _drayage_v1_PreparedTarget>;
  
  ReceiveImage: grpc.handleServerStreamingCall<_drayage_v1_ReceiveImageRequest__Output, _drayage_v1_ImageProgress>;
  
  ReceiveVolume: grpc.handleServerStreamingCall<_drayage_v1_ReceiveVolumeRequest__Output, _drayage_v1_VolumeProgress>;
  
  ReinstateTarget: grpc.handleUnaryCall<_drayage_v1_ReinstateTargetRequest__Output, _drayage_v1_Done>;
  
  ReleaseSource: grpc.handleUnaryCall<_drayage_v1_ReleaseSourceRequest__Output, _drayage_v1_Done>;
  
  RemoveImage: grpc.handleUnaryCall<_drayage_v1_RemoveImageRequest__Output, _drayage_v1_Done>;
  
  RestartSource: grpc.handleUnaryCall<_drayage_v1_RestartSourceRequest__Output, _drayage_v1_Done>;
  
  RestoreSource: grpc.handleUnaryCall<_drayage_v1_RestoreSourceRequest__Output, _drayage_v1_Done>;
  
  RetireSource: grpc.handleUnaryCall<_drayage_v1_RetireSourceRequest__Output, _drayage_v1_Done>;
  
  RunHook: grpc.handleUnaryCall<_drayage_v1_RunHookRequest__Output, _drayage_v1_HookResult>;
  
  SettleWorkload: grpc.handleUnaryCall<_drayage_v1_SettleWorkloadRequest__Output, _drayage_v1_Done>;
  
  StartTarget: grpc.handleUnaryCall<_drayage_v1_StartTargetRequest__Output, _drayage_v1_StartedTarget>;
  
  StopSource: grpc.handleUnaryCall<_drayage_v1_StopSourceRequest__Output, _drayage_v1_StoppedSource>;
  
  StopTarget: grpc.handleUnaryCall<_drayage_v1_StopTargetRequest__Output, _drayage_v1_Done>;
  
  UnfenceSource: grpc.handleUnaryCall<_drayage_v1_UnfenceSourceRequest__Output, _drayage_v1_Done>;
  
}

export interface AgentDefinition extends grpc.ServiceDefinition {
  CheckTargets: MethodDefinition<_drayage_v1_CheckTargetsRequest, _drayage_v1_TargetChecks, _drayage_v1_CheckTargetsRequest__Output, _drayage_v1_TargetChecks__Output>
  ConfirmTarget: MethodDefinition<_drayage_v1_ConfirmTargetRequest, _drayage_v1_Done, _drayage_v1_ConfirmTargetRequest__Output, _drayage_v1_Done__Output>
  DescribeProject: MethodDefinition<_drayage_v1_DescribeProjectRequest, _drayage_v1_Project, _drayage_v1_DescribeProjectRequest__Output, _drayage_v1_Project__Output>
  DescribeStanding: MethodDefinition<_drayage_v1_DescribeStandingRequest, _drayage_v1_Standing, _drayage_v1_DescribeStandingRequest__Output, _drayage_v1_Standing__Output>
  DescribeWorkloads: MethodDefinition<_drayage_v1_DescribeWorkloadsRequest, _drayage_v1_DescribedWorkloads, _drayage_v1_DescribeWorkloadsRequest__Output, _drayage_v1_DescribedWorkloads__Output>
  DiscardTarget: MethodDefinition<_drayage_v1_DiscardTargetRequest, _drayage_v1_Done, _drayage_v1_DiscardTargetRequest__Output, _drayage_v1_Done__Output>
  FenceSource: MethodDefinition<_drayage_v1_FenceSourceRequest, _drayage_v1_FencedSource, _drayage_v1_FenceSourceRequest__Output, _drayage_v1_FencedSource__Output>
  FinalizeSource: MethodDefinition<_drayage_v1_FinalizeSourceRequest, _drayage_v1_FinalizedSource, _drayage_v1_FinalizeSourceRequest__Output, _drayage_v1_FinalizedSource__Output>
  ForgetCopy: MethodDefinition<_drayage_v1_ForgetCopyRequest, _drayage_v1_Done, _drayage_v1_ForgetCopyRequest__Output, _drayage_v1_Done__Output>
  ForgetMigration: MethodDefinition<_drayage_v1_ForgetMigrationRequest, _drayage_v1_Done, _drayage_v1_ForgetMigrationRequest__Output, _drayage_v1_Done__Output>
  GrantEpoch: MethodDefinition<_drayage_v1_GrantEpochRequest, _drayage_v1_GrantEpochReply, _drayage_v1_GrantEpochRequest__Output, _drayage_v1_GrantEpochReply__Output>
  HoldSource: MethodDefinition<_drayage_v1_HoldSourceRequest, _drayage_v1_Done, _drayage_v1_HoldSourceRequest__Output, _drayage_v1_Done__Output>
  IsolateSource: MethodDefinition<_drayage_v1_IsolateSourceRequest, _drayage_v1_IsolatedSource, _drayage_v1_IsolateSourceRequest__Output, _drayage_v1_IsolatedSource__Output>
  KeepLayer: MethodDefinition<_drayage_v1_KeepLayerRequest, _drayage_v1_KeptLayer, _drayage_v1_KeepLayerRequest__Output, _drayage_v1_KeptLayer__Output>
  LookAtLayer: MethodDefinition<_drayage_v1_LookAtLayerRequest, _drayage_v1_WritableLayer, _drayage_v1_LookAtLayerRequest__Output, _drayage_v1_WritableLayer__Output>
  MeasureLine: MethodDefinition<_drayage_v1_MeasureLineRequest, _drayage_v1_LineRate, _drayage_v1_MeasureLineRequest__Output, _drayage_v1_LineRate__Output>
  MeasureReading: MethodDefinition<_drayage_v1_MeasureReadingRequest, _drayage_v1_DiskRates, _drayage_v1_MeasureReadingRequest__Output, _drayage_v1_DiskRates__Output>
  MeasureWriting: MethodDefinition<_drayage_v1_MeasureWritingRequest, _drayage_v1_DiskRates, _drayage_v1_MeasureWritingRequest__Output, _drayage_v1_DiskRates__Output>
  PrepareTarget: MethodDefinition<_drayage_v1_PrepareTargetRequest, _drayage_v1_PreparedTarget, _drayage_v1_PrepareTargetRequest__Output, _drayage_v1_PreparedTarget__Output>
  ReceiveImage: MethodDefinition<_drayage_v1_ReceiveImageRequest, _drayage_v1_ImageProgress, _drayage_v1_ReceiveImageRequest__Output, _drayage_v1_ImageProgress__Output>
  ReceiveVolume: MethodDefinition<_drayage_v1_ReceiveVolumeRequest, _drayage_v1_VolumeProgress, _drayage_v1_ReceiveVolumeRequest__Output, _drayage_v1_VolumeProgress__Output>
  ReinstateTarget: MethodDefinition<_drayage_v1_ReinstateTargetRequest, _drayage_v1_Done, _drayage_v1_ReinstateTargetRequest__Output, _drayage_v1_Done__Output>
  ReleaseSource: MethodDefinition<_drayage_v1_ReleaseSourceRequest, _drayage_v1_Done, _drayage_v1_ReleaseSourceRequest__Output, _drayage_v1_Done__Output>
  RemoveImage: MethodDefinition<_drayage_v1_RemoveImageRequest, _drayage_v1_Done, _drayage_v1_RemoveImageRequest__Output, _drayage_v1_Done__Output>
  RestartSource: MethodDefinition<_drayage_v1_RestartSourceRequest, _drayage_v1_Done, _drayage_v1_RestartSourceRequest__Output, _drayage_v1_Done__Output>
  RestoreSource: MethodDefinition<_drayage_v1_RestoreSourceRequest, _drayage_v1_Done, _drayage_v1_RestoreSourceRequest__Output, _drayage_v1_Done__Output>
  RetireSource: MethodDefinition<_drayage_v1_RetireSourceRequest, _drayage_v1_Done, _drayage_v1_RetireSourceRequest__Output, _drayage_v1_Done__Output>
  RunHook: MethodDefinition<_drayage_v1_RunHookRequest, _drayage_v1_HookResult, _drayage_v1_RunHookRequest__Output, _drayage_v1_HookResult__Output>
  SettleWorkload: MethodDefinition<_drayage_v1_SettleWorkloadRequest, _drayage_v1_Done, _drayage_v1_SettleWorkloadRequest__Output, _drayage_v1_Done__Output>
  StartTarget: MethodDefinition<_drayage_v1_StartTargetRequest, _drayage_v1_StartedTarget, _drayage_v1_StartTargetRequest__Output, _drayage_v1_StartedTarget__Output>
  StopSource: MethodDefinition<_drayage_v1_StopSourceRequest, _drayage_v1_StoppedSource, _drayage_v1_StopSourceRequest__Output, _drayage_v1_StoppedSource__Output>
  StopTarget: MethodDefinition<_drayage_v1_StopTargetRequest, _drayage_v1_Done, _drayage_v1_StopTargetRequest__Output, _drayage_v1_Done__Output>
  UnfenceSource: MethodDefinition<_drayage_v1_UnfenceSourceRequest, _drayage_v1_Done, _drayage_v1_UnfenceSourceRequest__Output, _drayage_v1_Done__Output>
}
