// Original file: proto/agent.proto

import type { Lease as _drayage_v1_Lease, Lease__Output as _drayage_v1_Lease__Output } from '../../drayage/v1/Lease.ts';
import type { Hook as _drayage_v1_Hook, Hook__Output as _drayage_v1_Hook__Output } from '../../drayage/v1/Hook.ts';

export interface RunHookRequest {
  'lease'?: (_drayage_v1_Lease | null);
  'containerId'?: (string);
  'hook'?: (_drayage_v1_Hook | null);
}

export interface RunHookRequest__Output {
  'lease': (_drayage_v1_Lease__Output | null);
  'containerId': (string);
  'hook': (_drayage_v1_Hook__Output | null);
}
