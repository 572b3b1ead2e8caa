// Original file: proto/archive.proto

import type { VolumeAtHand as _drayage_v1_VolumeAtHand, VolumeAtHand__Output as _drayage_v1_VolumeAtHand__Output } from '../../drayage/v1/VolumeAtHand.ts';
import type { ArchiveSummary as _drayage_v1_ArchiveSummary, ArchiveSummary__Output as _drayage_v1_ArchiveSummary__Output } from '../../drayage/v1/ArchiveSummary.ts';

export interface ExportedPiece {
  'atHand'?: (_drayage_v1_VolumeAtHand | null);
  'tar'?: (Buffer | Uint8Array | string);
  'summary'?: (_drayage_v1_ArchiveSummary | null);
  'piece'?: "atHand"|"tar"|"summary";
}

export interface ExportedPiece__Output {
  'atHand'?: (_drayage_v1_VolumeAtHand__Output | null);
  'tar'?: (Buffer);
  'summary'?: (_drayage_v1_ArchiveSummary__Output | null);
  'piece'?: "atHand"|"tar"|"summary";
}
