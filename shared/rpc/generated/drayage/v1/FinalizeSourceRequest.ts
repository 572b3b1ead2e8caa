// Original file: proto/agent.proto

import type { Lease as _drayage_v1_Lease, Lease__Output as _drayage_v1_Lease__Output } from '../../drayage/v1/Lease.ts';
import type { RetiredVolume as _drayage_v1_RetiredVolume, RetiredVolume__Output as _drayage_v1_RetiredVolume__Output } from '../../drayage/v1/RetiredVolume.ts';

export interface FinalizeSourceRequest {
  'lease'?: (_drayage_v1_Lease | null);
  'retiredMigrationId'?: (string);
  'containerId'?: (string);
  'volumes'?: (_drayage_v1_RetiredVolume)[];
  'removeImage'?: (boolean);
}

export interface FinalizeSourceRequest__Output {
  'lease': (_drayage_v1_Lease__Output | null);
  'retiredMigrationId': (string);
  'containerId': (string);
  'volumes': (_drayage_v1_RetiredVolume__Output)[];
  'removeImage': (boolean);
}
