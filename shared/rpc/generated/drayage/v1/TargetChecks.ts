// Original file: proto/agent.proto

import type { TargetCheck as _drayage_v1_TargetCheck, TargetCheck__Output as _drayage_v1_TargetCheck__Output } from '../../drayage/v1/TargetCheck.ts';

export interface TargetChecks {
  'checks'?: (_drayage_v1_TargetCheck)[];
}

export interface TargetChecks__Output {
  'checks': (_drayage_v1_TargetCheck__Output)[];
}
