// Original file: proto/agent.proto


export interface Peer {
  'host'?: (string);
  'address'?: (string);
}

export interface Peer__Output {
  'host': (string);
  'address': (string);
}
