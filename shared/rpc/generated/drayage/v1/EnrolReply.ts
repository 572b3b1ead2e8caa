// Original file: proto/coordinator.proto


export interface EnrolReply {
  'certificate'?: (string);
  'authority'?: (string);
  'host'?: (string);
}

export interface EnrolReply__Output {
  'certificate': (string);
  'authority': (string);
  'host': (string);
}
