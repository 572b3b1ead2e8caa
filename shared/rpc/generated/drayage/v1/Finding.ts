// Original file: proto/agent.proto


export interface Finding {
  'code'?: (string);
  'message'?: (string);
}

export interface Finding__Output {
  'code': (string);
  'message': (string);
}
