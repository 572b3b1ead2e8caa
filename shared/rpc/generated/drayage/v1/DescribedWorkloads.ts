// Original file: proto/agent.proto

import type { Workload as _drayage_v1_Workload, Workload__Output as _drayage_v1_Workload__Output } from '../../drayage/v1/Workload.ts';
import type { SetMember as _drayage_v1_SetMember, SetMember__Output as _drayage_v1_SetMember__Output } from '../../drayage/v1/SetMember.ts';

export interface DescribedWorkloads {
  'workloads'?: (_drayage_v1_Workload)[];
  'moveSet'?: (_drayage_v1_SetMember)[];
}

export interface DescribedWorkloads__Output {
  'workloads': (_drayage_v1_Workload__Output)[];
  'moveSet': (_drayage_v1_SetMember__Output)[];
}
