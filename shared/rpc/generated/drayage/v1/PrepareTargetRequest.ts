// Original file: proto/agent.proto

import type { Lease as _drayage_v1_Lease, Lease__Output as _drayage_v1_Lease__Output } from '../../drayage/v1/Lease.ts';
import type { Workload as _drayage_v1_Workload, Workload__Output as _drayage_v1_Workload__Output } from '../../drayage/v1/Workload.ts';

export interface PrepareTargetRequest {
  'lease'?: (_drayage_v1_Lease | null);
  'workload'?: (_drayage_v1_Workload | null);
  'imageId'?: (string);
  'overwriteChanged'?: (boolean);
  'allowedPowers'?: (string)[];
}

export interface PrepareTargetRequest__Output {
  'lease': (_drayage_v1_Lease__Output | null);
  'workload': (_drayage_v1_Workload__Output | null);
  'imageId': (string);
  'overwriteChanged': (boolean);
  'allowedPowers': (string)[];
}
