// Original file: proto/agent.proto

import type { Lease as _drayage_v1_Lease, Lease__Output as _drayage_v1_Lease__Output } from '../../drayage/v1/Lease.ts';
import type { Choices as _drayage_v1_Choices, Choices__Output as _drayage_v1_Choices__Output } from '../../drayage/v1/Choices.ts';

export interface GrantEpochRequest {
  'lease'?: (_drayage_v1_Lease | null);
  'role'?: (string);
  'peerHost'?: (string);
  'containerId'?: (string);
  'choices'?: (_drayage_v1_Choices | null);
}

export interface GrantEpochRequest__Output {
  'lease': (_drayage_v1_Lease__Output | null);
  'role': (string);
  'peerHost': (string);
  'containerId': (string);
  'choices': (_drayage_v1_Choices__Output | null);
}
