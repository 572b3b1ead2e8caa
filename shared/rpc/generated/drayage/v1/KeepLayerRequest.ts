// Original file: proto/agent.proto

import type { Lease as _drayage_v1_Lease, Lease__Output as _drayage_v1_Lease__Output } from '../../drayage/v1/Lease.ts';

export interface KeepLayerRequest {
  'lease'?: (_drayage_v1_Lease | null);
  'containerId'?: (string);
}

export interface KeepLayerRequest__Output {
  'lease': (_drayage_v1_Lease__Output | null);
  'containerId': (string);
}
