// Original file: proto/coordinator.proto

import type { EngineFacts as _drayage_v1_EngineFacts, EngineFacts__Output as _drayage_v1_EngineFacts__Output } from '../../drayage/v1/EngineFacts.ts';

export interface RegisterRequest {
  'agentVersion'?: (string);
  'advertiseAddress'?: (string);
  'engine'?: (_drayage_v1_EngineFacts | null);
  'trustVersion'?: (string);
}

export interface RegisterRequest__Output {
  'agentVersion': (string);
  'advertiseAddress': (string);
  'engine': (_drayage_v1_EngineFacts__Output | null);
  'trustVersion': (string);
}
