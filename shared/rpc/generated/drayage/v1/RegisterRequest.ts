// Original file: proto/coordinator.proto

import type { EngineFacts as _drayage_v1_EngineFacts, EngineFacts__Output as _drayage_v1_EngineFacts__Output } from '../../drayage/v1/EngineFacts.ts';
import type { HeldAuthorities as _drayage_v1_HeldAuthorities, HeldAuthorities__Output as _drayage_v1_HeldAuthorities__Output } from '../../drayage/v1/HeldAuthorities.ts';

export interface RegisterRequest {
  'agentVersion'?: (string);
  'advertiseAddress'?: (string);
  'engine'?: (_drayage_v1_EngineFacts | null);
  'trustVersion'?: (string);
  'authorities'?: (_drayage_v1_HeldAuthorities | null);
}

export interface RegisterRequest__Output {
  'agentVersion': (string);
  'advertiseAddress': (string);
  'engine': (_drayage_v1_EngineFacts__Output | null);
  'trustVersion': (string);
  'authorities': (_drayage_v1_HeldAuthorities__Output | null);
}
