import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { AgentClient as _drayage_v1_AgentClient, AgentDefinition as _drayage_v1_AgentDefinition } from './drayage/v1/Agent.ts';
import type { BroughtBack as _drayage_v1_BroughtBack, BroughtBack__Output as _drayage_v1_BroughtBack__Output } from './drayage/v1/BroughtBack.ts';
import type { CheckTargetRequest as _drayage_v1_CheckTargetRequest, CheckTargetRequest__Output as _drayage_v1_CheckTargetRequest__Output } from './drayage/v1/CheckTargetRequest.ts';
import type { CheckTargetsRequest as _drayage_v1_CheckTargetsRequest, CheckTargetsRequest__Output as _drayage_v1_CheckTargetsRequest__Output } from './drayage/v1/CheckTargetsRequest.ts';
import type { Choices as _drayage_v1_Choices, Choices__Output as _drayage_v1_Choices__Output } from './drayage/v1/Choices.ts';
import type { ComposeService as _drayage_v1_ComposeService, ComposeService__Output as _drayage_v1_ComposeService__Output } from './drayage/v1/ComposeService.ts';
import type { ConfirmTargetRequest as _drayage_v1_ConfirmTargetRequest, ConfirmTargetRequest__Output as _drayage_v1_ConfirmTargetRequest__Output } from './drayage/v1/ConfirmTargetRequest.ts';
import type { DescribeProjectRequest as _drayage_v1_DescribeProjectRequest, DescribeProjectRequest__Output as _drayage_v1_DescribeProjectRequest__Output } from './drayage/v1/DescribeProjectRequest.ts';
import type { DescribeStandingRequest as _drayage_v1_DescribeStandingRequest, DescribeStandingRequest__Output as _drayage_v1_DescribeStandingRequest__Output } from './drayage/v1/DescribeStandingRequest.ts';
import type { DescribeWorkloadsRequest as _drayage_v1_DescribeWorkloadsRequest, DescribeWorkloadsRequest__Output as _drayage_v1_DescribeWorkloadsRequest__Output } from './drayage/v1/DescribeWorkloadsRequest.ts';
import type { DescribedWorkloads as _drayage_v1_DescribedWorkloads, DescribedWorkloads__Output as _drayage_v1_DescribedWorkloads__Output } from './drayage/v1/DescribedWorkloads.ts';
import type { DiscardTargetRequest as _drayage_v1_DiscardTargetRequest, DiscardTargetRequest__Output as _drayage_v1_DiscardTargetRequest__Output } from './drayage/v1/DiscardTargetRequest.ts';
import type { DiskRates as _drayage_v1_DiskRates, DiskRates__Output as _drayage_v1_DiskRates__Output } from './drayage/v1/DiskRates.ts';
import type { Done as _drayage_v1_Done, Done__Output as _drayage_v1_Done__Output } from './drayage/v1/Done.ts';
import type { EngineFacts as _drayage_v1_EngineFacts, EngineFacts__Output as _drayage_v1_EngineFacts__Output } from './drayage/v1/EngineFacts.ts';
import type { ErrorDetail as _drayage_v1_ErrorDetail, ErrorDetail__Output as _drayage_v1_ErrorDetail__Output } from './drayage/v1/ErrorDetail.ts';
import type { FenceSourceRequest as _drayage_v1_FenceSourceRequest, FenceSourceRequest__Output as _drayage_v1_FenceSourceRequest__Output } from './drayage/v1/FenceSourceRequest.ts';
import type { FencedSource as _drayage_v1_FencedSource, FencedSource__Output as _drayage_v1_FencedSource__Output } from './drayage/v1/FencedSource.ts';
import type { FinalizeSourceRequest as _drayage_v1_FinalizeSourceRequest, FinalizeSourceRequest__Output as _drayage_v1_FinalizeSourceRequest__Output } from './drayage/v1/FinalizeSourceRequest.ts';
import type { FinalizedSource as _drayage_v1_FinalizedSource, FinalizedSource__Output as _drayage_v1_FinalizedSource__Output } from './drayage/v1/FinalizedSource.ts';
import type { Finding as _drayage_v1_Finding, Finding__Output as _drayage_v1_Finding__Output } from './drayage/v1/Finding.ts';
import type { ForgetCopyRequest as _drayage_v1_ForgetCopyRequest, ForgetCopyRequest__Output as _drayage_v1_ForgetCopyRequest__Output } from './drayage/v1/ForgetCopyRequest.ts';
import type { ForgetMigrationRequest as _drayage_v1_ForgetMigrationRequest, ForgetMigrationRequest__Output as _drayage_v1_ForgetMigrationRequest__Output } from './drayage/v1/ForgetMigrationRequest.ts';
import type { GrantEpochReply as _drayage_v1_GrantEpochReply, GrantEpochReply__Output as _drayage_v1_GrantEpochReply__Output } from './drayage/v1/GrantEpochReply.ts';
import type { GrantEpochRequest as _drayage_v1_GrantEpochRequest, GrantEpochRequest__Output as _drayage_v1_GrantEpochRequest__Output } from './drayage/v1/GrantEpochRequest.ts';
import type { HeldEpoch as _drayage_v1_HeldEpoch, HeldEpoch__Output as _drayage_v1_HeldEpoch__Output } from './drayage/v1/HeldEpoch.ts';
import type { HeldMigration as _drayage_v1_HeldMigration, HeldMigration__Output as _drayage_v1_HeldMigration__Output } from './drayage/v1/HeldMigration.ts';
import type { HoldSourceRequest as _drayage_v1_HoldSourceRequest, HoldSourceRequest__Output as _drayage_v1_HoldSourceRequest__Output } from './drayage/v1/HoldSourceRequest.ts';
import type { Hook as _drayage_v1_Hook, Hook__Output as _drayage_v1_Hook__Output } from './drayage/v1/Hook.ts';
import type { HookResult as _drayage_v1_HookResult, HookResult__Output as _drayage_v1_HookResult__Output } from './drayage/v1/HookResult.ts';
import type { Image as _drayage_v1_Image, Image__Output as _drayage_v1_Image__Output } from './drayage/v1/Image.ts';
import type { ImageProgress as _drayage_v1_ImageProgress, ImageProgress__Output as _drayage_v1_ImageProgress__Output } from './drayage/v1/ImageProgress.ts';
import type { IsolateSourceRequest as _drayage_v1_IsolateSourceRequest, IsolateSourceRequest__Output as _drayage_v1_IsolateSourceRequest__Output } from './drayage/v1/IsolateSourceRequest.ts';
import type { IsolatedSource as _drayage_v1_IsolatedSource, IsolatedSource__Output as _drayage_v1_IsolatedSource__Output } from './drayage/v1/IsolatedSource.ts';
import type { KeepLayerRequest as _drayage_v1_KeepLayerRequest, KeepLayerRequest__Output as _drayage_v1_KeepLayerRequest__Output } from './drayage/v1/KeepLayerRequest.ts';
import type { KeptLayer as _drayage_v1_KeptLayer, KeptLayer__Output as _drayage_v1_KeptLayer__Output } from './drayage/v1/KeptLayer.ts';
import type { Lease as _drayage_v1_Lease, Lease__Output as _drayage_v1_Lease__Output } from './drayage/v1/Lease.ts';
import type { LineRate as _drayage_v1_LineRate, LineRate__Output as _drayage_v1_LineRate__Output } from './drayage/v1/LineRate.ts';
import type { LookAtLayerRequest as _drayage_v1_LookAtLayerRequest, LookAtLayerRequest__Output as _drayage_v1_LookAtLayerRequest__Output } from './drayage/v1/LookAtLayerRequest.ts';
import type { MeasureLineRequest as _drayage_v1_MeasureLineRequest, MeasureLineRequest__Output as _drayage_v1_MeasureLineRequest__Output } from './drayage/v1/MeasureLineRequest.ts';
import type { MeasureReadingRequest as _drayage_v1_MeasureReadingRequest, MeasureReadingRequest__Output as _drayage_v1_MeasureReadingRequest__Output } from './drayage/v1/MeasureReadingRequest.ts';
import type { MeasureWritingRequest as _drayage_v1_MeasureWritingRequest, MeasureWritingRequest__Output as _drayage_v1_MeasureWritingRequest__Output } from './drayage/v1/MeasureWritingRequest.ts';
import type { Peer as _drayage_v1_Peer, Peer__Output as _drayage_v1_Peer__Output } from './drayage/v1/Peer.ts';
import type { PrepareTargetRequest as _drayage_v1_PrepareTargetRequest, PrepareTargetRequest__Output as _drayage_v1_PrepareTargetRequest__Output } from './drayage/v1/PrepareTargetRequest.ts';
import type { PreparedMember as _drayage_v1_PreparedMember, PreparedMember__Output as _drayage_v1_PreparedMember__Output } from './drayage/v1/PreparedMember.ts';
import type { PreparedTarget as _drayage_v1_PreparedTarget, PreparedTarget__Output as _drayage_v1_PreparedTarget__Output } from './drayage/v1/PreparedTarget.ts';
import type { Project as _drayage_v1_Project, Project__Output as _drayage_v1_Project__Output } from './drayage/v1/Project.ts';
import type { ProjectContainer as _drayage_v1_ProjectContainer, ProjectContainer__Output as _drayage_v1_ProjectContainer__Output } from './drayage/v1/ProjectContainer.ts';
import type { PublishedPort as _drayage_v1_PublishedPort, PublishedPort__Output as _drayage_v1_PublishedPort__Output } from './drayage/v1/PublishedPort.ts';
import type { ReceiveImageRequest as _drayage_v1_ReceiveImageRequest, ReceiveImageRequest__Output as _drayage_v1_ReceiveImageRequest__Output } from './drayage/v1/ReceiveImageRequest.ts';
import type { ReceiveVolumeRequest as _drayage_v1_ReceiveVolumeRequest, ReceiveVolumeRequest__Output as _drayage_v1_ReceiveVolumeRequest__Output } from './drayage/v1/ReceiveVolumeRequest.ts';
import type { ReceivedImage as _drayage_v1_ReceivedImage, ReceivedImage__Output as _drayage_v1_ReceivedImage__Output } from './drayage/v1/ReceivedImage.ts';
import type { ReinstateTargetRequest as _drayage_v1_ReinstateTargetRequest, ReinstateTargetRequest__Output as _drayage_v1_ReinstateTargetRequest__Output } from './drayage/v1/ReinstateTargetRequest.ts';
import type { ReleaseSourceRequest as _drayage_v1_ReleaseSourceRequest, ReleaseSourceRequest__Output as _drayage_v1_ReleaseSourceRequest__Output } from './drayage/v1/ReleaseSourceRequest.ts';
import type { RemoveImageRequest as _drayage_v1_RemoveImageRequest, RemoveImageRequest__Output as _drayage_v1_RemoveImageRequest__Output } from './drayage/v1/RemoveImageRequest.ts';
import type { RestartSourceRequest as _drayage_v1_RestartSourceRequest, RestartSourceRequest__Output as _drayage_v1_RestartSourceRequest__Output } from './drayage/v1/RestartSourceRequest.ts';
import type { RestoreSourceRequest as _drayage_v1_RestoreSourceRequest, RestoreSourceRequest__Output as _drayage_v1_RestoreSourceRequest__Output } from './drayage/v1/RestoreSourceRequest.ts';
import type { RetainedCopy as _drayage_v1_RetainedCopy, RetainedCopy__Output as _drayage_v1_RetainedCopy__Output } from './drayage/v1/RetainedCopy.ts';
import type { RetireSourceRequest as _drayage_v1_RetireSourceRequest, RetireSourceRequest__Output as _drayage_v1_RetireSourceRequest__Output } from './drayage/v1/RetireSourceRequest.ts';
import type { RetiredContainer as _drayage_v1_RetiredContainer, RetiredContainer__Output as _drayage_v1_RetiredContainer__Output } from './drayage/v1/RetiredContainer.ts';
import type { RetiredVolume as _drayage_v1_RetiredVolume, RetiredVolume__Output as _drayage_v1_RetiredVolume__Output } from './drayage/v1/RetiredVolume.ts';
import type { RunHookRequest as _drayage_v1_RunHookRequest, RunHookRequest__Output as _drayage_v1_RunHookRequest__Output } from './drayage/v1/RunHookRequest.ts';
import type { SetMember as _drayage_v1_SetMember, SetMember__Output as _drayage_v1_SetMember__Output } from './drayage/v1/SetMember.ts';
import type { SettleWorkloadRequest as _drayage_v1_SettleWorkloadRequest, SettleWorkloadRequest__Output as _drayage_v1_SettleWorkloadRequest__Output } from './drayage/v1/SettleWorkloadRequest.ts';
import type { Standing as _drayage_v1_Standing, Standing__Output as _drayage_v1_Standing__Output } from './drayage/v1/Standing.ts';
import type { StartTargetRequest as _drayage_v1_StartTargetRequest, StartTargetRequest__Output as _drayage_v1_StartTargetRequest__Output } from './drayage/v1/StartTargetRequest.ts';
import type { StartedTarget as _drayage_v1_StartedTarget, StartedTarget__Output as _drayage_v1_StartedTarget__Output } from './drayage/v1/StartedTarget.ts';
import type { StopSourceRequest as _drayage_v1_StopSourceRequest, StopSourceRequest__Output as _drayage_v1_StopSourceRequest__Output } from './drayage/v1/StopSourceRequest.ts';
import type { StopTargetRequest as _drayage_v1_StopTargetRequest, StopTargetRequest__Output as _drayage_v1_StopTargetRequest__Output } from './drayage/v1/StopTargetRequest.ts';
import type { StoppedSource as _drayage_v1_StoppedSource, StoppedSource__Output as _drayage_v1_StoppedSource__Output } from './drayage/v1/StoppedSource.ts';
import type { TargetCheck as _drayage_v1_TargetCheck, TargetCheck__Output as _drayage_v1_TargetCheck__Output } from './drayage/v1/TargetCheck.ts';
import type { TargetChecks as _drayage_v1_TargetChecks, TargetChecks__Output as _drayage_v1_TargetChecks__Output } from './drayage/v1/TargetChecks.ts';
import type { Ticket as _drayage_v1_Ticket, Ticket__Output as _drayage_v1_Ticket__Output } from './drayage/v1/Ticket.ts';
import type { TicketStatement as _drayage_v1_TicketStatement, TicketStatement__Output as _drayage_v1_TicketStatement__Output } from './drayage/v1/TicketStatement.ts';
import type { Tie as _drayage_v1_Tie, Tie__Output as _drayage_v1_Tie__Output } from './drayage/v1/Tie.ts';
import type { UnfenceSourceRequest as _drayage_v1_UnfenceSourceRequest, UnfenceSourceRequest__Output as _drayage_v1_UnfenceSourceRequest__Output } from './drayage/v1/UnfenceSourceRequest.ts';
import type { UsedContainer as _drayage_v1_UsedContainer, UsedContainer__Output as _drayage_v1_UsedContainer__Output } from './drayage/v1/UsedContainer.ts';
import type { VolumeProgress as _drayage_v1_VolumeProgress, VolumeProgress__Output as _drayage_v1_VolumeProgress__Output } from './drayage/v1/VolumeProgress.ts';
import type { VolumeResult as _drayage_v1_VolumeResult, VolumeResult__Output as _drayage_v1_VolumeResult__Output } from './drayage/v1/VolumeResult.ts';
import type { VolumeUsage as _drayage_v1_VolumeUsage, VolumeUsage__Output as _drayage_v1_VolumeUsage__Output } from './drayage/v1/VolumeUsage.ts';
import type { Workload as _drayage_v1_Workload, Workload__Output as _drayage_v1_Workload__Output } from './drayage/v1/Workload.ts';
import type { WorkloadBind as _drayage_v1_WorkloadBind, WorkloadBind__Output as _drayage_v1_WorkloadBind__Output } from './drayage/v1/WorkloadBind.ts';
import type { WorkloadNetwork as _drayage_v1_WorkloadNetwork, WorkloadNetwork__Output as _drayage_v1_WorkloadNetwork__Output } from './drayage/v1/WorkloadNetwork.ts';
import type { WorkloadVolume as _drayage_v1_WorkloadVolume, WorkloadVolume__Output as _drayage_v1_WorkloadVolume__Output } from './drayage/v1/WorkloadVolume.ts';
import type { WritableLayer as _drayage_v1_WritableLayer, WritableLayer__Output as _drayage_v1_WritableLayer__Output } from './drayage/v1/WritableLayer.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  drayage: {
    v1: {
      Agent: SubtypeConstructor<typeof grpc.Client, _drayage_v1_AgentClient> & { service: _drayage_v1_AgentDefinition }
      BroughtBack: MessageTypeDefinition<_drayage_v1_BroughtBack, _drayage_v1_BroughtBack__Output>
      CheckTargetRequest: MessageTypeDefinition<_drayage_v1_CheckTargetRequest, _drayage_v1_CheckTargetRequest__Output>
      CheckTargetsRequest: MessageTypeDefinition<_drayage_v1_CheckTargetsRequest, _drayage_v1_CheckTargetsRequest__Output>
      Choices: MessageTypeDefinition<_drayage_v1_Choices, _drayage_v1_Choices__Output>
      ComposeService: MessageTypeDefinition<_drayage_v1_ComposeService, _drayage_v1_ComposeService__Output>
      ConfirmTargetRequest: MessageTypeDefinition<_drayage_v1_ConfirmTargetRequest, _drayage_v1_ConfirmTargetRequest__Output>
      DescribeProjectRequest: MessageTypeDefinition<_drayage_v1_DescribeProjectRequest, _drayage_v1_DescribeProjectRequest__Output>
      DescribeStandingRequest: MessageTypeDefinition<_drayage_v1_DescribeStandingRequest, _drayage_v1_DescribeStandingRequest__Output>
      DescribeWorkloadsRequest: MessageTypeDefinition<_drayage_v1_DescribeWorkloadsRequest, _drayage_v1_DescribeWorkloadsRequest__Output>
      DescribedWorkloads: MessageTypeDefinition<_drayage_v1_DescribedWorkloads, _drayage_v1_DescribedWorkloads__Output>
      DiscardTargetRequest: MessageTypeDefinition<_drayage_v1_DiscardTargetRequest, _drayage_v1_DiscardTargetRequest__Output>
      DiskRates: MessageTypeDefinition<_drayage_v1_DiskRates, _drayage_v1_DiskRates__Output>
      Done: MessageTypeDefinition<_drayage_v1_Done, _drayage_v1_Done__Output>
      EngineFacts: MessageTypeDefinition<_drayage_v1_EngineFacts, _drayage_v1_EngineFacts__Output>
      ErrorDetail: MessageTypeDefinition<_drayage_v1_ErrorDetail, _drayage_v1_ErrorDetail__Output>
      FenceSourceRequest: MessageTypeDefinition<_drayage_v1_FenceSourceRequest, _drayage_v1_FenceSourceRequest__Output>
      FencedSource: MessageTypeDefinition<_drayage_v1_FencedSource, _drayage_v1_FencedSource__Output>
      FinalizeSourceRequest: MessageTypeDefinition<_drayage_v1_FinalizeSourceRequest, _drayage_v1_FinalizeSourceRequest__Output>
      FinalizedSource: MessageTypeDefinition<_drayage_v1_FinalizedSource, _drayage_v1_FinalizedSource__Output>
      Finding: MessageTypeDefinition<_drayage_v1_Finding, _drayage_v1_Finding__Output>
      ForgetCopyRequest: MessageTypeDefinition<_drayage_v1_ForgetCopyRequest, _drayage_v1_ForgetCopyRequest__Output>
      ForgetMigrationRequest: MessageTypeDefinition<_drayage_v1_ForgetMigrationRequest, _drayage_v1_ForgetMigrationRequest__Output>
      GrantEpochReply: MessageTypeDefinition<_drayage_v1_GrantEpochReply, _drayage_v1_GrantEpochReply__Output>
      GrantEpochRequest: MessageTypeDefinition<_drayage_v1_GrantEpochRequest, _drayage_v1_GrantEpochRequest__Output>
      HeldEpoch: MessageTypeDefinition<_drayage_v1_HeldEpoch, _drayage_v1_HeldEpoch__Output>
      HeldMigration: MessageTypeDefinition<_drayage_v1_HeldMigration, _drayage_v1_HeldMigration__Output>
      HoldSourceRequest: MessageTypeDefinition<_drayage_v1_HoldSourceRequest, _drayage_v1_HoldSourceRequest__Output>
      Hook: MessageTypeDefinition<_drayage_v1_Hook, _drayage_v1_Hook__Output>
      HookResult: MessageTypeDefinition<_drayage_v1_HookResult, _drayage_v1_HookResult__Output>
      Image: MessageTypeDefinition<_drayage_v1_Image, _drayage_v1_Image__Output>
      ImageProgress: MessageTypeDefinition<_drayage_v1_ImageProgress, _drayage_v1_ImageProgress__Output>
      IsolateSourceRequest: MessageTypeDefinition<_drayage_v1_IsolateSourceRequest, _drayage_v1_IsolateSourceRequest__Output>
      IsolatedSource: MessageTypeDefinition<_drayage_v1_IsolatedSource, _drayage_v1_IsolatedSource__Output>
      KeepLayerRequest: MessageTypeDefinition<_drayage_v1_KeepLayerRequest, _drayage_v1_KeepLayerRequest__Output>
      KeptLayer: MessageTypeDefinition<_drayage_v1_KeptLayer, _drayage_v1_KeptLayer__Output>
      Lease: MessageTypeDefinition<_drayage_v1_Lease, _drayage_v1_Lease__Output>
      LineRate: MessageTypeDefinition<_drayage_v1_LineRate, _drayage_v1_LineRate__Output>
      LookAtLayerRequest: MessageTypeDefinition<_drayage_v1_LookAtLayerRequest, _drayage_v1_LookAtLayerRequest__Output>
      MeasureLineRequest: MessageTypeDefinition<_drayage_v1_MeasureLineRequest, _drayage_v1_MeasureLineRequest__Output>
      MeasureReadingRequest: MessageTypeDefinition<_drayage_v1_MeasureReadingRequest, _drayage_v1_MeasureReadingRequest__Output>
      MeasureWritingRequest: MessageTypeDefinition<_drayage_v1_MeasureWritingRequest, _drayage_v1_MeasureWritingRequest__Output>
      Peer: MessageTypeDefinition<_drayage_v1_Peer, _drayage_v1_Peer__Output>
      PrepareTargetRequest: MessageTypeDefinition<_drayage_v1_PrepareTargetRequest, _drayage_v1_PrepareTargetRequest__Output>
      PreparedMember: MessageTypeDefinition<_drayage_v1_PreparedMember, _drayage_v1_PreparedMember__Output>
      PreparedTarget: MessageTypeDefinition<_drayage_v1_PreparedTarget, _drayage_v1_PreparedTarget__Output>
      Project: MessageTypeDefinition<_drayage_v1_Project, _drayage_v1_Project__Output>
      ProjectContainer: MessageTypeDefinition<_drayage_v1_ProjectContainer, _drayage_v1_ProjectContainer__Output>
      PublishedPort: MessageTypeDefinition<_drayage_v1_PublishedPort, _drayage_v1_PublishedPort__Output>
      ReceiveImageRequest: MessageTypeDefinition<_drayage_v1_ReceiveImageRequest, _drayage_v1_ReceiveImageRequest__Output>
      ReceiveVolumeRequest: MessageTypeDefinition<_drayage_v1_ReceiveVolumeRequest, _drayage_v1_ReceiveVolumeRequest__Output>
      ReceivedImage: MessageTypeDefinition<_drayage_v1_ReceivedImage, _drayage_v1_ReceivedImage__Output>
      ReinstateTargetRequest: MessageTypeDefinition<_drayage_v1_ReinstateTargetRequest, _drayage_v1_ReinstateTargetRequest__Output>
      ReleaseSourceRequest: MessageTypeDefinition<_drayage_v1_ReleaseSourceRequest, _drayage_v1_ReleaseSourceRequest__Output>
      RemoveImageRequest: MessageTypeDefinition<_drayage_v1_RemoveImageRequest, _drayage_v1_RemoveImageRequest__Output>
      RestartSourceRequest: MessageTypeDefinition<_drayage_v1_RestartSourceRequest, _drayage_v1_RestartSourceRequest__Output>
      RestoreSourceRequest: MessageTypeDefinition<_drayage_v1_RestoreSourceRequest, _drayage_v1_RestoreSourceRequest__Output>
      RetainedCopy: MessageTypeDefinition<_drayage_v1_RetainedCopy, _drayage_v1_RetainedCopy__Output>
      RetireSourceRequest: MessageTypeDefinition<_drayage_v1_RetireSourceRequest, _drayage_v1_RetireSourceRequest__Output>
      RetiredContainer: MessageTypeDefinition<_drayage_v1_RetiredContainer, _drayage_v1_RetiredContainer__Output>
      RetiredVolume: MessageTypeDefinition<_drayage_v1_RetiredVolume, _drayage_v1_RetiredVolume__Output>
      RunHookRequest: MessageTypeDefinition<_drayage_v1_RunHookRequest, _drayage_v1_RunHookRequest__Output>
      SetMember: MessageTypeDefinition<_drayage_v1_SetMember, _drayage_v1_SetMember__Output>
      SettleWorkloadRequest: MessageTypeDefinition<_drayage_v1_SettleWorkloadRequest, _drayage_v1_SettleWorkloadRequest__Output>
      Standing: MessageTypeDefinition<_drayage_v1_Standing, _drayage_v1_Standing__Output>
      StartTargetRequest: MessageTypeDefinition<_drayage_v1_StartTargetRequest, _drayage_v1_StartTargetRequest__Output>
      StartedTarget: MessageTypeDefinition<_drayage_v1_StartedTarget, _drayage_v1_StartedTarget__Output>
      StopSourceRequest: MessageTypeDefinition<_drayage_v1_StopSourceRequest, _drayage_v1_StopSourceRequest__Output>
      StopTargetRequest: MessageTypeDefinition<_drayage_v1_StopTargetRequest, _drayage_v1_StopTargetRequest__Output>
      StoppedSource: MessageTypeDefinition<_drayage_v1_StoppedSource, _drayage_v1_StoppedSource__Output>
      TargetCheck: MessageTypeDefinition<_drayage_v1_TargetCheck, _drayage_v1_TargetCheck__Output>
      TargetChecks: MessageTypeDefinition<_drayage_v1_TargetChecks, _drayage_v1_TargetChecks__Output>
      Ticket: MessageTypeDefinition<_drayage_v1_Ticket, _drayage_v1_Ticket__Output>
      TicketStatement: MessageTypeDefinition<_drayage_v1_TicketStatement, _drayage_v1_TicketStatement__Output>
      Tie: MessageTypeDefinition<_drayage_v1_Tie, _drayage_v1_Tie__Output>
      UnfenceSourceRequest: MessageTypeDefinition<_drayage_v1_UnfenceSourceRequest, _drayage_v1_UnfenceSourceRequest__Output>
      UsedContainer: MessageTypeDefinition<_drayage_v1_UsedContainer, _drayage_v1_UsedContainer__Output>
      VolumeProgress: MessageTypeDefinition<_drayage_v1_VolumeProgress, _drayage_v1_VolumeProgress__Output>
      VolumeResult: MessageTypeDefinition<_drayage_v1_VolumeResult, _drayage_v1_VolumeResult__Output>
      VolumeUsage: MessageTypeDefinition<_drayage_v1_VolumeUsage, _drayage_v1_VolumeUsage__Output>
      Workload: MessageTypeDefinition<_drayage_v1_Workload, _drayage_v1_Workload__Output>
      WorkloadBind: MessageTypeDefinition<_drayage_v1_WorkloadBind, _drayage_v1_WorkloadBind__Output>
      WorkloadNetwork: MessageTypeDefinition<_drayage_v1_WorkloadNetwork, _drayage_v1_WorkloadNetwork__Output>
      WorkloadVolume: MessageTypeDefinition<_drayage_v1_WorkloadVolume, _drayage_v1_WorkloadVolume__Output>
      WritableLayer: MessageTypeDefinition<_drayage_v1_WritableLayer, _drayage_v1_WritableLayer__Output>
    }
  }
}

