// Original file: proto/coordinator.proto


export interface HeartbeatRequest {
  'engineReachable'?: (boolean);
}

export interface HeartbeatRequest__Output {
  'engineReachable': (boolean);
}
