// Original file: proto/agent.proto

import type { CheckTargetRequest as _drayage_v1_CheckTargetRequest, CheckTargetRequest__Output as _drayage_v1_CheckTargetRequest__Output } from '../../drayage/v1/CheckTargetRequest.ts';

export interface CheckTargetsRequest {
  'targets'?: (_drayage_v1_CheckTargetRequest)[];
}

export interface CheckTargetsRequest__Output {
  'targets': (_drayage_v1_CheckTargetRequest__Output)[];
}
