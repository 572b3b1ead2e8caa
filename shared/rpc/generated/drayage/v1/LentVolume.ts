// Original file: proto/archive.proto

import type { VolumeAtHand as _drayage_v1_VolumeAtHand, VolumeAtHand__Output as _drayage_v1_VolumeAtHand__Output } from '../../drayage/v1/VolumeAtHand.ts';

export interface LentVolume {
  'atHand'?: (_drayage_v1_VolumeAtHand | null);
}

export interface LentVolume__Output {
  'atHand': (_drayage_v1_VolumeAtHand__Output | null);
}
