// Original file: proto/coordinator.proto


export interface HeartbeatRequest {
  'engineReachable'?: (boolean);
  'trustVersion'?: (string);
}

export interface HeartbeatRequest__Output {
  'engineReachable': (boolean);
  'trustVersion': (string);
}
