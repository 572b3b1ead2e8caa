// Original file: proto/agent.proto

import type { Workload as _drayage_v1_Workload, Workload__Output as _drayage_v1_Workload__Output } from '../../drayage/v1/Workload.ts';
import type { Choices as _drayage_v1_Choices, Choices__Output as _drayage_v1_Choices__Output } from '../../drayage/v1/Choices.ts';

export interface CheckTargetRequest {
  'workload'?: (_drayage_v1_Workload | null);
  'migrationId'?: (string);
  'workloadId'?: (string);
  'overwriteChanged'?: (boolean);
  'allowedPowers'?: (string)[];
  'choices'?: (_drayage_v1_Choices | null);
}

export interface CheckTargetRequest__Output {
  'workload': (_drayage_v1_Workload__Output | null);
  'migrationId': (string);
  'workloadId': (string);
  'overwriteChanged': (boolean);
  'allowedPowers': (string)[];
  'choices': (_drayage_v1_Choices__Output | null);
}
