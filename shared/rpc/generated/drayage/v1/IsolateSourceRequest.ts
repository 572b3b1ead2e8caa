// Original file: proto/agent.proto

import type { Lease as _drayage_v1_Lease, Lease__Output as _drayage_v1_Lease__Output } from '../../drayage/v1/Lease.ts';
import type { WorkloadVolume as _drayage_v1_WorkloadVolume, WorkloadVolume__Output as _drayage_v1_WorkloadVolume__Output } from '../../drayage/v1/WorkloadVolume.ts';

export interface IsolateSourceRequest {
  'lease'?: (_drayage_v1_Lease | null);
  'containerId'?: (string);
  'volumes'?: (_drayage_v1_WorkloadVolume)[];
}

export interface IsolateSourceRequest__Output {
  'lease': (_drayage_v1_Lease__Output | null);
  'containerId': (string);
  'volumes': (_drayage_v1_WorkloadVolume__Output)[];
}
