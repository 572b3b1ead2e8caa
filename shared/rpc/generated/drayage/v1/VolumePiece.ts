// Original file: proto/transfer.proto

import type { RoundSummary as _drayage_v1_RoundSummary, RoundSummary__Output as _drayage_v1_RoundSummary__Output } from '../../drayage/v1/RoundSummary.ts';

export interface VolumePiece {
  'tar'?: (Buffer | Uint8Array | string);
  'summary'?: (_drayage_v1_RoundSummary | null);
  'piece'?: "tar"|"summary";
}

export interface VolumePiece__Output {
  'tar'?: (Buffer);
  'summary'?: (_drayage_v1_RoundSummary__Output | null);
  'piece'?: "tar"|"summary";
}
