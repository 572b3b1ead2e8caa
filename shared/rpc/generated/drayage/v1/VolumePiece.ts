// Original file: proto/transfer.proto

import type { RoundSummary as _drayage_v1_RoundSummary, RoundSummary__Output as _drayage_v1_RoundSummary__Output } from '../../drayage/v1/RoundSummary.ts';
import type { RoundAnnouncement as _drayage_v1_RoundAnnouncement, RoundAnnouncement__Output as _drayage_v1_RoundAnnouncement__Output } from '../../drayage/v1/RoundAnnouncement.ts';
import type { CompressedPiece as _drayage_v1_CompressedPiece, CompressedPiece__Output as _drayage_v1_CompressedPiece__Output } from '../../drayage/v1/CompressedPiece.ts';

export interface VolumePiece {
  'tar'?: (Buffer | Uint8Array | string);
  'summary'?: (_drayage_v1_RoundSummary | null);
  'announced'?: (_drayage_v1_RoundAnnouncement | null);
  'compressed'?: (_drayage_v1_CompressedPiece | null);
  'piece'?: "tar"|"summary"|"announced"|"compressed";
}

export interface VolumePiece__Output {
  'tar'?: (Buffer);
  'summary'?: (_drayage_v1_RoundSummary__Output | null);
  'announced'?: (_drayage_v1_RoundAnnouncement__Output | null);
  'compressed'?: (_drayage_v1_CompressedPiece__Output | null);
  'piece'?: "tar"|"summary"|"announced"|"compressed";
}
