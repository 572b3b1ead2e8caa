// Original file: proto/agent.proto


export interface WorkloadBind {
  'source'?: (string);
  'destination'?: (string);
  'readOnly'?: (boolean);
  'kind'?: (string);
}

export interface WorkloadBind__Output {
  'source': (string);
  'destination': (string);
  'readOnly': (boolean);
  'kind': (string);
}
