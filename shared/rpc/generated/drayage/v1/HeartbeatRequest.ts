// Original file: proto/coordinator.proto

import type { HeldAuthorities as _drayage_v1_HeldAuthorities, HeldAuthorities__Output as _drayage_v1_HeldAuthorities__Output } from '../../drayage/v1/HeldAuthorities.ts';

export interface HeartbeatRequest {
  'engineReachable'?: (boolean);
  'trustVersion'?: (string);
  'authorities'?: (_drayage_v1_HeldAuthorities | null);
}

export interface HeartbeatRequest__Output {
  'engineReachable': (boolean);
  'trustVersion': (string);
  'authorities': (_drayage_v1_HeldAuthorities__Output | null);
}
