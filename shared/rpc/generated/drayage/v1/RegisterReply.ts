// Original file: proto/coordinator.proto

import type { Trust as _drayage_v1_Trust, Trust__Output as _drayage_v1_Trust__Output } from '../../drayage/v1/Trust.ts';

export interface RegisterReply {
  'heartbeatIntervalMs'?: (number);
  'coordinatorVersion'?: (string);
  'trust'?: (_drayage_v1_Trust | null);
}

export interface RegisterReply__Output {
  'heartbeatIntervalMs': (number);
  'coordinatorVersion': (string);
  'trust': (_drayage_v1_Trust__Output | null);
}
