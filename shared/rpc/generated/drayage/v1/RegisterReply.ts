// Original file: proto/coordinator.proto


export interface RegisterReply {
  'heartbeatIntervalMs'?: (number);
  'coordinatorVersion'?: (string);
}

export interface RegisterReply__Output {
  'heartbeatIntervalMs': (number);
  'coordinatorVersion': (string);
}
