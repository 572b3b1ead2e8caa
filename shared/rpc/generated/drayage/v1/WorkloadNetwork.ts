// Original file: proto/agent.proto


export interface WorkloadNetwork {
  'name'?: (string);
  'id'?: (string);
  'driver'?: (string);
  'specJson'?: (string);
  'neighbours'?: (string)[];
}

export interface WorkloadNetwork__Output {
  'name': (string);
  'id': (string);
  'driver': (string);
  'specJson': (string);
  'neighbours': (string)[];
}
