// Original file: proto/coordinator.proto


export interface RenewReply {
  'certificate'?: (string);
  'authority'?: (string);
}

export interface RenewReply__Output {
  'certificate': (string);
  'authority': (string);
}
