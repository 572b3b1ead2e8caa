// Original file: proto/coordinator.proto

import type { Trust as _drayage_v1_Trust, Trust__Output as _drayage_v1_Trust__Output } from '../../drayage/v1/Trust.ts';

export interface HeartbeatReply {
  'trust'?: (_drayage_v1_Trust | null);
}

export interface HeartbeatReply__Output {
  'trust': (_drayage_v1_Trust__Output | null);
}
