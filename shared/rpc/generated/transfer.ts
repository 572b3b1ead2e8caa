import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { CompressedPiece as _drayage_v1_CompressedPiece, CompressedPiece__Output as _drayage_v1_CompressedPiece__Output } from './drayage/v1/CompressedPiece.ts';
import type { ImagePiece as _drayage_v1_ImagePiece, ImagePiece__Output as _drayage_v1_ImagePiece__Output } from './drayage/v1/ImagePiece.ts';
import type { LackingEntry as _drayage_v1_LackingEntry, LackingEntry__Output as _drayage_v1_LackingEntry__Output } from './drayage/v1/LackingEntry.ts';
import type { NoisePiece as _drayage_v1_NoisePiece, NoisePiece__Output as _drayage_v1_NoisePiece__Output } from './drayage/v1/NoisePiece.ts';
import type { PullImageRequest as _drayage_v1_PullImageRequest, PullImageRequest__Output as _drayage_v1_PullImageRequest__Output } from './drayage/v1/PullImageRequest.ts';
import type { PullNoiseRequest as _drayage_v1_PullNoiseRequest, PullNoiseRequest__Output as _drayage_v1_PullNoiseRequest__Output } from './drayage/v1/PullNoiseRequest.ts';
import type { PullVolumeRequest as _drayage_v1_PullVolumeRequest, PullVolumeRequest__Output as _drayage_v1_PullVolumeRequest__Output } from './drayage/v1/PullVolumeRequest.ts';
import type { RoundAnnouncement as _drayage_v1_RoundAnnouncement, RoundAnnouncement__Output as _drayage_v1_RoundAnnouncement__Output } from './drayage/v1/RoundAnnouncement.ts';
import type { RoundSummary as _drayage_v1_RoundSummary, RoundSummary__Output as _drayage_v1_RoundSummary__Output } from './drayage/v1/RoundSummary.ts';
import type { SkippedEntry as _drayage_v1_SkippedEntry, SkippedEntry__Output as _drayage_v1_SkippedEntry__Output } from './drayage/v1/SkippedEntry.ts';
import type { Ticket as _drayage_v1_Ticket, Ticket__Output as _drayage_v1_Ticket__Output } from './drayage/v1/Ticket.ts';
import type { TicketStatement as _drayage_v1_TicketStatement, TicketStatement__Output as _drayage_v1_TicketStatement__Output } from './drayage/v1/TicketStatement.ts';
import type { TransferClient as _drayage_v1_TransferClient, TransferDefinition as _drayage_v1_TransferDefinition } from './drayage/v1/Transfer.ts';
import type { VolumePiece as _drayage_v1_VolumePiece, VolumePiece__Output as _drayage_v1_VolumePiece__Output } from './drayage/v1/VolumePiece.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  drayage: {
    v1: {
      CompressedPiece: MessageTypeDefinition<_drayage_v1_CompressedPiece, _drayage_v1_CompressedPiece__Output>
      ImagePiece: MessageTypeDefinition<_drayage_v1_ImagePiece, _drayage_v1_ImagePiece__Output>
      LackingEntry: MessageTypeDefinition<_drayage_v1_LackingEntry, _drayage_v1_LackingEntry__Output>
      NoisePiece: MessageTypeDefinition<_drayage_v1_NoisePiece, _drayage_v1_NoisePiece__Output>
      PullImageRequest: MessageTypeDefinition<_drayage_v1_PullImageRequest, _drayage_v1_PullImageRequest__Output>
      PullNoiseRequest: MessageTypeDefinition<_drayage_v1_PullNoiseRequest, _drayage_v1_PullNoiseRequest__Output>
      PullVolumeRequest: MessageTypeDefinition<_drayage_v1_PullVolumeRequest, _drayage_v1_PullVolumeRequest__Output>
      RoundAnnouncement: MessageTypeDefinition<_drayage_v1_RoundAnnouncement, _drayage_v1_RoundAnnouncement__Output>
      RoundSummary: MessageTypeDefinition<_drayage_v1_RoundSummary, _drayage_v1_RoundSummary__Output>
      SkippedEntry: MessageTypeDefinition<_drayage_v1_SkippedEntry, _drayage_v1_SkippedEntry__Output>
      Ticket: MessageTypeDefinition<_drayage_v1_Ticket, _drayage_v1_Ticket__Output>
      TicketStatement: MessageTypeDefinition<_drayage_v1_TicketStatement, _drayage_v1_TicketStatement__Output>
      Transfer: SubtypeConstructor<typeof grpc.Client, _drayage_v1_TransferClient> & { service: _drayage_v1_TransferDefinition }
      VolumePiece: MessageTypeDefinition<_drayage_v1_VolumePiece, _drayage_v1_VolumePiece__Output>
    }
  }
}

