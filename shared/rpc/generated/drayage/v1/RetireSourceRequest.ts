// Original file: proto/agent.proto

import type { Lease as _drayage_v1_Lease, Lease__Output as _drayage_v1_Lease__Output } from '../../drayage/v1/Lease.ts';

export interface RetireSourceRequest {
  'lease'?: (_drayage_v1_Lease | null);
  'containerId'?: (string);
  'notCopied'?: (boolean);
}

export interface RetireSourceRequest__Output {
  'lease': (_drayage_v1_Lease__Output | null);
  'containerId': (string);
  'notCopied': (boolean);
}
